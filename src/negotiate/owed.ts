// What is owed for this usage, exactly: the charge of the agreed price less the credits of the agreed penalties (PROTOCOL "The agreement").

import { MAX_MSAT, parseMsat, type Msat } from '../core/money.ts';
import { applyPrice, type ChargeLine, type ChargeProblem } from './charge.ts';
import type { Terms } from './terms.ts';
import type { Usage } from './usage.ts';

/** One part of what is owed; the amounts of all lines add up to it. Credits are negative. */
export interface OwedLine {
  readonly kind: ChargeLine['kind'] | 'credit';
  /** In words. Holds the name of a milestone, unit or metric as agreed: clean it before printing. */
  readonly text: string;
  readonly amountMsat: Msat;
}

/** Why nothing is said about what is owed. `name` is the metric or milestone, or the number of the period, that it is about. */
export interface OwedRefusal {
  readonly kind: 'refused';
  readonly reason: ChargeProblem | 'missing-measure' | 'unknown-measure' | 'too-much';
  readonly name?: string;
}

/** What is owed. `leftMsat`: what usage has left of a prepaid balance, before it expires. */
export interface Owed {
  readonly kind: 'owed';
  /** `baseMsat` less `creditsMsat`. */
  readonly owedMsat: Msat;
  readonly baseMsat: Msat;
  /** At most `baseMsat`. */
  readonly creditsMsat: Msat;
  readonly leftMsat?: Msat;
  readonly lines: readonly OwedLine[];
}

type Penalty = NonNullable<Terms['penalties']>[number];

/**
 * What the buyer owes the provider under this price and these penalties. Exact: fractions of a msat are added up as they are and each
 * charge (of a subscription: each period's) is rounded up once. Usage that lacks something, or holds something that was not agreed,
 * is refused. Time, payments already made, and limits of a framework are not looked at. Pure.
 *
 * @example computeOwed({ price: makeFixedPrice(700_000n) }, {}) // { kind: 'owed', owedMsat: 700_000n, … }
 */
export function computeOwed({ price, penalties = [] }: Pick<Terms, 'price' | 'penalties'>, usage: Usage): Owed | OwedRefusal {
  const unfit = findMeasureProblem(penalties, usage);
  if (unfit !== undefined) return unfit;
  const charge = applyPrice(price, usage);
  if (charge.kind === 'refused') return charge;
  const baseMsat = sumLines(charge.lines);
  if (baseMsat > MAX_MSAT) return { kind: 'refused', reason: 'too-much' };
  const credits = listCredits(penalties, usage, baseMsat);
  const creditsMsat = -sumLines(credits);
  return {
    kind: 'owed',
    owedMsat: baseMsat - creditsMsat,
    baseMsat,
    creditsMsat,
    ...(charge.leftMsat === undefined ? {} : { leftMsat: charge.leftMsat }),
    lines: [...charge.lines, ...credits],
  };
}

function findMeasureProblem(penalties: readonly Penalty[], { measures = {} }: Usage): OwedRefusal | undefined {
  const missing = penalties.find(({ metric }) => !Object.hasOwn(measures, metric))?.metric;
  if (missing !== undefined) return { kind: 'refused', reason: 'missing-measure', name: missing };
  const unknown = Object.keys(measures)
    .toSorted()
    .find((name) => penalties.every(({ metric }) => metric !== name));
  return unknown === undefined ? undefined : { kind: 'refused', reason: 'unknown-measure', name: unknown };
}

/** Each penalty that applies, once, in the order agreed, as long as there is something to give back. */
function listCredits(penalties: readonly Penalty[], { measures = {} }: Usage, baseMsat: Msat): readonly OwedLine[] {
  let rest = baseMsat;
  return penalties.flatMap((penalty): OwedLine[] => {
    const { metric, credit_msat } = penalty;
    const measured = measures[metric];
    if (measured === undefined || !isHit(penalty, measured)) return [];
    const creditMsat = parseMsat(credit_msat);
    const amountMsat = creditMsat < rest ? creditMsat : rest;
    rest -= amountMsat;
    const limit = penalty.over === undefined ? `under ${penalty.under}` : `over ${penalty.over}`;
    const short = amountMsat < creditMsat ? ', as far as anything is owed' : '';
    return [{ kind: 'credit', text: `back, since ${metric} is ${measured}, ${limit}${short}`, amountMsat: -amountMsat }];
  });
}

function isHit({ over, under }: Penalty, measured: number): boolean {
  return (over !== undefined && measured > over) || (under !== undefined && measured < under);
}

function sumLines(lines: readonly { readonly amountMsat: Msat }[]): Msat {
  return lines.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
}
