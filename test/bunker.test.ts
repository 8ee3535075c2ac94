// Agents whose keys are in bunkers: processes of their own, on another implementation, that also misbehave, die and come back.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBundle } from '../src/agent/checkBundle.ts';
import { createAgent } from '../src/agent/compose.ts';
import { isNegotiateError } from '../src/core/errors.ts';
import { readKeyPackage } from '../src/marmot/readKeyPackage.ts';
import { SIGNATURE_KIND } from '../src/negotiate/signature.ts';
import { createRelayPool } from '../src/nostr/relayPool.ts';
import { createKeySigner } from '../src/nostr/signer.ts';
import { makeClock, makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { startBunker, type BunkerBehaviour, type TestBunker } from './bunker.fixture.ts';
import { runCli } from './cli.fixture.ts';

// Patient where the bunker will answer, since machines are busy; short where it will not.
const bunkerLimits = { answerMs: 20_000, aliveMs: 8_000, lookMs: 200, repeatMs: 20_000, restMs: 1 };
const brief = { ...bunkerLimits, aliveMs: 500, lookMs: 100 };
const requirements = 'Twelve pages, German to English.';

interface Owned {
  readonly agent: TestAgent;
  readonly bunker: TestBunker;
}

let clock: ReturnType<typeof makeClock>;
let lab: Lab;
let buyer: Owned;
let seller: Owned;
const bunkers: TestBunker[] = [];

async function makeBunker(): Promise<TestBunker> {
  const bunker = await startBunker(lab.relay.url);
  bunkers.push(bunker);
  return bunker;
}

async function makeOwned(): Promise<Owned> {
  const bunker = await makeBunker();
  const made = await lab.makeAgent({ bunkerUrl: bunker.url, bunkerLimits });
  const agent: TestAgent = { ...made, call: (use, options = {}) => made.call(use, { bunkerLimits, ...options }) };
  return { agent, bunker };
}

beforeAll(async () => {
  clock = makeClock();
  lab = await makeLab(clock);
  [buyer, seller] = await Promise.all([makeOwned(), makeOwned()]);
});
afterAll(async () => {
  await Promise.all(bunkers.map((bunker) => bunker.kill()));
  await lab.close();
});

/** A negotiation in which the seller's offer is open. */
async function openOffer(): Promise<string> {
  const { negotiation } = await buyer.agent.call((agent) => agent.start({ peer: seller.agent.npub, service: 'translation', requirements }));
  const { nid } = negotiation;
  await seller.agent.call((agent) => agent.sync());
  await seller.agent.call((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400, lifeS: 3_600 }));
  await buyer.agent.call((agent) => agent.sync());
  return nid;
}

const accept = (nid: string, limits = bunkerLimits) => buyer.agent.call((agent) => agent.accept({ nid }), { bunkerLimits: limits });

async function failureOf(work: Promise<unknown>): Promise<{ readonly code: string; readonly text: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isNegotiateError(error)) throw new Error('expected an error of ours', { cause: error });
  const causes = error.cause instanceof Error ? error.cause.message : '';
  return { code: error.code, text: `${error.message} ${JSON.stringify(error.details)} ${causes} ${error.stack ?? ''}` };
}

/** A gift wrap whose payload was made for somebody else. */
async function publishJunkWrap(recipient: string): Promise<void> {
  const [author, other] = [createKeySigner(randomBytes(32)), createKeySigner(randomBytes(32))];
  const content = await author.encrypt(other.pubkey, 'not for you');
  const wrap = await author.signEvent({ kind: 1059, created_at: clock.now(), tags: [['p', recipient]], content });
  const pool = createRelayPool({ clock });
  expect(await pool.publish([lab.relay.url], wrap, { purpose: 'lookup' })).toMatchObject([{ outcome: 'accepted' }]);
  pool.close();
}

function readHome(home: string): string {
  return readdirSync(home)
    .map((file) => readFileSync(join(home, file)).toString('latin1'))
    .join('\n');
}

