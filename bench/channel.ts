// A channel step by step, from the key package to the self-update: CPU time of each step beside that of the primitives in it.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToHex, type Hex } from '../src/core/bytes.ts';
import type { Rng } from '../src/core/ports.ts';
import { newChannel, toRecord, type OpenChannel } from '../src/agent/channelRecord.ts';
import type { Channel } from '../src/marmot/channel.ts';
import { encodeChannel } from '../src/marmot/channelCodec.ts';
import { createChannel } from '../src/marmot/createChannel.ts';
import { createKeyPackage, type MadeKeyPackage } from '../src/marmot/createKeyPackage.ts';
import { peelGroupEvent } from '../src/marmot/groupEvent.ts';
import { joinChannel } from '../src/marmot/joinChannel.ts';
import { encodePayload } from '../src/marmot/payload.ts';
import { processMls } from '../src/marmot/processMls.ts';
import type { ProcessResult } from '../src/marmot/processResult.ts';
import { readKeyPackage, type UsableKeyPackage } from '../src/marmot/readKeyPackage.ts';
import { sealPayload } from '../src/marmot/sealPayload.ts';
import { adoptStaged, stageCommit } from '../src/marmot/stageCommit.ts';
import { makeRumor, type NostrEvent } from '../src/nostr/event.ts';
import { unwrapGift, wrapRumor } from '../src/nostr/giftWrap.ts';
import { loadSchnorr } from '../src/nostr/schnorr.ts';
import { createKeySigner, type Signer } from '../src/nostr/signer.ts';
import type { Change, Store } from '../src/store/records.ts';
import { createVault, makeDataKey } from '../src/store/seal.ts';
import { sealStore } from '../src/store/sealStore.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { CHANNEL_NEEDS, STEPS, type Step } from './channelNeeds.ts';
import { measureCpuMs, median, type Metric } from './measure.ts';
import { averagePrices, combine, sumUp, timePrimitives, type Needs, type Prices } from './primitives.ts';

const RELAY = 'wss://relay.example';
const TEXT = 'A confidential contract of 12 pages, German to English, by a sworn translator. ';
// The compiler has to have seen each step some hundred times: what is measured is an agent that has been running for a while.
const WARM_UPS = 20;
const ROUNDS = 15;
// As many calls make one measurement, garbage collection included, as of a primitive.
const CALLS = 10;
const COMMITS = 100;

const rng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const clock = (): number => Math.floor(Date.now() / 1_000);

/** One member with its own database. */
interface Member {
  readonly signer: Signer;
  readonly store: Store;
}

/** A member in a channel, as its process has it between two steps. */
interface Side {
  readonly store: Store;
  open: OpenChannel;
}

type Times = Readonly<Record<Step, number>>;

/** Runs the bench `channel`. */
export async function run(): Promise<readonly Metric[]> {
  // What is measured is a process that has the fast signatures.
  await loadSchnorr();
  const before = await timePrimitives();
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-'));
  const stores = ['inviter', 'invited'].map((name) => openSqliteStore(join(folder, `${name}.db`))) as [Store, Store];
  try {
    const { pair, largest } = await growOld(stores);
    const rounds: Times[] = [];
    for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) rounds.push(await playRound(stores, pair));
    const prices = averagePrices(before, await timePrimitives());
    const times = rounds.slice(WARM_UPS);
    return [
      ...report(times, prices),
      ...(await talkSealed(stores)),
      { metric: `state after ${COMMITS} commits`, value: largest, unit: 'bytes' },
    ];
  } finally {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it adds to a message that the home is protected: the same talk, in turn without and with. */
async function talkSealed(stores: readonly [Store, Store]): Promise<readonly Metric[]> {
  const vault = createVault(makeDataKey());
  const both = [stores, stores.map((store) => sealStore(store, vault)) as [Store, Store]] as const;
  const times: Pick<Times, 'send' | 'receive'>[][] = [[], []];
  for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
    for (const [i, each] of both.entries()) {
      const [pair = fail('no pair')] = (await openPairs([makeMembers(each)], clock())).pairs;
      times[i]?.push(await talk(pair, CALLS, clock()));
    }
  }
  const [plain = [], sealed = []] = times.map((each) => each.slice(WARM_UPS));
  return (['send', 'receive'] as const).map((step) => ({
    metric: `${step}, protected: added`,
    value: median(sealed.map((each) => each[step])) - median(plain.map((each) => each[step])),
    unit: 'ms',
  }));
}

