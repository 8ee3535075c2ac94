// A buyer and a seller of one thing whose price is a number from 0 to 10, as the recorded negotiations have them.

import type { Domain, Utility } from './utility.ts';

/** One price. */
export const PRICE: Domain = { issues: [{ kind: 'integer', name: 'price', min: 0n, max: 10n, step: 1n }] };

/** Worth 1 − price / 10, and no deal is worth 0.2. */
export const BUYER: Utility = { issues: { price: { weight: 1, value: { kind: 'linear', best: 'low' } } }, reserve: 0.2 };

/** Worth price / 10, and no deal is worth 0.2. */
export const SELLER: Utility = { issues: { price: { weight: 1, value: { kind: 'linear', best: 'high' } } }, reserve: 0.2 };

/** A deal as a translator has it: far too many outcomes to list, money in msat. */
export const SERVICE: Domain = {
  issues: [
    { kind: 'integer', name: 'price_msat', min: 100_000n, max: 1_000_000_000n, step: 1_000n },
    { kind: 'integer', name: 'within_s', min: 3_600n, max: 604_800n, step: 60n },
    { kind: 'discrete', name: 'format', values: ['pdf', 'docx', 'txt'] },
    { kind: 'discrete', name: 'revisions', values: ['none', 'one', 'two', 'many'] },
  ],
};

/** Who buys that. */
export const SERVICE_BUYER: Utility = {
  issues: {
    price_msat: { weight: 5, value: { kind: 'linear', best: 'low' } },
    within_s: {
      weight: 3,
      value: {
        kind: 'points',
        points: [
          { at: 86_400n, value: 1 },
          { at: 259_200n, value: 0.6 },
          { at: 604_800n, value: 0 },
        ],
      },
    },
    format: { weight: 1, value: { kind: 'table', values: { pdf: 1, docx: 0.7, txt: 0 } } },
    revisions: { weight: 2, value: { kind: 'table', values: { none: 0, one: 0.5, two: 0.8, many: 1 } } },
  },
  reserve: 0.35,
};

/** Who sells that. */
export const SERVICE_SELLER: Utility = {
  issues: {
    price_msat: { weight: 6, value: { kind: 'linear', best: 'high' } },
    within_s: { weight: 2, value: { kind: 'linear', best: 'high' } },
    format: { weight: 1, value: { kind: 'table', values: { pdf: 0.4, docx: 0.5, txt: 1 } } },
    revisions: { weight: 2, value: { kind: 'table', values: { none: 1, one: 0.7, two: 0.4, many: 0 } } },
  },
  reserve: 0.3,
};
