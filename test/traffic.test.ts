// What traffic tells: every frame of whole deals, as a relay's operator has it connection by connection (threats T01 and T02).

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Agent } from '../src/agent/api.ts';
import { createAgent, openAgent } from '../src/agent/compose.ts';
import { drainOutbox } from '../src/agent/drainOutbox.ts';
import { renewalTime } from '../src/agent/publishIdentity.ts';
import { drawDelayS, drawEvenDelayS } from '../src/agent/sealMoves.ts';
import { rollDice } from '../src/core/dice.fixture.ts';
import { writeAttestDelay } from '../src/agent/settings.ts';
import { sync } from '../src/agent/sync.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { startSocksProxy } from '../src/nostr/proxy.fixture.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { openStage, type Party } from './bank.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { describeService } from './market.fixture.ts';
import { eventsOf, filtersOf, groupsOf, startTap, type Frame, type Tap } from './tap.fixture.ts';

const GROUP_EVENT = 445;
const ATTESTATION = 1985;
const KEY_PACKAGE = 30443;
const HOUR_S = 3_600;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function tapRelay(): Promise<Tap> {
  const tap = await startTap();
  ends.push(tap.close);
  return tap;
}

/** A new empty folder that is gone after the test. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-traffic-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An agent that stays open, as in one long-lived process. */
interface Peer {
  readonly agent: Agent;
  readonly npub: string;
  readonly pubkey: string;
}

async function openPeer(relay: string, options: { readonly proxy?: string } = {}): Promise<Peer> {
  const home = join(makeFolder(), 'home');
  const { npub, pubkey } = await createAgent({ home, relays: [relay], invites: 'anyone', ...options });
  const agent = await openAgent({ home });
  ends.push(agent.close);
  return { agent, npub, pubkey };
}

/** A question, an answer, two offers, a deal: until both hold it. */
async function deal(buyer: Peer, seller: Peer): Promise<void> {
  const requirements = 'A confidential contract of 12 pages, German to English, by a sworn translator.';
  const { negotiation } = await buyer.agent.start({ peer: seller.npub, service: 'translation', requirements });
  const { nid } = negotiation;
  await seller.agent.sync();
  await seller.agent.send({ nid, text: 'Which language variant?' });
  await buyer.agent.sync();
  await buyer.agent.send({ nid, text: 'British English.' });
  await seller.agent.sync();
  await seller.agent.offer({ nid, priceMsat: 900_000n, deliverWithinS: 86_400 });
  await buyer.agent.sync();
  await buyer.agent.offer({ nid, priceMsat: 700_000n });
  await seller.agent.sync();
  await seller.agent.accept({ nid });
  await buyer.agent.sync();
  await seller.agent.sync();
  await buyer.agent.sync();
  await seller.agent.sync();
  expect([(await buyer.agent.status({ nid })).phase, (await seller.agent.status({ nid })).phase]).toEqual(['agreed', 'agreed']);
}

/** The agents that a connection names: in filters, as authors, or in proofs. */
function identitiesOf(frames: readonly Frame[], pubkeys: readonly string[]): ReadonlySet<string> {
  const asked = filtersOf(frames).flatMap((filter) => [...(filter['#p'] ?? []), ...(filter.authors ?? [])]);
  const named = new Set([...asked, ...eventsOf(frames).map(({ pubkey }) => pubkey)]);
  return new Set(pubkeys.filter((pubkey) => named.has(pubkey)));
}

function sinceOf(connections: readonly (readonly Frame[])[]): readonly number[] {
  return [...new Set(connections.flatMap(filtersOf).flatMap(({ since }) => (since === undefined || since === 0 ? [] : [since])))];
}