const TITLES: Readonly<Record<Step, string>> = {
  'key-package': 'key package signed',
  invite: 'create and invite',
  join: 'unwrap and join',
  send: 'send and save',
  receive: 'receive and save',
  stage: 'self-update, own half',
  follow: 'self-update, peer’s half',
};

function report(rounds: readonly Times[], prices: Prices): readonly Metric[] {
  const toMetric = (metric: string, read: (times: Times) => number, parts: Needs): Metric => {
    return { metric, value: median(rounds.map(read)), unit: 'ms', floor: sumUp(parts, prices), needs: parts };
  };
  const both = combine([1, CHANNEL_NEEDS.stage], [1, CHANNEL_NEEDS.follow]);
  return STEPS.flatMap((step) => [
    ...(step === 'stage' ? [toMetric('self-update and receipt', ({ stage, follow }) => stage + follow, both)] : []),
    toMetric(TITLES[step], (times) => times[step], CHANNEL_NEEDS[step]),
  ]);
}

/** Everything once more; `old` is a pair that has all of the past that a channel keeps. */
async function playRound(stores: readonly [Store, Store], old: readonly [Side, Side]): Promise<Times> {
  const now = clock();
  // Two who never met, each time: no key that they share is known beforehand.
  const { times, pairs } = await openPairs(
    Array.from({ length: CALLS }, () => makeMembers(stores)),
    now,
  );
  const [fresh] = pairs;
  return { ...times, ...(await talk(fresh ?? fail('no pair'), CALLS, now)), ...(await renew(old, CALLS, now)) };
}

function makeMembers(stores: readonly [Store, Store]): [Member, Member] {
  return stores.map((store) => ({ store, signer: createKeySigner(rng.bytes(32)) })) as [Member, Member];
}

/** Does the same for each of `items`, and says what one took: reading the CPU's clock costs too much for each alone. */
async function measureEach<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<{ readonly ms: number; readonly results: R[] }> {
  const results: R[] = [];
  const total = await measureCpuMs(async () => {
    for (const item of items) results.push(await work(item));
  });
  return { ms: total / items.length, results };
}

interface Opened {
  readonly times: Pick<Times, 'key-package' | 'invite' | 'join'>;
  readonly pairs: readonly [Side, Side][];
}

/** One of each two invites the other, who joins. */
async function openPairs(pairs: readonly (readonly [Member, Member])[], now: number): Promise<Opened> {
  const made = await measureEach(pairs, async ([inviter, { signer, store }]) => {
    const keyPackage = await createKeyPackage({ signer, slot: bytesToHex(rng.bytes(32)), now, rng });
    return { inviter, signer, store, keyPackage };
  });
  const read = await Promise.all(made.results.map(async (each) => ({ ...each, usable: await readUsable(each.keyPackage, now) })));
  const invited = await measureEach(read, async (each) => ({ ...each, ...(await invite(each.inviter.signer, each.usable, now)) }));
  const joined = await measureEach(invited.results, async (each) => ({
    ...each,
    peer: await unwrapAndJoin(each.signer, each.wrap, each.keyPackage),
  }));
  return {
    times: { 'key-package': made.ms, invite: invited.ms, join: joined.ms },
    pairs: joined.results.map(({ inviter, channel, store, peer }) => [keep(inviter.store, channel, now), keep(store, peer.channel, now)]),
  };
}

async function readUsable({ event }: MadeKeyPackage, now: number): Promise<UsableKeyPackage> {
  const read = await readKeyPackage(event, now);
  return read.kind === 'usable' ? read : fail(read.message);
}

async function invite(
  signer: Signer,
  peer: UsableKeyPackage,
  now: number,
): Promise<{ readonly channel: Channel; readonly wrap: NostrEvent }> {
  const { channel, invitations } = await createChannel({ signer, peers: [peer], relays: [RELAY], now, rng });
  const rumor = invitations[0]?.welcome ?? fail('nobody was invited');
  return { channel, wrap: await wrapRumor({ signer, recipient: peer.account, rumor, now, rng }) };
}

