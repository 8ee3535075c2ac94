// What usage costs under each price model, before credits.

import { formatSats, parseMsat, type Msat } from '../core/money.ts';
import type { Price, PriceOf } from './price.ts';
import { formatRate } from './priceWords.ts';
import { chargeUnits, type Charge, type Rate } from './tiers.ts';
import type { Usage } from './usage.ts';

/** One part of a charge; the amounts of all lines add up to it. */
export interface ChargeLine {
  readonly kind: 'price' | 'usage' | 'period' | 'milestone' | 'minimum' | 'cap' | 'balance';
  readonly text: string;
  readonly amountMsat: Msat;
}

/** Why usage is not what a price can be applied to. */
export type ChargeProblem =
  | `missing-${UsagePart}`
  | `unexpected-${UsagePart}`
  /** Units where the agreement counts none, or above the included ones where it sells no others. */
  | 'units-not-sold'
  | 'too-many-periods'
  | 'unknown-milestone';

type UsagePart = 'units' | 'periods' | 'milestones';
type Refusal = { readonly kind: 'refused'; readonly reason: ChargeProblem; readonly name?: string };
type Charged = { readonly kind: 'charged'; readonly lines: readonly ChargeLine[]; readonly leftMsat?: Msat };

const USAGE_PARTS: readonly UsagePart[] = ['units', 'periods', 'milestones'];
const NEEDED: Readonly<Record<Price['model'], UsagePart | 'nothing'>> = {
  fixed: 'nothing',
  per_unit: 'units',
  subscription: 'periods',
  prepaid: 'units',
  milestones: 'milestones',
};

/** Charges usage at a price. The sum of the lines may be above all bitcoin. */
export function applyPrice(price: Price, usage: Usage): Charged | Refusal {
  const unexpected = USAGE_PARTS.find((part) => usage[part] !== undefined && part !== NEEDED[price.model]);
  if (unexpected !== undefined) return refuse(`unexpected-${unexpected}`);
  switch (price.model) {
    case 'fixed':
      return charged([{ kind: 'price', text: 'the whole job', amountMsat: parseMsat(price.amount_msat) }]);
    case 'per_unit':
      return usage.units === undefined ? refuse('missing-units') : chargeUse(price, usage.units);
    case 'subscription':
      return usage.periods === undefined ? refuse('missing-periods') : chargePeriods(price, usage.periods);
    case 'prepaid':
      return usage.units === undefined ? refuse('missing-units') : chargeBalance(price, usage.units);
    case 'milestones':
      return usage.milestones === undefined ? refuse('missing-milestones') : chargeMilestones(price, usage.milestones);
    default:
      return price satisfies never;
  }
}

function chargeUse(price: PriceOf<'per_unit'>, units: number): Charged {
  const { unit, minimum_msat = '0', cap_msat } = price;
  const charge = chargeUnits(price, units);
  const leastMsat = parseMsat(minimum_msat);
  const lines: ChargeLine[] = [{ kind: 'usage', text: describeUse(price, unit, units, charge), amountMsat: charge.amountMsat }];
  if (charge.amountMsat < leastMsat) {
    lines.push({ kind: 'minimum', text: `up to the least, ${formatSats(leastMsat)}`, amountMsat: leastMsat - charge.amountMsat });
  }
  return charged([...lines, ...capLine(charge.amountMsat, cap_msat, 'down to the most')]);
}

function chargePeriods({ amount_msat, periods, included, cap_msat }: PriceOf<'subscription'>, used: readonly number[]): Charged | Refusal {
  if (periods !== undefined && used.length > periods) return refuse('too-many-periods');
  const { unit = '', count = 0, over } = included ?? {};
  const unsold = over === undefined ? used.findIndex((units) => units > count) : -1;
  if (unsold >= 0) return refuse('units-not-sold', String(unsold + 1));
  const lines = used.flatMap((units, i): ChargeLine[] => {
    const name = `period ${i + 1}`;
    const period = { kind: 'period', text: name, amountMsat: parseMsat(amount_msat) } as const;
    if (over === undefined || units <= count) return [period];
    const charge = chargeUnits(over, units - count);
    const text = `${name}, above the ${count} included: ${describeUse(over, unit, units - count, charge)}`;
    const above = { kind: 'usage', text, amountMsat: charge.amountMsat } as const;
    return [period, above, ...capLine(period.amountMsat + above.amountMsat, cap_msat, `${name}, down to the most`)];
  });
  return charged(lines);
}

// The balance is owed as a whole, however much of it is used, and nothing beyond it.
function chargeBalance(price: PriceOf<'prepaid'>, units: number): Charged {
  const balanceMsat = parseMsat(price.amount_msat);
  const charge = chargeUnits(price, units);
  const drawnMsat = charge.amountMsat < balanceMsat ? charge.amountMsat : balanceMsat;
  const beyond = drawnMsat < charge.amountMsat ? ', as far as the balance goes' : '';
  const text = `${formatSats(drawnMsat)} of it drawn by ${describeUse(price, price.unit, units, charge)}${beyond}`;
  const lines: ChargeLine[] = [
    { kind: 'price', text: 'the balance', amountMsat: balanceMsat },
    { kind: 'balance', text, amountMsat: 0n },
  ];
  return { kind: 'charged', lines, leftMsat: balanceMsat - drawnMsat };
}

function chargeMilestones({ milestones }: PriceOf<'milestones'>, accepted: readonly string[]): Charged | Refusal {
  const unknown = accepted.find((name) => milestones.every((milestone) => milestone.name !== name));
  if (unknown !== undefined) return refuse('unknown-milestone', unknown);
  const done = milestones.filter(({ name }) => accepted.includes(name));
  return charged(done.map(({ name, amount_msat }) => ({ kind: 'milestone', text: name, amountMsat: parseMsat(amount_msat) })));
}

function capLine(amountMsat: Msat, cap: string | undefined, words: string): readonly ChargeLine[] {
  const capMsat = cap === undefined ? amountMsat : parseMsat(cap);
  return capMsat < amountMsat ? [{ kind: 'cap', text: `${words}, ${formatSats(capMsat)}`, amountMsat: capMsat - amountMsat }] : [];
}

function describeUse({ per }: Rate, unit: string, units: number, { shares, isRounded }: Charge): string {
  const parts = shares.map((share) => `${share.units} at ${formatRate(share.priceMsat, per, unit)}`);
  return [`${units} ${unit}`, ...parts, ...(isRounded ? ['rounded up'] : [])].join(', ');
}

function charged(lines: readonly ChargeLine[]): Charged {
  return { kind: 'charged', lines };
}

function refuse(reason: ChargeProblem, name?: string): Refusal {
  return { kind: 'refused', reason, ...(name === undefined ? {} : { name }) };
}
