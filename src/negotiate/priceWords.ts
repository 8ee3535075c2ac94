// Prices in words: one line for a list, and every part of one for the person who approves it.

import { formatSats, parseMsat, type Msat } from '../core/money.ts';
import type { Price, PriceOf } from './price.ts';
import { sumAmounts } from './milestones.ts';
import { renderSeconds } from './renderTime.ts';
import type { Rate } from './tiers.ts';

/** The price on one line, without text of the peer but for the name of a unit. @example formatPrice(makeFixedPrice(700_000n)) // '700 sats' */
export function formatPrice(price: Price): string {
  switch (price.model) {
    case 'fixed':
      return formatAmount(price.amount_msat);
    case 'per_unit': {
      const { unit, minimum_msat, cap_msat } = price;
      return [formatTiers(price, unit), ...say('at least', minimum_msat), ...say('at most', cap_msat)].join(', ');
    }
    case 'subscription':
      return formatSubscription(price);
    case 'prepaid': {
      const { amount_msat, unit, expires_s } = price;
      const validity = expires_s === undefined ? [] : [`valid for ${renderSeconds(expires_s)} after payment`];
      return [`${formatAmount(amount_msat)} prepaid`, `drawn down at ${formatTiers(price, unit)}`, ...validity].join(', ');
    }
    case 'milestones': {
      const { milestones } = price;
      return `${formatSats(sumAmounts(milestones))} in ${milestones.length} ${milestones.length === 1 ? 'milestone' : 'milestones'}`;
    }
    default:
      return price satisfies never;
  }
}

/** Every part of a price, as pairs of a label and a text of one line; different prices give different pairs. */
export function listPriceParts(price: Price): readonly (readonly [label: string, text: string])[] {
  return [['Price', formatPrice(price)], ...listDetails(price)];
}

/** What so many units cost at one price. @example formatRate(2_000n, 1_000, 'token') // '2 sats per 1000 token' */
export function formatRate(priceMsat: Msat, per: number, unit: string): string {
  return `${formatSats(priceMsat)} per ${per === 1 ? '' : `${per} `}${unit}`;
}

function listDetails(price: Price): readonly (readonly [string, string])[] {
  switch (price.model) {
    case 'fixed':
      return [];
    case 'per_unit':
    case 'prepaid':
      return listTiers(price, price.unit).map((text, i) => [`Tier ${i + 1}`, text]);
    case 'subscription': {
      const { unit = '', over } = price.included ?? {};
      return over === undefined ? [] : listTiers(over, unit).map((text, i) => [`Tier ${i + 1} above the included`, text]);
    }
    case 'milestones':
      return price.milestones.map(({ name, amount_msat }, i) => [`Milestone ${i + 1}`, `${formatAmount(amount_msat)}, ${name}`]);
    default:
      return price satisfies never;
  }
}

function formatSubscription({ amount_msat, period_s, periods, included, cap_msat }: PriceOf<'subscription'>): string {
  const parts = [`${formatAmount(amount_msat)} per ${renderSeconds(period_s)}`];
  parts.push(periods === undefined ? 'open-ended' : `at most ${periods} times`);
  if (included !== undefined) parts.push(`${included.count} ${included.unit} included each time`);
  if (included?.over !== undefined) parts.push(`more at ${formatTiers(included.over, included.unit)}`);
  if (cap_msat !== undefined) parts.push(`at most ${formatAmount(cap_msat)} each time`);
  return parts.join(', ');
}

function formatTiers({ tiers, per, tiering }: Rate, unit: string): string {
  const first = formatRate(parseMsat(tiers[0]?.price_msat ?? '0'), per, unit);
  return tiers.length === 1 ? first : `${first} to begin with (${tiers.length} tiers, ${tiering})`;
}

// Units are numbered, so that it is plain in which tier the unit at a border is.
function listTiers({ tiers, per, tiering }: Rate, unit: string): readonly string[] {
  return tiers.map(({ from, price_msat }, i) => {
    const end = tiers[i + 1]?.from;
    const rate = formatRate(parseMsat(price_msat), per, unit);
    if (tiering === 'graduated')
      return `${rate}, ${end === undefined ? `from ${unit} ${from + 1} on` : `for ${unit} ${from + 1} to ${end}`}`;
    return `${rate}, for all of them if there are ${end === undefined ? `${from} or more` : `${from} to ${end - 1}`}`;
  });
}

function say(words: string, amountMsat: string | undefined): readonly string[] {
  return amountMsat === undefined ? [] : [`${words} ${formatAmount(amountMsat)}`];
}

function formatAmount(amountMsat: string): string {
  return formatSats(parseMsat(amountMsat));
}
