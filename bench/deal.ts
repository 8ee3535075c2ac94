// One whole deal, both sides, without a relay: CPU time of each stage beside that of the primitives in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBundle } from '../src/agent/checkBundle.ts';
import { createBenchAgent, type BenchAgent, type Tally } from './benchAgent.ts';
import { measureCpuMs, median, type Metric } from './measure.ts';
import { createMemoryPool, type Traffic } from './memoryPool.ts';
import { NEEDED_EVENTS, NEEDED_FETCHES, NEEDS, STAGES, THROW_AWAY_SIGNATURES, type Stage } from './needs.ts';
import { combine, listPrices, sumUp, timePrimitives } from './primitives.ts';

// The first sync of a process loads the fast signatures (schnorr.ts); what is measured is a process that has them.
const WARM_UPS = 2;
const ROUNDS = 7;

type StageTimes = Readonly<Record<Stage, number>>;

interface Deal {
  readonly times: StageTimes;
  readonly counts: Tally & Traffic;
  /** Bytes of all moves as JSON, which the group events carry. */
  readonly moveBytes: number;
}

interface Scene {
  readonly buyer: BenchAgent;
  readonly seller: BenchAgent;
  /** Negotiation id, once there is one. */
  nid: string;
}

/** What happens in each stage. */
const PLAY: Readonly<Record<Stage, (scene: Scene) => Promise<void>>> = {
  publish: async ({ buyer, seller }) => {
    await buyer.init();
    await seller.init();
  },
  invite: async (scene) => {
    const requirements = 'A confidential contract of 12 pages, German to English, by a sworn translator.';
    const { negotiation } = await scene.buyer.call('start', { peer: scene.seller.npub, service: 'translation', requirements });
    scene.nid = negotiation.nid;
  },
  join: async ({ seller }) => void (await seller.call('sync', {})),
  talk: async ({ buyer, seller, nid }) => {
    await seller.call('send', { nid, text: 'Which language variant?' });
    await buyer.call('sync', {});
    await buyer.call('send', { nid, text: 'British English.' });
    await seller.call('sync', {});
  },
  haggle: async ({ buyer, seller, nid }) => {
    await seller.call('offer', { nid, priceMsat: 900_000n, deliverWithinS: 86_400 });
    await buyer.call('sync', {});
    await buyer.call('offer', { nid, priceMsat: 600_000n });
    await seller.call('sync', {});
    await seller.call('offer', { nid, priceMsat: 700_000n });
    await buyer.call('sync', {});
  },
  sign: async ({ buyer, seller, nid }) => {
    await buyer.call('accept', { nid });
    for (const agent of [seller, buyer, seller, buyer]) await agent.call('sync', {});
  },
  verify: async ({ buyer, seller, nid }) => {
    for (const agent of [buyer, seller]) {
      const { bundle = '' } = await agent.call('status', { nid });
      if (!checkBundle(bundle).isDeal) throw new Error('The deal of the bench was not made: its bundle does not hold.');
    }
  },
};

/** Runs the bench `deal`. */
export async function run(): Promise<readonly Metric[]> {
  const prices = await timePrimitives();
  const deals = await playDeals();
  const floors = STAGES.map((stage) => sumUp(NEEDS[stage], prices));
  const floor = floors.reduce((sum, each) => sum + each, 0);
  return [
    { metric: 'total', value: median(deals.map(totalOf)), unit: 'ms', floor },
    ...STAGES.map((stage, i): Metric => {
      const value = median(deals.map(({ times }) => times[stage]));
      return { metric: `stage ${stage}`, value, unit: 'ms', floor: floors[i] ?? 0, needs: NEEDS[stage] };
    }),
    ...countUp(deals),
    ...(await listPrices(prices)),
  ];
}

async function playDeals(): Promise<readonly Deal[]> {
  const deals: Deal[] = [];
  for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) deals.push(await playDeal());
  return deals.slice(WARM_UPS);
}

async function playDeal(): Promise<Deal> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-'));
  const { pool, traffic } = createMemoryPool();
  const tally: Tally = { identitySignatures: 0, transactions: 0 };
  const [buyer, seller] = ['buyer', 'seller'].map((name) => createBenchAgent(join(folder, name), pool, tally)) as [BenchAgent, BenchAgent];
  try {
    const scene = { buyer, seller, nid: '' };
    const times: Partial<Record<Stage, number>> = {};
    for (const stage of STAGES) times[stage] = await measureCpuMs(() => PLAY[stage](scene));
    const moves = buyer.context.store.listMoves(scene.nid);
    const moveBytes = moves.reduce((sum, { rumor }) => sum + Buffer.byteLength(rumor), 0);
    return { times: times as StageTimes, counts: { ...tally, ...traffic }, moveBytes };
  } finally {
    for (const agent of [buyer, seller]) agent.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function totalOf({ times }: Deal): number {
  return STAGES.reduce((sum, stage) => sum + times[stage], 0);
}

function countUp(deals: readonly Deal[]): readonly Metric[] {
  const needs = combine(...STAGES.map((stage) => [1, NEEDS[stage]] as const));
  const middle = (read: (deal: Deal) => number): number => median(deals.map(read));
  const count = (metric: string, read: (deal: Deal) => number, floor?: number): Metric => {
    return { metric, value: middle(read), unit: 'count', ...(floor === undefined ? {} : { floor }) };
  };
  const bytes = (metric: string, read: (deal: Deal) => number, floor?: number): Metric => ({
    ...count(metric, read, floor),
    unit: 'bytes',
  });
  return [
    count('identity signatures', ({ counts }) => counts.identitySignatures, (needs['schnorr-sign'] ?? 0) - THROW_AWAY_SIGNATURES),
    count('events published', ({ counts }) => counts.publishedEvents, NEEDED_EVENTS),
    count('events fetched', ({ counts }) => counts.fetchedEvents, NEEDED_FETCHES),
    count('transactions', ({ counts }) => counts.transactions, needs.transaction),
    bytes('bytes published', ({ counts }) => counts.publishedBytes),
    bytes('bytes fetched', ({ counts }) => counts.fetchedBytes),
    bytes(
      'bytes of group events',
      ({ counts }) => counts.groupBytes,
      middle(({ moveBytes }) => moveBytes),
    ),
  ];
}
