// The rule for branches against a model of its own, written from protocol-core/convergence.md "Branch selection" alone.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beats, type BranchEpoch } from './branchScore.ts';

type Branch = readonly BranchEpoch[];

const CRITERIA = ['depth', 'quorum', 'witnesses', 'priority', 'committer', 'digest'] as const;
type Criterion = (typeof CRITERIA)[number];

/** The first criterion that tells two branches apart, and whether it speaks for the first of them. */
function judge(a: Branch, b: Branch): { readonly by: Criterion; readonly isFirst: boolean } | undefined {
  const [x, y] = [measure(a), measure(b)];
  const by = CRITERIA.find((criterion) => x[criterion] !== y[criterion]);
  return by === undefined ? undefined : { by, isFirst: x[by] > y[by] };
}

/** One value for each criterion, all of one type where it matters and the larger the better. */
function measure(branch: Branch): Record<Criterion, bigint> {
  let [depth, quorum, witnesses] = [0n, 0n, 0n];
  let tip: BranchEpoch | undefined;
  for (const epoch of branch) {
    depth += 1n;
    const senders = new Set(epoch.witnesses).size;
    if (senders >= 2) quorum = 1n;
    witnesses += senders >= 2 ? 2n : BigInt(senders);
    tip = epoch;
  }
  if (tip === undefined) throw new Error('a branch has an epoch');
  // Lower keys and digests win: as numbers, turned round.
  const [committer, digest] = [-BigInt(`0x${tip.committer}`), -BigInt(`0x${tip.id}`)];
  return { depth: depth + quorum, quorum, witnesses, priority: tip.isPrivileged ? 1n : 0n, committer, digest };
}

const keys = ['00', '01', '7f', '80', '0a', 'a0', 'ff'].map((first) => first.padEnd(64, '3'));
const key = fc.constantFrom(...keys);
const hex = fc.oneof(
  key,
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
);
const epochs: fc.Arbitrary<BranchEpoch> = fc.record({
  id: hex,
  isPrivileged: fc.boolean(),
  committer: key,
  witnesses: fc.oneof(fc.constant([]), fc.uniqueArray(key, { maxLength: 4 })),
});
const branches: fc.Arbitrary<Branch> = fc.array(epochs, { minLength: 1, maxLength: 6 });

/** The same branch but for the last commit, for who speaks in it, or for its order: where ties are. */
const twins: fc.Arbitrary<readonly [Branch, Branch]> = fc.tuple(branches, epochs, fc.nat(3)).map(([branch, other, how]) => {
  const tip = branch.at(-1) ?? other;
  const rest = branch.slice(0, -1);
  const changed: readonly Branch[] = [
    [...rest, { ...other, witnesses: tip.witnesses }],
    [...rest, { ...tip, id: other.id }],
    [...rest, { ...tip, committer: other.committer, id: other.id }],
    [...rest.toReversed(), { ...tip, witnesses: other.witnesses }],
  ];
  return [branch, changed[how] ?? branch];
});
const pairs = fc.oneof(fc.tuple(branches, branches), twins);

const epoch = (seed: string, changes: Partial<BranchEpoch> = {}): BranchEpoch => ({
  id: seed.padEnd(64, '0'),
  isPrivileged: false,
  committer: 'cc'.repeat(32),
  witnesses: [],
  ...changes,
});
const [ann, ben, cid] = ['a1', 'b2', 'c3'].map((name) => name.repeat(32)) as [string, string, string];

/** Says so in both directions. */
function expectWin(winner: Branch, loser: Branch): void {
  expect([beats(winner, loser), beats(loser, winner)]).toEqual([true, false]);
}