describe('an agent whose key is in a bunker', () => {
  it('makes a whole deal, both signatures by bunkers, and talks without asking them', async () => {
    expect(await buyer.agent.call((agent) => agent.whoami())).toMatchObject({ key: 'bunker', pubkey: buyer.bunker.pubkey });
    const { negotiation } = await buyer.agent.call((agent) =>
      agent.start({ peer: seller.agent.npub, service: 'translation', requirements }),
    );
    const { nid } = negotiation;
    await seller.agent.call((agent) => agent.sync());
    const before = seller.bunker.requests.filter(({ kind }) => kind !== 22_242).length;
    await seller.agent.call((agent) => agent.send({ nid, text: 'Which variant?' }));
    await buyer.agent.call((agent) => agent.sync());
    await buyer.agent.call((agent) => agent.send({ nid, text: 'British.' }));
    await seller.agent.call((agent) => agent.sync());
    await seller.agent.call((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400 }));
    expect(seller.bunker.requests.filter(({ kind }) => kind !== 22_242).length).toBe(before);
    await buyer.agent.call((agent) => agent.sync());
    await accept(nid);
    for (const { agent } of [seller, buyer, seller, buyer]) await agent.call((each) => each.sync());
    const [mine, theirs] = await Promise.all([buyer, seller].map(({ agent }) => agent.call((each) => each.status({ nid }))));
    expect([mine?.phase, theirs?.phase]).toEqual(['agreed', 'agreed']);
    expect(mine?.bundle).toBe(theirs?.bundle);
    expect(checkBundle(mine?.bundle ?? '')).toMatchObject({
      state: 'closed',
      isDeal: true,
      buyer: buyer.agent.npub,
      provider: seller.agent.npub,
    });
    for (const { bunker } of [buyer, seller]) expect(bunker.requests.filter(({ kind }) => kind === SIGNATURE_KIND)).toHaveLength(1);
  });

  it('publishes a key package with an identity proof that pass our own checks', async () => {
    const published = lab.relay.storedEvents().find(({ kind, pubkey }) => kind === 30_443 && pubkey === seller.bunker.pubkey);
    expect(seller.bunker.requests.map(({ kind }) => kind)).toEqual(expect.arrayContaining([450, 30_443, 10_002, 10_050]));
    expect(await readKeyPackage(published, clock.now())).toMatchObject({ account: seller.bunker.pubkey });
  });

  it('asks to be allowed what it will need, once', () => {
    const introductions = buyer.bunker.requests.filter(({ method }) => method === 'connect');
    expect(introductions).toHaveLength(1);
    const perms = introductions[0]?.perms?.split(',') ?? [];
    expect(perms).toEqual(expect.arrayContaining(['sign_event:450', 'sign_event:13', 'sign_event:4391', 'nip44_encrypt', 'nip44_decrypt']));
  });

  it('keeps neither the secret key nor the secret of the URL in its home, and the rest for its owner alone', () => {
    for (const { agent, bunker } of [buyer, seller]) {
      const text = readHome(agent.home);
      expect(text).toContain('"clientKey":');
      expect(text).not.toContain(bunker.secret);
      expect(text).not.toContain(bunker.secretKey);
      expect(text).not.toContain(Buffer.from(bunker.secretKey, 'hex').toString('latin1'));
      expect(readdirSync(agent.home)).not.toContain('identity.key');
      expect(statSync(join(agent.home, 'bunker.json')).mode & 0o777).toBe(0o600);
    }
  });
});

