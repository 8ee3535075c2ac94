// What `doctor` finds over real relays: a healthy agent, and one fault at a time.

import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OutputOf } from '../src/agent/api.ts';
import type { EventTemplate, NostrEvent } from '../src/nostr/event.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { startSocksProxy } from '../src/nostr/proxy.fixture.ts';
import { createRelayPool } from '../src/nostr/relayPool.ts';
import { createKeySigner } from '../src/nostr/signer.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { makeClock, makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { policyOf } from './autopilot.fixture.ts';
import { startBunker } from './bunker.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { startDaemon } from './daemon.fixture.ts';

const DAY_S = 86_400;
const clock = makeClock();

let lab: Lab;
beforeAll(async () => {
  lab = await makeLab();
});
afterAll(() => lab.close());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function openRelay(port = 0): Promise<RunningRelay> {
  const relay = await startRelay({ port, requireAuthForGiftWraps: true });
  ends.push(relay.close);
  return relay;
}

/** The same address with nothing behind it of what was there. */
async function empty(relay: RunningRelay): Promise<RunningRelay> {
  await relay.close();
  return openRelay(relay.port);
}

async function publish(relay: RunningRelay, event: NostrEvent): Promise<void> {
  const pool = createRelayPool({ clock });
  const [outcome] = await pool.publish([relay.url], event, { purpose: 'lookup' });
  pool.close();
  expect(outcome?.outcome).toBe('accepted');
}

async function publishAsStranger(relay: RunningRelay, template: Omit<EventTemplate, 'created_at'>): Promise<string> {
  const signer = createKeySigner(randomBytes(32));
  await publish(relay, await signer.signEvent({ ...template, created_at: clock.now() }));
  return encodeNpub(signer.pubkey);
}

const examine = (agent: TestAgent, peer?: string): Promise<OutputOf<'doctor'>> =>
  agent.call((open) => open.doctor(peer === undefined ? {} : { peer }), { mode: 'read' });

/** What is not as it should be, by id. */
const faultsOf = ({ checks }: OutputOf<'doctor'>): Record<string, string> =>
  Object.fromEntries(checks.flatMap(({ id, state }) => (state === 'ok' ? [] : [[id, state]])));

const findingOf = ({ checks }: OutputOf<'doctor'>, id: string): string => checks.find((check) => check.id === id)?.finding ?? '';