describe('of two branches', () => {
  it('the one that the rule names wins, by each of its six criteria', () => {
    const decided = new Map<Criterion | 'none', number>();
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const verdict = judge(a, b);
        const by = verdict?.by ?? 'none';
        decided.set(by, (decided.get(by) ?? 0) + 1);
        expect(beats(a, b)).toBe(verdict?.isFirst ?? false);
      }),
      { numRuns: 4_000, seed: 1 },
    );
    // Each has decided often enough to count as tried.
    for (const criterion of [...CRITERIA, 'none'] as const) expect(decided.get(criterion) ?? 0, criterion).toBeGreaterThan(40);
  });

  it('one wins and the other does not, unless they end in one and the same commit with equal standing', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const isTie = judge(a, b) === undefined;
        expect(Number(beats(a, b)) + Number(beats(b, a))).toBe(isTie ? 0 : 1);
        expect(beats(a, a)).toBe(false);
      }),
      { numRuns: 4_000, seed: 2 },
    );
  });

  it('the best is the best whichever are compared first', () => {
    let chains = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(branches, branches, branches),
          fc.tuple(twins, branches).map(([[a, b], c]) => [a, b, c] as const),
        ),
        (three) => {
          for (const [a, b, c] of [three, three.toReversed()] as (readonly [Branch, Branch, Branch])[]) {
            if (!beats(a, b) || !beats(b, c)) continue;
            chains += 1;
            expect(beats(a, c)).toBe(true);
          }
        },
      ),
      { numRuns: 4_000, seed: 3 },
    );
    expect(chains).toBeGreaterThan(500);
  });

  it('the one wins that goes on where the other stops, whatever its next commit is', () => {
    fc.assert(
      fc.property(branches, epochs, (branch, next) => {
        expectWin([...branch, { ...next, witnesses: [] }], branch);
      }),
      { numRuns: 1_000, seed: 4 },
    );
  });

  it('the one that is two commits longer wins, whatever is said on the other', () => {
    fc.assert(
      fc.property(branches, epochs, epochs, (branch, next, last) => {
        const quiet = [...branch, next, last].map((each) => ({ ...each, witnesses: [] }));
        const loud = branch.map((each) => ({ ...each, witnesses: keys, isPrivileged: true, committer: keys[0] ?? '' }));
        expectWin(quiet, loud);
      }),
      { numRuns: 1_000, seed: 5 },
    );
  });

  it('neither gains from who spoke first, nor from a third sender in one epoch', () => {
    fc.assert(
      fc.property(pairs, key, ([a, b], more) => {
        const turned = a.map((each) => ({ ...each, witnesses: each.witnesses.toReversed() }));
        const crowded = a.map((each) => ({
          ...each,
          witnesses: each.witnesses.length < 2 || each.witnesses.includes(more) ? each.witnesses : [...each.witnesses, more],
        }));
        expect([beats(turned, b), beats(crowded, b)]).toEqual([beats(a, b), beats(a, b)]);
      }),
      { numRuns: 1_000, seed: 6 },
    );
  });
});

describe('the spec’s cases', () => {
  it('a one-commit branch where two members speak beats a withheld one of two commits', () => {
    expectWin([epoch('f', { witnesses: [ann, ben] })], [epoch('1'), epoch('2', { isPrivileged: true, committer: '00'.repeat(32) })]);
  });

  it('it does not where only one speaks, however often and in however many epochs', () => {
    expectWin([epoch('1'), epoch('2')], [epoch('f', { witnesses: [ann] })]);
    expectWin([epoch('1'), epoch('2'), epoch('3')], [epoch('d', { witnesses: [ann] }), epoch('f', { witnesses: [ben] })]);
  });

  it('it does not against three commits, nor against two where two speak as well', () => {
    const spoken = [epoch('f', { witnesses: [ann, ben, cid] })];
    expectWin([epoch('1'), epoch('2'), epoch('3')], spoken);
    expectWin([epoch('1'), epoch('2', { witnesses: [ann, cid] })], spoken);
  });

  it('a quorum is two in one epoch, not one in each of two; with two quorums the boost is still one', () => {
    const spread = [epoch('1', { witnesses: [ann] }), epoch('2', { witnesses: [ben] })];
    expectWin([epoch('3'), epoch('f', { witnesses: [ann, ben] })], spread);
    const both = [epoch('1', { witnesses: [ann, ben] }), epoch('2', { witnesses: [ben, cid] })];
    expectWin([epoch('3'), epoch('4'), epoch('5'), epoch('6')], both);
    // Effective depth is three for each; the quorum decides, before the score and the tip.
    expectWin(both, [
      epoch('0', { witnesses: [ann] }),
      epoch('0', { witnesses: [ann] }),
      epoch('0', { isPrivileged: true, witnesses: [ann] }),
    ]);
  });

  it('at equal depth the better used branch wins, before what its last commit says', () => {
    const used = [epoch('f', { witnesses: [ann], committer: 'ff'.repeat(32) })];
    expectWin(used, [epoch('0', { isPrivileged: true, committer: '00'.repeat(32) })]);
  });

  it('a commit that only an admin may make beats another one, before the committers are compared', () => {
    expectWin([epoch('f', { isPrivileged: true, committer: 'ff'.repeat(32) })], [epoch('0', { committer: '00'.repeat(32) })]);
  });

  it('only the last commit of a branch is looked at', () => {
    const [low, high] = ['00'.repeat(32), 'ff'.repeat(32)];
    expectWin(
      [epoch('f', { committer: high }), epoch('2', { committer: low })],
      [epoch('0', { isPrivileged: true }), epoch('1', { committer: high })],
    );
  });

  it('the lower key wins, and of one committer the lower digest, as bytes', () => {
    expectWin([epoch('ff', { committer: `0f${'ff'.repeat(31)}` })], [epoch('00', { committer: `10${'00'.repeat(31)}` })]);
    expectWin([epoch('09')], [epoch('0a')]);
    expectWin([epoch('9f')], [epoch('a0')]);
  });
});