describe('a bunker that does something else than it was asked for', () => {
  const signing = { kind: SIGNATURE_KIND };
  const strange: readonly (readonly [string, BunkerBehaviour, string])[] = [
    ['adds a client tag', { name: 'client-tag', ...signing }, 'signer/altered'],
    ['signs another time', { name: 'other-time', ...signing }, 'signer/altered'],
    ['signs with another key', { name: 'other-key', ...signing }, 'signer/altered'],
    ['answers with garbage', { name: 'garbage', ...signing }, 'signer/altered'],
    ['answers what nobody can decrypt', { name: 'junk', method: 'any' }, 'signer/unreachable'],
    ['answers another id', { name: 'other-id', method: 'any' }, 'signer/unreachable'],
    ['refuses', { name: 'refuse', text: 'denied by a very private person', ...signing }, 'signer/refused'],
    ['never answers', { name: 'mute', method: 'any' }, 'signer/unreachable'],
    ['is there, but never answers this', { name: 'mute', ...signing }, 'signer/unapproved'],
    [
      'wants to be approved where nobody can see it',
      { name: 'approve', text: 'https://bunker.example/approve?token=t0ken', ...signing },
      'signer/unapproved',
    ],
  ];

  it('is an error without its words, binds nobody, and does not spoil the next try', async () => {
    const nid = await openOffer();
    for (const [what, behaviour, code] of strange) {
      await buyer.bunker.behave(behaviour);
      const limits = { 'signer/unreachable': brief, 'signer/unapproved': { ...bunkerLimits, answerMs: 1_000 } }[code];
      const failure = await failureOf(accept(nid, limits));
      expect([what, failure.code]).toEqual([what, code]);
      expect(failure.text).not.toMatch(/very private|t0ken|s3cret/);
      expect((await buyer.agent.call((agent) => agent.status({ nid }))).phase).toBe('offered');
    }
    await buyer.bunker.behave({ name: 'twice' });
    expect((await accept(nid)).negotiation.phase).toBe('accepting');
    await buyer.bunker.behave({ name: 'honest' });
    const moves = await buyer.agent.call((agent) => agent.history({ nid }));
    expect(moves.moves.filter(({ type }) => type === 'accept')).toHaveLength(1);
  });

  it('shows the owner, and nobody else, where to approve, and goes on when that is done', async () => {
    const nid = await openOffer();
    await buyer.bunker.behave({ name: 'approve', kind: SIGNATURE_KIND, text: 'https://bunker.example/approve?token=t0ken' });
    const shown: string[] = [];
    const onApprovalUrl = (url: string): void => {
      shown.push(url);
      buyer.bunker.go();
    };
    const { negotiation } = await buyer.agent.call((agent) => agent.accept({ nid }), { onApprovalUrl });
    await buyer.bunker.behave({ name: 'honest' });
    expect(negotiation.phase).toBe('accepting');
    expect(shown).toEqual(['https://bunker.example/approve?token=t0ken']);
    expect(readHome(buyer.agent.home)).not.toContain('t0ken');
  });
});

describe('a bunker that is late', () => {
  it('is asked again under the same id when its answer is lost', async () => {
    const nid = await openOffer();
    await buyer.bunker.behave({ name: 'lose-first', kind: SIGNATURE_KIND });
    const before = buyer.bunker.requests.length;
    expect((await accept(nid, { ...bunkerLimits, repeatMs: 300 })).negotiation.phase).toBe('accepting');
    await buyer.bunker.behave({ name: 'honest' });
    const asked = buyer.bunker.requests.slice(before).filter(({ kind }) => kind === SIGNATURE_KIND);
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
  });

  it('may die while it is asked and come back: the same request is answered then', async () => {
    const nid = await openOffer();
    await buyer.bunker.behave({ name: 'mute', kind: SIGNATURE_KIND });
    const asked = buyer.bunker.asked(SIGNATURE_KIND);
    const accepting = accept(nid);
    const { id } = await asked;
    await buyer.bunker.kill();
    await buyer.bunker.start();
    expect((await accepting).negotiation.phase).toBe('accepting');
    expect(buyer.bunker.requests.filter(({ kind }) => kind === SIGNATURE_KIND).at(-1)?.id).toBe(id);
  });
});

describe('without its bunker', () => {
  it('an agent talks, offers and receives; what needs the key waits, and is done when the bunker is back', async () => {
    const nid = await openOffer();
    const { negotiation: other } = await buyer.agent.call((agent) =>
      agent.start({ peer: seller.agent.npub, service: 'proofreading', requirements }),
    );
    await accept(nid);
    const stranger = await lab.makeAgent();
    await stranger.call((agent) => agent.start({ peer: seller.agent.npub, service: 'translation', requirements }));
    await seller.bunker.kill();
    const report = await seller.agent.call((agent) => agent.sync(), { bunkerLimits: brief });
    expect(report.signer).toMatchObject({ code: 'signer/unreachable' });
    expect(report.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['open', 'accept']));
    expect(report.joined).toEqual([]);
    const said = await seller.agent.call((agent) => agent.send({ nid: other.nid, text: 'In which form?' }));
    expect(said.isSent).toBe(true);
    await seller.bunker.start();
    const later = await seller.agent.call((agent) => agent.sync());
    expect(later.signer).toBeUndefined();
    expect(later.joined).toEqual([stranger.npub]);
    expect((await seller.agent.call((agent) => agent.status({ nid }))).phase).toBe('sealing');
  });

  it('a gift wrap that nobody could decrypt is passed over, and one that the bunker may not decrypt is kept', async () => {
    await publishJunkWrap(seller.bunker.pubkey);
    const before = seller.bunker.requests.length;
    expect((await seller.agent.call((agent) => agent.sync())).signer).toBeUndefined();
    // Once for the wrap, once to see whether the bunker decrypts at all.
    expect(seller.bunker.requests.slice(before).filter(({ method }) => method === 'nip44_decrypt')).toHaveLength(2);
    const stranger = await lab.makeAgent();
    await stranger.call((agent) => agent.start({ peer: seller.agent.npub, service: 'translation', requirements }));
    await seller.bunker.behave({ name: 'refuse', method: 'nip44_decrypt', text: 'no' });
    expect((await seller.agent.call((agent) => agent.sync())).signer).toMatchObject({ code: 'signer/refused' });
    await seller.bunker.behave({ name: 'honest' });
    const later = await seller.agent.call((agent) => agent.sync());
    expect([later.signer, later.joined]).toEqual([undefined, [stranger.npub]]);
  });
});

