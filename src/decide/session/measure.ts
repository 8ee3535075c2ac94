// How good a negotiation was for its two sides, beside what they could have got.

import type { Point, Prospects } from './frontier.ts';
import type { Session } from './playSession.ts';

/** How far an agreement is from the nearest of some points, and that as a mark: 1 there, 0 as far away as the whole domain reaches. */
export interface Nearness {
  readonly distance: number;
  readonly optimality: number;
}

/** Measures of one negotiation. Without an agreement each side has its reserve, and nothing is near to anything. */
export interface Measures {
  readonly isAgreed: boolean;
  readonly rounds: number;
  readonly worths: readonly [number, number];
  /** The sum of both worths, the difference between them, and what both gained over their reserves. */
  readonly welfare: number;
  readonly gap: number;
  readonly gains: number;
  /** The welfare as a part of the most there could have been. */
  readonly welfareOptimality: number;
  readonly pareto?: Nearness;
  readonly nash?: Nearness;
  readonly kalai?: Nearness;
  readonly kalaiSmorodinsky?: Nearness;
}

/** Measures a session by what could have been got. `worthOf` says what the agreed outcome is worth to the two. */
export function measureSession({ end, rounds }: Session, prospects: Prospects, worths: readonly [number, number] | undefined): Measures {
  const { reserves, mostWelfare } = prospects;
  const isAgreed = end.kind === 'agreed' && worths !== undefined;
  const got = isAgreed ? worths : reserves;
  const welfare = got[0] + got[1];
  const common = {
    isAgreed,
    rounds,
    worths: got,
    welfare,
    gap: Math.abs(got[0] - got[1]),
    gains: isAgreed ? welfare - reserves[0] - reserves[1] : 0,
    welfareOptimality: isAgreed && mostWelfare > 0 ? welfare / mostWelfare : 0,
  };
  return isAgreed ? { ...common, ...measureNearness(got, prospects) } : common;
}

type Fairness = Pick<Measures, 'pareto' | 'nash' | 'kalai' | 'kalaiSmorodinsky'>;

function measureNearness(worths: readonly [number, number], prospects: Prospects): Fairness {
  const { best, worst, frontier, nash, kalai, kalaiSmorodinsky } = prospects;
  const reach = Math.hypot(best[0] - worst[0], best[1] - worst[1]);
  const near = (points: readonly Point[]): Nearness | undefined => {
    if (points.length === 0) return undefined;
    const distance = points.reduce((least, point) => Math.min(least, measureGap(worths, point)), Number.POSITIVE_INFINITY);
    return { distance, optimality: reach === 0 ? 1 : Math.max(0, 1 - distance / reach) };
  };
  const all = { pareto: near(frontier), nash: near(nash), kalai: near(kalai), kalaiSmorodinsky: near(kalaiSmorodinsky) };
  return Object.fromEntries(Object.entries(all).filter(([, nearness]) => nearness !== undefined));
}

function measureGap(worths: readonly [number, number], point: Point): number {
  return Math.hypot(worths[0] - point.worths[0], worths[1] - point.worths[1]);
}