async function unwrapAndJoin(
  signer: Signer,
  wrap: NostrEvent,
  { privateBytes }: MadeKeyPackage,
): Promise<{ readonly channel: Channel; readonly bytes: Uint8Array }> {
  const gift = await unwrapGift(signer, wrap);
  if (gift.kind !== 'rumor') return fail(gift.reason);
  const joined = await joinChannel({ welcome: gift.rumor, sender: gift.sender, keyPackagePrivate: privateBytes });
  return joined.kind === 'joined' ? { channel: joined.channel, bytes: encodeChannel(joined.channel) } : fail(joined.message);
}

/** Puts a new channel into the store. */
function keep(store: Store, channel: Channel, now: number): Side {
  const open = newChannel(channel, [], now);
  const side: Side = { store, open };
  save(side, channel, []);
  return side;
}

/** Goes on with another state of the channel, saved together with `changes` in one transaction. */
function save(side: Side, channel: Channel, changes: readonly Change[]): void {
  const record = toRecord({ record: side.open.record, channel }, []);
  side.store.save([{ kind: 'channel', record }, ...changes]);
  side.open = { channel, record: { ...record, version: record.version + 1 } };
}

/** One says something so many times, then the other reads it all. */
async function talk([own, peer]: readonly [Side, Side], count: number, now: number): Promise<Pick<Times, 'send' | 'receive'>> {
  const payload = encodePayload(makeRumor(own.open.channel.own, { kind: 9, created_at: now, tags: [], content: TEXT.repeat(4) }));
  const sent = await measureEach(Array<string>(count).fill(payload), async (text) => {
    const { channel, event } = await sealPayload(own.open.channel, { payload: text, now, rng });
    save(own, channel, [queue(event, now)]);
    return event;
  });
  return { send: sent.ms, receive: await receiveAll(peer, sent.results, 'payload', now) };
}

/** One gets new keys for its leaf so many times, then the other follows. */
async function renew([own, peer]: readonly [Side, Side], count: number, now: number): Promise<Pick<Times, 'stage' | 'follow'>> {
  const sent = await measureEach(Array.from({ length: count }), async () => {
    const { channel, event } = await stageCommit(own.open.channel, { kind: 'self-update' }, now, rng);
    save(own, adoptStaged(channel).channel, [queue(event, now)]);
    return event;
  });
  return { stage: sent.ms, follow: await receiveAll(peer, sent.results, 'handshake', now) };
}

async function receiveAll(side: Side, events: readonly NostrEvent[], kind: ProcessResult['kind'], now: number): Promise<number> {
  const frames = events.map((event) => JSON.stringify(event));
  const { ms, results } = await measureEach(frames, (frame) => receive(side, frame, now));
  const other = results.find((result) => result.kind !== kind);
  return other === undefined ? ms : fail(other.kind);
}

async function receive(side: Side, frame: string, now: number): Promise<ProcessResult> {
  const event = JSON.parse(frame) as NostrEvent;
  const peeled = peelGroupEvent(side.open.channel, event);
  if (peeled.kind !== 'peeled') return fail(peeled.reason);
  const result = await processMls(side.open.channel, peeled.mlsBytes);
  if (!('channel' in result)) return result;
  save(side, result.channel, [markSeen(event.id, now), markSeen(peeled.mlsHash, now)]);
  return result;
}

function queue(event: NostrEvent, now: number): Change {
  const targets = [{ relay: RELAY, state: 'pending' as const, tries: 0, nextAt: now }];
  return { kind: 'queue', record: { eventId: event.id, event: JSON.stringify(event), purpose: 'group', createdAt: now, targets } };
}

function markSeen(id: Hex, at: number): Change {
  return { kind: 'seen', id, at, in: { kind: 'channel', channelId: '', epoch: 0 } };
}

interface Grown {
  readonly pair: readonly [Side, Side];
  /** Bytes of the largest channel on the way, as it is saved. */
  readonly largest: number;
}

/** Two who commit in turn, far beyond the five epochs that a channel goes back. */
async function growOld(stores: readonly [Store, Store]): Promise<Grown> {
  const now = clock();
  const [pair = fail('no pair')] = (await openPairs([makeMembers(stores)], now)).pairs;
  let largest = 0;
  for (let i = 0; i < COMMITS; i += 1) {
    await renew(i % 2 === 0 ? pair : (pair.toReversed() as [Side, Side]), 1, now);
    largest = Math.max(largest, ...pair.map(({ open: { record } }) => record.state.length));
  }
  return { pair, largest };
}

function fail(what: string): never {
  throw new Error(`The channel of the bench was not to be: ${what}`);
}
