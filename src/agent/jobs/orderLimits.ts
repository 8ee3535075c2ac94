// The limits that an order was given, so that the same words with other limits are told from the same order.

import { z } from 'zod';
import { longText } from '../../negotiate/fields.ts';
import { DEFAULT_COLLECT_S } from '../rfq/rfqRecord.ts';
import type { StrategyChoice } from '../../decide/strategies/buildStrategy.ts';

const NAMES = [
  'maxMsat',
  'bidMsat',
  'withinS',
  'minTrust',
  'strategy',
  'rounds',
  'mayAttest',
  'answer',
  'askProviders',
  'askWeights',
  'askCollectS',
] as const;

/** One of the limits of an order; everything else that it says are its words. */
export type LimitName = (typeof NAMES)[number];

/** Limits as a job keeps them: as texts, those that were named. */
export const orderLimitsSchema = z.partialRecord(z.enum(NAMES), longText);

/** Limits, by name. */
export type OrderLimits = z.infer<typeof orderLimitsSchema>;

/** What an order says of limits. */
export interface Limited {
  readonly maxMsat: bigint;
  readonly bidMsat?: bigint | undefined;
  readonly withinS?: number | undefined;
  readonly minTrust: number;
  readonly strategy?: StrategyChoice | undefined;
  readonly rounds?: number | undefined;
  readonly mayAttest: boolean;
  readonly answer?: string | undefined;
}

/** How several are asked. */
export interface LimitedAsk {
  readonly providers: number;
  readonly weights: { readonly price: number; readonly time: number; readonly trust: number };
  readonly collectS: number;
}

/** The limits of an order. */
export function limitsOf(order: Limited, ask: LimitedAsk | undefined): OrderLimits {
  const { maxMsat, bidMsat, withinS, minTrust, strategy, rounds, mayAttest, answer } = order;
  const said: Readonly<Record<LimitName, string | undefined>> = {
    maxMsat: maxMsat.toString(),
    bidMsat: bidMsat?.toString(),
    withinS: withinS?.toString(),
    minTrust: minTrust === 0 ? undefined : minTrust.toString(),
    strategy: strategy === undefined ? undefined : JSON.stringify(strategy),
    rounds: rounds?.toString(),
    mayAttest: mayAttest ? 'yes' : undefined,
    answer,
    askProviders: ask?.providers.toString(),
    askWeights: ask === undefined || isPriceAlone(ask) ? undefined : JSON.stringify(ask.weights),
    askCollectS: ask?.collectS === DEFAULT_COLLECT_S ? undefined : ask?.collectS.toString(),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** True for the usual weights: whoever names them has named nothing. */
function isPriceAlone({ weights: { time, trust } }: LimitedAsk): boolean {
  return time === 0 && trust === 0;
}

/** What is kept of an order; without `limits` it is one of an earlier version. */
export interface KeptOrder {
  readonly limits?: OrderLimits | undefined;
  readonly maxMsat: string;
  readonly bidMsat: string;
  readonly withinS?: number | undefined;
  readonly answer?: string | undefined;
}

/** The names of the limits that differ from those of an earlier order, left-out ones included. */
export function listChanged(earlier: KeptOrder, now: OrderLimits): readonly LimitName[] {
  const { limits } = earlier;
  if (limits !== undefined) return NAMES.filter((name) => limits[name] !== now[name]);
  const { maxMsat, bidMsat, withinS, answer } = earlier;
  const known = { maxMsat, bidMsat: now.bidMsat === undefined ? undefined : bidMsat, withinS: withinS?.toString(), answer };
  return (['maxMsat', 'bidMsat', 'withinS', 'answer'] as const).filter((name) => known[name] !== now[name]);
}