describe('init with a bunker', () => {
  it('that does not answer ends with a typed error; the next init goes on with the same key for the conversation', async () => {
    const bunker = await makeBunker();
    await bunker.behave({ name: 'mute', method: 'any' });
    const options = { home: lab.makeHome(), relays: [lab.relay.url], bunkerUrl: bunker.url, bunkerLimits, clock };
    expect((await failureOf(createAgent({ ...options, bunkerLimits: brief }))).code).toBe('signer/unreachable');
    await bunker.behave({ name: 'honest' });
    const { bunkerUrl: _, ...again } = options;
    expect(await createAgent(again)).toMatchObject({ key: 'bunker', pubkey: bunker.pubkey });
    expect(new Set(bunker.requests.map(({ client }) => client)).size).toBe(1);
    expect((await failureOf(createAgent({ ...options, bunkerUrl: buyer.bunker.url }))).code).toBe('home/exists');
    expect((await failureOf(createAgent({ ...again, secretKey: new Uint8Array(32).fill(7) }))).code).toBe('home/exists');
  });

  it('takes the URL from stdin or a file, says nothing of its secret, and refuses a key besides', async () => {
    const bunker = await makeBunker();
    const home = lab.makeHome();
    const init = ['init', '--home', home, '--relay', lab.relay.url, '--json', '--bunker', '-'];
    const both = await runCli([...init, '--key-file', 'key'], { stdin: bunker.url });
    expect([both.code, both.json().error?.code]).toEqual([64, 'input/invalid']);
    const made = await runCli(init, { stdin: `${bunker.url}\n` });
    expect([made.code, made.json()['key']]).toEqual([0, 'bunker']);
    const shown = await runCli(['whoami', '--home', home]);
    expect(shown.stdout).toContain('bunker');
    for (const { stdout, stderr } of [both, made, shown]) expect(stdout + stderr).not.toContain(bunker.secret);
  });
});

// Last, since they move the clock, and ts-mls reads the machine's when it invites somebody.
describe('a bunker that answers after the window', () => {
  it('has not signed when the window has closed meanwhile: nothing is saved or sent', async () => {
    const nid = await openOffer();
    await buyer.bunker.behave({ name: 'hold', kind: SIGNATURE_KIND });
    const asked = buyer.bunker.asked(SIGNATURE_KIND);
    const failing = failureOf(accept(nid));
    await asked;
    clock.advance(3_601);
    buyer.bunker.go();
    expect((await failing).code).toBe('negotiation/refused');
    await buyer.bunker.behave({ name: 'honest' });
    const { moves } = await buyer.agent.call((agent) => agent.history({ nid }));
    expect(moves.map(({ type }) => type)).not.toContain('accept');
  });

  it('does not confirm an accept after its window, and the owner is told nothing false', async () => {
    const nid = await openOffer();
    await accept(nid);
    await seller.bunker.behave({ name: 'hold', kind: SIGNATURE_KIND });
    const asked = seller.bunker.asked(SIGNATURE_KIND);
    const syncing = seller.agent.call((agent) => agent.sync());
    await asked;
    clock.advance(3_601);
    seller.bunker.go();
    await syncing;
    await seller.bunker.behave({ name: 'honest' });
    const { moves } = await seller.agent.call((agent) => agent.history({ nid }));
    expect(moves.map(({ type }) => type)).toContain('accept');
    expect(moves.map(({ type }) => type)).not.toContain('confirm');
    expect((await seller.agent.call((agent) => agent.status({ nid }))).phase).not.toBe('sealing');
  });
});