describe('the connections of a buyer with two deals and its two sellers', () => {
  it('tell nobody whose groups there are, and which of them are one agent’s', async () => {
    const tap = await tapRelay();
    const [buyer, one, other] = [await openPeer(tap.url), await openPeer(tap.url), await openPeer(tap.url)];
    await Promise.all([deal(buyer, one), deal(buyer, other)]);
    // With all cursors moved, and following live as well.
    await Promise.all([buyer, one, other].map(({ agent }) => agent.sync({ waitS: 0.5 })));
    const pubkeys = [buyer, one, other].map(({ pubkey }) => pubkey);
    const ofGroups = tap.connections.filter((frames) => groupsOf(frames).size > 0);
    const ofIdentities = tap.connections.filter((frames) => identitiesOf(frames, pubkeys).size > 0);
    const groups = [...new Set(ofGroups.flatMap((frames) => [...groupsOf(frames)]))];
    expect(groups).toHaveLength(2);
    expect(new Set(ofIdentities.flatMap((frames) => [...identitiesOf(frames, pubkeys)])).size).toBe(3);

    // No connection carries both, nor two groups; a group's carries nothing but the group's, and never a proof of who asks.
    expect(ofGroups.filter((frames) => ofIdentities.includes(frames))).toEqual([]);
    for (const frames of ofGroups) {
      expect(groupsOf(frames).size).toBe(1);
      expect(frames.every(([type]) => ['REQ', 'CLOSE', 'EVENT'].includes(type as string))).toBe(true);
      expect(eventsOf(frames).every(({ kind }) => kind === GROUP_EVENT)).toBe(true);
      expect(filtersOf(frames).every((filter) => filter['#h'] !== undefined && filter['#p'] === undefined && !filter.authors)).toBe(true);
    }
    // Each end has a connection of its own for each group: two ends, two groups.
    expect(ofGroups.length).toBeGreaterThanOrEqual(4);
    // What is published for a group is signed by a key that is used once.
    const authors = ofGroups.flatMap(eventsOf).map(({ pubkey }) => pubkey);
    expect(new Set(authors).size).toBe(authors.length);

    const ids = tap.connections.flatMap((frames) => frames.filter(([type]) => type === 'REQ').map(([, id]) => id));
    expect(ids.length).toBeGreaterThan(30);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);

    const ofIdentitiesSince = sinceOf(ofIdentities);
    const ofGroupsSince = groups.map((group) => sinceOf(ofGroups.filter((frames) => groupsOf(frames).has(group))));
    const all = [...ofIdentitiesSince, ...ofGroupsSince.flat()];
    expect(ofGroupsSince.map((values) => values.length)).toEqual([1, 1]);
    expect(ofIdentitiesSince).toHaveLength(3);
    expect(new Set(all).size).toBe(all.length);
    // Nor are they the same moment less a fixed overlap: within a day each has a time of its own.
    expect(new Set(all.map((value) => value % 86_400)).size).toBe(all.length);
  });

  it('show group events of a few sizes only', async () => {
    const tap = await tapRelay();
    const [buyer, seller] = [await openPeer(tap.url), await openPeer(tap.url)];
    await deal(buyer, seller);
    const contents = tap.relay.storedEvents().filter(({ kind }) => kind === GROUP_EVENT);
    const sizes = [...new Set(contents.map(({ content }) => content.length))].sort((a, b) => a - b);
    expect(contents.length).toBeGreaterThan(8);
    // Base64 of moves padded to 1024 and 2048 bytes, with what MLS adds; handshakes may add sizes of their own.
    expect(sizes).toEqual(expect.arrayContaining([1_528, 2_896]));
    expect(sizes.length).toBeLessThanOrEqual(4);
  });
});