describe('doctor', () => {
  it('finds nothing wrong with a healthy agent, says what it saw, and publishes and changes nothing', async () => {
    const agent = await lab.makeAgent();
    const before = lab.relay.storedEvents();
    const diagnosis = await examine(agent);
    expect(faultsOf(diagnosis)).toEqual({});
    expect(diagnosis.state).toBe('ok');
    const ids = [
      'identity',
      `relay ${lab.relay.url}`,
      'key-package',
      'relay-list',
      'inbox-list',
      'inbox',
      'clock',
      'store',
      'copies',
      'policy',
      'outbox',
    ];
    expect(diagnosis.checks.map(({ id }) => id)).toEqual([...ids, 'channels', 'invites']);
    expect(findingOf(diagnosis, 'inbox')).toContain('nobody else (NIP-42)');
    expect(findingOf(diagnosis, 'clock')).toContain('right within');
    expect(lab.relay.storedEvents()).toEqual(before);
  });

  it('sees that the policy in force has ended, or has yet to begin', async () => {
    const agent = await lab.makeAgent();
    const setUntil = (dates: object) => agent.call((open) => open.setPolicy({ text: policyOf('seller', [], dates) }));
    await setUntil({ valid_until: '2020-01-01T00:00:00Z' });
    const over = await examine(agent);
    expect(faultsOf(over)).toEqual({ policy: 'problem' });
    expect(findingOf(over, 'policy')).toMatch(/^This policy is over since 2020-01-01 00:00:00 UTC: everything but duties is refused/);
    await setUntil({ valid_from: '2099-01-01T00:00:00Z' });
    expect(faultsOf(await examine(agent))).toEqual({ policy: 'warning' });
    await setUntil({});
    expect(faultsOf(await examine(agent))).toEqual({});
  });

  it('names the relay that is down, and exits with 69 for it', async () => {
    const relay = await openRelay();
    const agent = await lab.makeAgent({ relays: [lab.relay.url, relay.url] });
    await relay.close();
    const { code, json } = await runCli(['doctor', '--home', agent.home, '--json']);
    const checks = json() as unknown as OutputOf<'doctor'>['checks'];
    const faults = faultsOf({ checks, state: 'problem', isRelaysOnly: true });
    expect(faults).toEqual({ [`relay ${relay.url}`]: 'problem', inbox: 'warning' });
    expect(code).toBe(69);
  });

  it('says what is not known when no relay answers, rather than to take it for missing', async () => {
    const relay = await openRelay();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    await relay.close();
    const diagnosis = await examine(agent);
    const unknown = { 'key-package': 'warning', 'relay-list': 'warning', 'inbox-list': 'warning', clock: 'warning' };
    expect(faultsOf(diagnosis)).toEqual({ [`relay ${relay.url}`]: 'problem', inbox: 'problem', ...unknown });
    expect(diagnosis.isRelaysOnly).toBe(true);
  });

  it('sees that one relay of two has lost the key package', async () => {
    const relay = await openRelay();
    const agent = await lab.makeAgent({ relays: [lab.relay.url, relay.url] });
    const kept = relay.storedEvents().filter(({ kind }) => kind !== 30_443);
    const emptied = await empty(relay);
    for (const event of kept) await publish(emptied, event);
    const diagnosis = await examine(agent);
    expect(faultsOf(diagnosis)).toEqual({ 'key-package': 'warning' });
    expect(findingOf(diagnosis, 'key-package')).toBe('The key package is shown by 1 of 2 relays; the others do not have it.');
  });

  it('sees a key package in its slot that another home has made', async () => {
    const relay = await openRelay();
    const secretKey = randomBytes(32);
    const agent = await lab.makeAgent({ relays: [relay.url], secretKey });
    const [own] = relay.storedEvents().filter(({ kind }) => kind === 30_443);
    const later = await createKeySigner(secretKey).signEvent({ ...(own as NostrEvent), created_at: (own?.created_at ?? 0) + 1 });
    await publish(relay, later);
    const diagnosis = await examine(agent);
    expect(faultsOf(diagnosis)).toEqual({ 'key-package': 'problem' });
    expect(diagnosis.isRelaysOnly).toBe(false);
  });

  it('sees that the relay lists are gone', async () => {
    const relay = await openRelay();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    const kept = relay.storedEvents().filter(({ kind }) => kind === 30_443);
    const emptied = await empty(relay);
    for (const event of kept) await publish(emptied, event);
    expect(faultsOf(await examine(agent))).toEqual({ 'relay-list': 'problem', 'inbox-list': 'problem' });
    const shown = await runCli(['doctor', '--home', agent.home]);
    expect(shown.code).toBe(65);
    expect(shown.stdout).toContain('PROBLEM  relay-list: None of 1 relay has your list of relays (kind 10002).');
  });

  it('sees an expired key package, and a clock so wrong that proofs of identity are refused', async () => {
    const agent = await lab.makeAgent();
    const ahead = makeClock(clock.now() + 100 * DAY_S);
    const diagnosis = await agent.call((open) => open.doctor(), { mode: 'read', clock: ahead });
    expect(faultsOf(diagnosis)).toEqual({ 'key-package': 'problem', inbox: 'problem', clock: 'warning' });
    expect(findingOf(diagnosis, 'clock')).toBe('The clock is about 100 days fast, by the time that 1 relay gives.');
  });

  it('sees that others can read a file of the home, which a daemon would not notice', async () => {
    const agent = await lab.makeAgent();
    const diagnosis = await agent.call(async (open) => {
      chmodSync(join(agent.home, 'identity.key'), 0o644);
      return open.doctor();
    });
    expect(faultsOf(diagnosis)).toEqual({ store: 'problem' });
  });

  it('counts what waits to be published', async () => {
    const relay = await openRelay();
    await relay.close();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    expect(findingOf(await examine(agent), 'outbox')).toBe('3 events waiting for a relay to take them.');
    await openRelay(relay.port);
    const diagnosis = await examine(agent);
    const lists = { 'relay-list': 'problem', 'inbox-list': 'problem' };
    expect(faultsOf(diagnosis)).toEqual({ 'key-package': 'problem', ...lists, outbox: 'warning' });
    const advised = diagnosis.checks.filter(({ state, advice }) => state !== 'ok' && advice.endsWith('agent-negotiate sync'));
    expect(advised.length).toBe(4);
    await agent.call((open) => open.sync());
    expect(faultsOf(await examine(agent))).toEqual({});
  });

  it('asks the bunker that holds the key, and says so when it is away', async () => {
    const limits = { answerMs: 20_000, aliveMs: 5_000, lookMs: 200, repeatMs: 20_000, restMs: 1 };
    const bunker = await startBunker(lab.relay.url);
    ends.push(() => bunker.kill());
    const agent = await lab.makeAgent({ bunkerUrl: bunker.url, bunkerLimits: limits });
    const ask = (aliveMs: number) => agent.call((open) => open.doctor(), { mode: 'read', bunkerLimits: { ...limits, aliveMs } });
    expect(faultsOf(await ask(5_000))).toEqual({});
    await bunker.kill();
    expect(faultsOf(await ask(400))).toEqual({ identity: 'problem', inbox: 'problem' });
  });

  it('asks nothing past the proxy, and says what is not known for that', async () => {
    const url = 'ws://relay.invalid';
    const relay = await startRelay({ publicUrl: url, requireAuthForGiftWraps: true });
    const proxy = await startSocksProxy({ leadsTo: relay.port });
    ends.push(relay.close, proxy.close);
    const agent = await lab.makeAgent({ relays: [url], proxy: proxy.url });
    const diagnosis = await examine(agent);
    expect(faultsOf(diagnosis)).toEqual({ clock: 'warning' });
    expect(findingOf(diagnosis, `relay ${url}`)).toContain('not asked for through a proxy');
  });

  it('works over a running daemon', async () => {
    const agent = await lab.makeAgent();
    const daemon = startDaemon(agent.home);
    ends.push(() => daemon.kill());
    expect(await daemon.ready).toBeDefined();
    const { code, stdout } = await runCli(['doctor', '--home', agent.home]);
    expect(stdout).toContain('All is well.');
    expect(code).toBe(0);
    daemon.kill('SIGTERM');
    await daemon.ended;
  });
});

