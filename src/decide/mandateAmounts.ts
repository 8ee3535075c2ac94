// The rules of a mandate about how much: what is signed, what is paid, for how long we are bound, and how often we move.

import type { Msat } from '../core/money.ts';
import { ceilingOf } from '../negotiate/ceiling.ts';
import type { Terms } from '../negotiate/terms.ts';
import type { Action, Relation } from './mandateAction.ts';
import type { Counts, Facts } from './mandateFacts.ts';
import { ratesOfAll, ratesOfPeer, type Rates } from './mandateRates.ts';
import type { Mandate } from './mandateSchema.ts';
import { askIf, denyIf, type Finding } from './mandateVerdict.ts';
import { checkTimeToPay } from './mandateWho.ts';

type Findings = readonly Finding[];
const DAY_S = 86_400;

type Limits = NonNullable<Mandate['limits']>;

/**
 * What a deal on these terms holds for a buyer: the most it can come to, or where nothing limits it and the owner takes that, the most a
 * deal may cost, of which never more is paid. Undefined where neither is known.
 */
export function holdOf({ limits }: Mandate, { price }: Terms): Msat | undefined {
  const ceilingMsat = ceilingOf(price);
  return ceilingMsat === undefined && limits?.unbounded_price === true ? limits.per_deal_msat : ceilingMsat;
}

/** A signature on one of these terms: the dearest counts. */
export function checkSignature(mandate: Mandate, { amends, under }: Relation, terms: readonly Terms[], facts: Facts): Findings {
  const { approval } = mandate;
  const asked = (when: Mandate['approval']['when'][number]): boolean => approval.when.includes(when);
  const holds = terms.map((each) => holdOf(mandate, each));
  const above = approval.above_msat;
  const isDear = above !== undefined && holds.some((hold) => hold === undefined || hold > above);
  return [
    ...(facts.role === 'buyer' ? [...holds.flatMap((hold) => checkLimits(mandate, hold, facts)), ...checkMemory(facts)] : []),
    ...denyIf(facts.openDeals >= (mandate.limits?.open_deals ?? Infinity), 'too-many-open', 'limits.open_deals'),
    ...askIf(isDear, 'amount', 'approval.above_msat'),
    ...askIf(asked('signature'), 'signature', 'approval.when'),
    ...askIf(asked('first-deal') && (facts.dealsWithPeer ?? 0) < 1, 'first-deal', 'approval.when'),
    ...askIf(asked('amendment') && amends !== undefined, 'amendment', 'approval.when'),
    ...askIf(asked('call-off') && under !== undefined, 'call-off', 'approval.when'),
  ];
}

function checkLimits({ limits }: Mandate, hold: Msat | undefined, { heldMsat, spentMsat, paidBeforeMsat }: Facts): Findings {
  if (limits === undefined) return denyIf(true, 'no-limits', 'limits');
  if (hold === undefined) return denyIf(true, 'no-ceiling', 'limits.unbounded_price');
  return [
    // A changed deal is the same deal: what it has cost so far counts.
    ...denyIf(hold + paidBeforeMsat > limits.per_deal_msat, 'above-deal', 'limits.per_deal_msat'),
    // What is promised may be paid at any time: it counts like what was paid in the last 24 hours.
    ...denyIf(heldMsat + spentMsat + hold > limits.per_day_msat, 'above-day', 'limits.per_day_msat'),
    ...denyIf(heldMsat + hold > limits.open_msat, 'above-open', 'limits.open_msat'),
  ];
}

/** For a day, what a restored home has paid before may count against its limit without being known. */
function checkMemory({ now, restoredAt }: Facts): Findings {
  return askIf(restoredAt !== undefined && now < restoredAt + DAY_S, 'restored', 'limits.per_day_msat');
}

/** A payment comes out of what is held for its agreement. */
export function checkPayment(mandate: Mandate, { amountMsat }: Extract<Action, { kind: 'pay' }>, facts: Facts): Findings {
  const { limits, approval } = mandate;
  if (facts.role !== 'buyer' || limits === undefined) return denyIf(true, 'no-limits', 'limits');
  const { holdMsat } = facts;
  return [
    ...checkTimeToPay(mandate, facts),
    ...checkPaidWithin(limits, amountMsat, facts),
    ...checkMemory(facts),
    ...denyIf(holdMsat === undefined, 'no-hold', 'limits'),
    ...denyIf(holdMsat !== undefined && amountMsat > holdMsat, 'above-hold', 'limits'),
    ...askIf(approval.when.includes('payment'), 'payment', 'approval.when'),
  ];
}

function checkPaidWithin(limits: Limits, amountMsat: Msat, { spentMsat }: Facts): Findings {
  return [
    ...denyIf(amountMsat < 0n || amountMsat > limits.per_deal_msat, 'above-deal', 'limits.per_deal_msat'),
    ...denyIf(spentMsat + amountMsat > limits.per_day_msat, 'above-day', 'limits.per_day_msat'),
  ];
}

/** For how long the peer may leave our first signature open. */
export function checkSignatureWindow({ windows }: Mandate, confirmBy: number, { now }: Facts): Findings {
  return denyIf(!(confirmBy - now <= windows.signature_s), 'signature-window', 'windows.signature_s');
}

/** For how long what we say may stand. */
export function checkOfferWindow({ windows }: Mandate, expiresAt: number, { now }: Facts): Findings {
  return denyIf(!(expiresAt - now <= windows.offer_s), 'offer-window', 'windows.offer_s');
}

/** How often we move. */
export function checkRates(mandate: Mandate, { all, ofPeer, isFirstMove }: Pick<Facts, 'all' | 'ofPeer' | 'isFirstMove'>): Findings {
  return [...checkPace(mandate, all, isFirstMove), ...checkRate(ratesOfPeer(mandate), ofPeer, isFirstMove, 'rate.per_peer')];
}

/** How often we move, whoever hears it. */
export function checkPace(mandate: Mandate, all: Counts, isFirstMove = false): Findings {
  return checkRate(ratesOfAll(mandate), all, isFirstMove, 'rate');
}

// A count that is no number is beyond every limit.
function checkRate(rates: Rates, { movesInMinute, movesInHour, newInHour }: Counts, isFirstMove: boolean, path: string): Findings {
  return [
    ...denyIf(!(movesInMinute < rates.moves_per_minute), 'rate-minute', `${path}.moves_per_minute`),
    ...denyIf(!(movesInHour < rates.moves_per_hour), 'rate-hour', `${path}.moves_per_hour`),
    ...denyIf(isFirstMove && !(newInHour < rates.new_per_hour), 'rate-new', `${path}.new_per_hour`),
  ];
}