describe('an agent behind a proxy', () => {
  it('deals through it alone, names unresolved, with a name of its own for each purpose', async () => {
    const url = 'ws://relay.invalid:7447';
    const relay = await startRelay({ requireAuthForGiftWraps: true, publicUrl: url });
    const proxy = await startSocksProxy({ leadsTo: relay.port });
    ends.push(relay.close, proxy.close);
    const [buyer, seller] = [await openPeer(url, { proxy: proxy.url }), await openPeer(url, { proxy: proxy.url })];
    await deal(buyer, seller);
    expect(proxy.streams.every(({ host, addressType }) => host === 'relay.invalid' && addressType === 'name')).toBe(true);
    // Two for making the agents, then for each of them identity and group, and the buyer's lookup.
    expect(proxy.streams).toHaveLength(7);
    expect(new Set(proxy.streams.map(({ user }) => user)).size).toBe(7);
    expect(await buyer.agent.whoami()).toMatchObject({ proxy: proxy.url });
  });

  it('reaches no relay while the proxy is down, loopback included', async () => {
    const tap = await tapRelay();
    const proxy = await startSocksProxy();
    const { agent } = await openPeer(tap.url, { proxy: proxy.url });
    await agent.sync();
    expect(proxy.taken()).toBe(tap.connections.length);
    const before = tap.connections.length;
    await proxy.close();
    await expect(agent.sync()).rejects.toMatchObject({ code: 'relay/unreachable' });
    await expect(agent.sync({ waitS: 1 })).rejects.toMatchObject({ code: 'relay/unreachable' });
    expect(tap.connections).toHaveLength(before);
  });

  it('is made and shown on the command line, and refuses a proxy with a password or of another kind', async () => {
    const tap = await tapRelay();
    const proxy = await startSocksProxy();
    ends.push(proxy.close);
    const folder = makeFolder();
    const init = (name: string, url: string) =>
      runCli(['init', '--home', join(folder, name), '--relay', tap.url, '--proxy', url, '--json']);
    expect((await init('good', proxy.url)).json()).toMatchObject({ proxy: proxy.url, published: { delivered: 3 } });
    expect(proxy.taken()).toBe(tap.connections.length);
    const { stdout } = await runCli(['whoami', '--home', join(folder, 'good')]);
    expect(stdout).toContain(`proxy    ${proxy.url}`);
    for (const url of ['socks5h://hugo:verysecret@127.0.0.1:9050', 'http://127.0.0.1:8080', 'socks4://127.0.0.1:9050']) {
      const refused = await init('bad', url);
      expect(refused.code).toBe(64);
      expect(refused.stdout + refused.stderr).not.toContain('verysecret');
    }
    expect(tap.connections).toHaveLength(1);
  });
});

