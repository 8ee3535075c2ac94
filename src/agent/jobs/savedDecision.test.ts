// What a strategy decided is read again as it was, also where it was saved by an earlier version, and comes out the same.

import { describe, expect, it } from 'vitest';
import { replayBargain, bargainByStrategy, type BargainRecord } from '../../decide/bargainByStrategy.ts';
import { makeBargainTable, type BargainIssue } from '../../decide/bargainIssues.ts';
import type { SeenMove } from '../../decide/haggle.ts';
import { buildStrategy } from '../../decide/strategies/buildStrategy.ts';
import { NAMED_STRATEGIES } from '../../decide/strategies/namedStrategies.ts';
import { readJob } from './job.ts';
import { OLD_JOB, OLD_MOVES } from './oldJob.fixture.ts';
import { keepDecision, readDecision, readOffers, saveOffers } from './savedDecision.ts';

const ISSUES: readonly BargainIssue[] = [
  { term: '/price', better: 'lower', best: 400_000n, worst: 800_000n, weight: 2.5 },
  { term: '/delivery/within_s', better: 'lower', best: 7_200n, worst: 43_200n },
  { term: '/confidentiality/retention_s', better: 'lower', best: 0n, worst: 864_000n, weight: 0.001 },
];

function decide(moves: readonly SeenMove[], issues = ISSUES): BargainRecord {
  const strategy = buildStrategy(NAMED_STRATEGIES.variants);
  const bargained = bargainByStrategy(moves, { role: 'buyer', table: makeBargainTable(issues), strategy, rounds: 6, seed: 's' });
  if (bargained.kind === 'refused' || bargained.record === undefined) throw new Error('nothing decided');
  return bargained.record;
}

describe('a job that was saved before', () => {
  it('is read, and its decisions come out the same from the same moves', () => {
    const { body } = readJob({ nid: 'a'.repeat(64), body: OLD_JOB, createdAt: 1 });
    const records = (body.decisions ?? []).map(readDecision);
    expect(records.map(({ decision: { kind } }) => kind)).toEqual(['alternatives', 'alternatives', 'accept']);
    for (const record of records) expect(replayBargain(record, OLD_MOVES)).toEqual({ kind: 'same' });
  });

  it('keeps what it had when it is saved again, beside what is decided now', () => {
    const { body } = readJob({ nid: 'a'.repeat(64), body: OLD_JOB, createdAt: 1 });
    const kept = keepDecision(body.decisions ?? [], decide(OLD_MOVES.slice(0, 2)));
    expect(kept.slice(0, -1)).toEqual(body.decisions);
    expect(kept.at(-1)?.issues.map(({ weight }) => weight)).toEqual([2.5, undefined, 0.001]);
  });
});

describe('a decision about packages', () => {
  const offer: SeenMove = {
    by: 'peer',
    type: 'offer',
    packages: [
      {},
      { '/price': 900_000n, '/delivery/within_s': 7_200n, '/confidentiality/retention_s': 0n },
      { '/price': 410_500n, '/delivery/within_s': 7_200n, '/confidentiality/retention_s': 100n },
    ],
  };
  const open: SeenMove = { by: 'me', type: 'open' };

  it('is read as it was saved and comes out the same, whether it offers several or takes one of them', () => {
    const dear: SeenMove = { ...offer, packages: offer.packages?.slice(0, 2) ?? [] };
    const records = [decide([open, dear]), decide([open, offer])];
    expect(records.map(({ decision: { kind } }) => kind)).toEqual(['alternatives', 'accept']);
    for (const [i, record] of records.entries()) {
      const read = keepDecision([], record).map(readDecision);
      expect(read).toEqual([record]);
      expect(read.map((each) => replayBargain(each, [open, i === 0 ? dear : offer, open]))).toEqual([{ kind: 'same' }]);
    }
    expect(records[1]?.decision).toMatchObject({ alternative: 2 });
  });

  it('comes out the same from the offers that are kept with it, of which other moves are no part', () => {
    const moves = [open, offer, { by: 'me', type: 'ask' } as const];
    const kept = readOffers(JSON.parse(JSON.stringify(saveOffers(moves))) as ReturnType<typeof saveOffers>);
    expect(kept).toEqual([offer]);
    expect(keepDecision([], decide([open, offer])).map((each) => replayBargain(readDecision(each), kept))).toEqual([{ kind: 'same' }]);
  });

  it('comes out different from other packages, and says nothing of other weights', () => {
    const [record] = keepDecision([], decide([open, offer])).map(readDecision);
    if (record === undefined) throw new Error('nothing kept');
    const without: SeenMove = { ...offer, packages: offer.packages?.slice(0, 2) ?? [] };
    expect(replayBargain(record, [open, without]).kind).toBe('different');
    const issues = record.issues.map((issue) => ({ ...issue, weight: 1 }));
    expect(replayBargain({ ...record, issues }, [open, offer])).toEqual({ kind: 'other-input' });
  });
});