describe('doctor with a peer', () => {
  it('finds a peer that can be invited, and the channel once there is one', async () => {
    const [agent, peer] = [await lab.makeAgent(), await lab.makeAgent()];
    const first = await examine(agent, peer.npub);
    expect(faultsOf(first)).toEqual({});
    expect(findingOf(first, 'peer-channel')).toBe('There is no open channel yet.');
    expect(findingOf(first, 'peer-inbox')).toBe('1 of 1 relay where it takes invites answers from here.');
    await agent.call((open) => open.start({ peer: peer.npub, service: 'translation', requirements: 'Two pages.' }));
    const second = await examine(agent, peer.npub);
    expect(findingOf(second, 'peer-channel')).toContain('There is an open channel since');
    expect(findingOf(second, 'channels')).toContain('1 channel open');
  });

  it('does not know a stranger', async () => {
    const stranger = encodeNpub(createKeySigner(randomBytes(32)).pubkey);
    const diagnosis = await examine(await lab.makeAgent(), stranger);
    expect(faultsOf(diagnosis)).toEqual({ peer: 'problem', 'peer-key-package': 'problem' });
  });

  it('says that a key package is of an old kind, and nothing that the peer wrote', async () => {
    const relay = await openRelay();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    const peer = await publishAsStranger(relay, { kind: 443, tags: [['client', 'LOUD']], content: 'LOUD' });
    const diagnosis = await examine(agent, peer);
    expect(faultsOf(diagnosis)).toEqual({ 'peer-key-package': 'problem' });
    expect(findingOf(diagnosis, 'peer-key-package')).toContain('kind 443');
    expect(JSON.stringify(diagnosis)).not.toContain('LOUD');
  });

  it('says that a key package has expired', async () => {
    const agent = await lab.makeAgent();
    const peer = await lab.makeAgent({ clock: makeClock(clock.now() - 90 * DAY_S) });
    const diagnosis = await examine(agent, peer.npub);
    expect(faultsOf(diagnosis)).toEqual({ 'peer-key-package': 'problem' });
    expect(findingOf(diagnosis, 'peer-key-package')).toContain('expired');
  });

  it('refuses what is no key', async () => {
    await expect(examine(await lab.makeAgent(), 'npub1x')).rejects.toMatchObject({ code: 'input/invalid' });
  });
});