describe('what is not urgent', () => {
  it('is delayed at random: exponential, whole seconds, never beyond the cap, and not piled up there', () => {
    const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
    const draw = (meanS: number, capS: number) => Array.from({ length: 20_000 }, () => drawDelayS(rng, { meanS, capS }));
    const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const hours = draw(2 * HOUR_S, 12 * HOUR_S);
    expect(hours.every((value) => Number.isInteger(value) && value >= 0 && value <= 12 * HOUR_S)).toBe(true);
    // 2 h, less what the cap takes off.
    expect(Math.abs(average(hours) / HOUR_S - (2 - 12 / (Math.exp(6) - 1)))).toBeLessThan(0.1);
    expect(hours.filter((value) => value < 2 * HOUR_S * Math.LN2).length / hours.length).toBeCloseTo(0.5, 1);
    const minutes = draw(60, 120);
    expect(Math.max(...minutes)).toBeLessThanOrEqual(120);
    expect(minutes.filter((value) => value >= 119).length / minutes.length).toBeLessThan(0.01);
    expect(draw(0, 0).every((value) => value === 0)).toBe(true);
  });

  it('leaves who watches a thousand deals and their attestations with less than twice the luck of a blind guess', () => {
    const dice = rollDice('a thousand deals');
    const hits = { blind: 0, latest: 0, middle: 0, inOrder: 0, pairs: 0 };
    for (let day = 0; day < 20; day += 1) {
      // Deals end at any time of a day; each is attested once. Everybody sees all these times, and wants to know which belong together.
      const ends = Array.from({ length: 1_000 }, () => dice.below(86_400)).sort((a, b) => a - b);
      const attested = ends.map((end, deal) => ({ deal, at: end + drawEvenDelayS(dice, 2 * HOUR_S) })).sort((a, b) => a.at - b.at);
      for (const [place, { deal, at }] of attested.entries()) {
        const first = ends.findIndex((end) => end > at - 4 * HOUR_S);
        const last = ends.findLastIndex((end) => end <= at);
        hits.blind += 1 / (last - first + 1);
        hits.latest += Number(deal === last);
        hits.middle += Number(deal === Math.round((first + last) / 2));
        hits.inOrder += Number(deal === place);
        hits.pairs += 1;
      }
    }
    expect(hits.pairs).toBe(20_000);
    expect(hits.blind).toBeGreaterThan(100);
    for (const guess of ['latest', 'middle', 'inOrder'] as const) expect(hits[guess] / hits.blind, guess).toBeLessThan(2);
  });

  it('such as the attestation of a deal with real money, comes hours later, dated then, and no job waits for it', async () => {
    const stage = await openStage();
    ends.push(stage.close);
    const [buyer, seller] = [await stage.makeParty(10_000_000n), await stage.makeParty(0n)];
    buyer.context.store.save([writeAttestDelay(2 * HOUR_S)]);
    const services = [describeService()];
    const { job } = await buyer.call('buy', { find: 'upper-case', peer: seller.npub, maxMsat: 750_000n, mayAttest: true, about: 'Large.' });
    const view = async () => (await buyer.call('jobs', { nid: job.nid })).jobs[0]!;
    for (let round = 0; round < 40 && !(await view()).isOver; round += 1) {
      await seller.call('pursue', { services: services as never });
      await Promise.all([...seller.context.background.values()].map(({ ended }) => ended));
      await buyer.call('pursue', { nid: job.nid });
      stage.clock.advance(3);
    }
    const after = await view();
    expect(after).toMatchObject({ isOver: true, outcome: 'completed' });
    expect(after.attestation).toBeDefined();
    expect(after.steps.at(-1)?.text).toMatch(/sync or serve publishes it within hours/);
    const queued = buyer.context.store.listQueued().find(({ eventId }) => eventId === after.attestation);
    const dueAt = queued?.targets[0]?.nextAt ?? 0;
    const event = JSON.parse(queued?.event ?? '{}') as NostrEvent;
    expect(event).toMatchObject({ kind: ATTESTATION, created_at: dueAt });
    expect(dueAt - stage.clock.now()).toBeLessThanOrEqual(4 * HOUR_S);

    // Neither another command nor force makes it come early.
    expect(await drainOutbox(buyer.context, { force: true })).toMatchObject({ delivered: 0, waiting: 0 });
    expect((await buyer.call('sync', {})).published).toMatchObject({ delivered: 0, waiting: 0 });
    expect(await published(buyer, { ids: [event.id] })).toHaveLength(0);
    stage.clock.advance(dueAt - stage.clock.now());
    expect((await buyer.call('sync', {})).published).toMatchObject({ delivered: 1 });
    expect(await published(buyer, { ids: [event.id] })).toHaveLength(1);
    expect((await view()).steps.at(-1)?.text).toMatch(/published: no price/);
  });

  it('such as a renewed key package, waits for two minutes at most; the first one, and one that is overdue, do not', async () => {
    const stage = await openStage();
    ends.push(stage.close);
    const { context, call } = await stage.makeParty(0n);
    const first = context.store.listKeyPackages().at(-1)!;
    const isOut = async (id: string): Promise<boolean> => (await published({ context }, { ids: [id], kinds: [KEY_PACKAGE] })).length > 0;
    expect(await isOut(first.eventId)).toBe(true);
    stage.clock.advance(renewalTime(first) - stage.clock.now());
    // Dice that do not show the shortest delay.
    const rng = { bytes: (length: number) => (length === 6 ? new Uint8Array(6).fill(128) : context.rng.bytes(length)) };
    await sync({ ...context, rng }, { from: [], waitS: 0 });
    const renewed = context.store.listKeyPackages().at(-1)!;
    expect(renewed.eventId).not.toBe(first.eventId);
    expect(await isOut(renewed.eventId)).toBe(false);
    stage.clock.advance(120);
    await call('sync', {});
    expect(await isOut(renewed.eventId)).toBe(true);
    stage.clock.advance(renewed.expiresAt - stage.clock.now());
    await call('sync', {});
    const overdue = context.store.listKeyPackages().at(-1)!;
    expect(overdue.eventId).not.toBe(renewed.eventId);
    expect(await isOut(overdue.eventId)).toBe(true);
  });
});

async function published({ context }: Pick<Party, 'context'>, filter: Filter): Promise<readonly NostrEvent[]> {
  const relays = JSON.parse(context.store.readSetting('relays') ?? '[]') as string[];
  return (await (await context.pool()).fetch(relays, [filter], { purpose: 'lookup' })).events;
}
