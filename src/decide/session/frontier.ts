// What two sides could get: the points that no other point beats for both, and the fair ones among them.

import { outcomeAt, makeOutcome } from '../outcomeSpace.ts';
import { EPSILON, rankOutcomes, type Ranking } from '../ranking.ts';
import { sharesOf, valueOf, type Domain, type Outcome, type Utility } from '../utility.ts';

/** What an outcome is worth to the two sides. */
export interface Point {
  readonly worths: readonly [number, number];
  readonly outcome: () => Outcome;
}

/** What could be got. */
export interface Prospects {
  readonly reserves: readonly [number, number];
  /** Best and worst of each side in the whole domain. */
  readonly best: readonly [number, number];
  readonly worst: readonly [number, number];
  /** The Pareto frontier, best for the first side first. */
  readonly frontier: readonly Point[];
  /** True when every outcome of the domain was looked at; else the frontier is close, not exact. */
  readonly isExact: boolean;
  /** Of the frontier, points of the greatest product of gains, of the greatest smaller gain, and of the most equal shares of gains. */
  readonly nash: readonly Point[];
  readonly kalai: readonly Point[];
  readonly kalaiSmorodinsky: readonly Point[];
  /** The greatest sum of both worths. */
  readonly mostWelfare: number;
}

// Directions in which supported points of the frontier are looked for where not all outcomes are listed.
const DIRECTIONS = 512;

/** Looks at all outcomes of a domain, or at many thousands of them where it has more. */
export function findProspects(domain: Domain, first: Utility, second: Utility): Prospects {
  const rankings = [rankOutcomes(domain, first), rankOutcomes(domain, second)] as const;
  const frontier = findFrontier(listPoints(rankings));
  const reserves = [first.reserve, second.reserve] as const;
  const fair = frontier.filter(({ worths }) => worths[0] >= reserves[0] - EPSILON && worths[1] >= reserves[1] - EPSILON);
  const gains = ({ worths }: Point): readonly [number, number] => [worths[0] - reserves[0], worths[1] - reserves[1]];
  const most = [0, 1].map((side) => Math.max(EPSILON, ...fair.map((point) => gains(point)[side] ?? 0)));
  const unequal = (point: Point): number => Math.abs(gains(point)[0] / (most[0] ?? 1) - gains(point)[1] / (most[1] ?? 1));
  return {
    reserves,
    best: [rankings[0].best, rankings[1].best],
    worst: [rankings[0].worst, rankings[1].worst],
    frontier,
    isExact: rankings[0].space.isWhole,
    nash: listGreatest(fair, (point) => Math.max(0, gains(point)[0]) * Math.max(0, gains(point)[1])),
    kalai: listGreatest(fair, (point) => Math.min(...gains(point))),
    kalaiSmorodinsky: listGreatest(fair, (point) => -unequal(point)),
    mostWelfare: frontier.reduce((sum, { worths }) => Math.max(sum, worths[0] + worths[1]), 0),
  };
}

/** The points that none beats, best for the first side first: sorted once, then swept once. */
export function findFrontier(points: readonly Point[]): readonly Point[] {
  const sorted = points.toSorted((a, b) => b.worths[0] - a.worths[0] || b.worths[1] - a.worths[1]);
  let highest = -1;
  return sorted.filter(({ worths }) => {
    if (worths[1] <= highest + EPSILON) return false;
    highest = worths[1];
    return true;
  });
}

function listGreatest(points: readonly Point[], worthOf: (point: Point) => number): readonly Point[] {
  const greatest = points.reduce((most, point) => Math.max(most, worthOf(point)), Number.NEGATIVE_INFINITY);
  return points.filter((point) => worthOf(point) >= greatest - EPSILON);
}

function listPoints(rankings: readonly [Ranking, Ranking]): readonly Point[] {
  const [first, second] = rankings;
  const { space } = first;
  const listed =
    first.byNumber === undefined || second.byNumber === undefined
      ? rankings.flatMap((ranking) => Array.from({ length: ranking.count }, (_, rank) => pointOf(rankings, ranking.at(rank))))
      : Array.from(first.byNumber, (worth, number): Point => ({
          worths: [worth, second.byNumber?.[number] ?? 0],
          outcome: () => outcomeAt(space, number),
        }));
  return space.isWhole ? listed : [...listed, ...listSupported(rankings)];
}

function pointOf([first, second]: readonly [Ranking, Ranking], outcome: Outcome): Point {
  return { worths: [first.worthOf(outcome) ?? 0, second.worthOf(outcome) ?? 0], outcome: () => outcome };
}

/** Outcomes of the greatest weighted sum of both worths: the worth is a sum over issues, so each issue is chosen by itself. */
function listSupported(rankings: readonly [Ranking, Ranking]): readonly Point[] {
  const { space } = rankings[0];
  const [ones, others] = rankings.map(({ utility }) => listAdds(space.domain, utility, space.rungs));
  return Array.from({ length: DIRECTIONS + 1 }, (_, i) => {
    const tilt = i / DIRECTIONS;
    const digits = (ones ?? []).map((adds, issue) => {
      const sums = adds.map((add, rung) => tilt * add + (1 - tilt) * (others?.[issue]?.[rung] ?? 0));
      return sums.indexOf(sums.reduce((most, sum) => Math.max(most, sum), Number.NEGATIVE_INFINITY));
    });
    return pointOf(rankings, makeOutcome(space, digits));
  });
}

function listAdds(domain: Domain, utility: Utility, rungs: Ranking['space']['rungs']): readonly (readonly number[])[] {
  const shares = sharesOf(domain, utility);
  return domain.issues.map((issue, i) => (rungs[i] ?? []).map((value) => (shares[i] ?? 0) * valueOf(issue, utility, value)));
}
