// Mandates for tests: one that allows a lot, random ones, and facts to judge by.

import fc from 'fast-check';
import { parseMandate } from './mandate.ts';
import type { Facts } from './mandateFacts.ts';
import type { Mandate } from './mandateSchema.ts';

/** A key. */
export const PEER = 'a'.repeat(64);
/** Another key. */
export const STRANGER = 'b'.repeat(64);
/** The time in these tests. */
export const NOW = 1_800_000_000;

/** A document that a buyer might write; every test changes one thing. */
export const BUYER_DOCUMENT = {
  version: 1,
  name: 'translations',
  role: 'buyer',
  services: { capabilities: ['translation', 'summar*'] },
  peers: { allow: ['*'] },
  limits: { per_deal_msat: 1_000_000, per_day_msat: 3_000_000, open_msat: 2_000_000 },
  issues: [{ term: '/price', reserve: 900_000, target: 600_000 }],
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 2_000 },
} as const;

/** The mandate of a document that is right. */
export function mandateOf(document: unknown): Mandate {
  const parsed = parseMandate(document);
  if (parsed.kind === 'ok') return parsed.mandate;
  throw new Error(parsed.problems.map(({ text }) => text).join(' '));
}

const NO_COUNTS = { movesInMinute: 0, movesInHour: 0, newInHour: 0 };

/** Facts under which nothing stands in the way. */
export const QUIET: Facts = {
  now: NOW,
  latestAt: NOW,
  peer: PEER,
  trust: 80,
  role: 'buyer',
  service: 'translation',
  announcement: undefined,
  heard: [],
  heldMsat: 0n,
  openDeals: 0,
  spentMsat: 0n,
  paidBeforeMsat: 0n,
  restoredAt: undefined,
  holdMsat: undefined,
  dealsWithPeer: 3,
  isFirstMove: false,
  all: NO_COUNTS,
  ofPeer: NO_COUNTS,
};

const anyAmount = fc.bigInt({ min: 0n, max: 4_000n });
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const compact = (value: object): object => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));

const anyLimits = fc
  .tuple(anyAmount, anyAmount, anyAmount, fc.boolean(), fc.integer({ min: 1, max: 4 }))
  .map(([a, b, c, isOpen, deals]) => {
    const [deal, open, day] = [a, b, c].toSorted((x, y) => (x < y ? -1 : 1));
    return { per_deal_msat: String(deal), open_msat: String(open), per_day_msat: String(day), unbounded_price: isOpen, open_deals: deals };
  });

const anyIssue = (limits: { readonly per_deal_msat: string }): fc.Arbitrary<object> =>
  fc.bigInt({ min: 0n, max: BigInt(limits.per_deal_msat) }).map((reserve) => ({ term: '/price', as: 'buyer', reserve: String(reserve) }));

/** Mandates that make sense, of small amounts, so that random actions meet their limits. */
export const anyMandate: fc.Arbitrary<Mandate> = anyLimits
  .chain((limits) =>
    fc.record({
      version: fc.constant(1),
      name: fc.constant('random'),
      role: fc.constantFrom('buyer', 'both', 'both'),
      valid_from: some(fc.integer({ min: NOW - 100, max: NOW + 20 })),
      valid_until: some(fc.integer({ min: NOW + 21, max: NOW + 100 })),
      services: fc.constantFrom({ capabilities: ['*'] }, { capabilities: ['trans*'], dvm_kinds: [5_002] }, { capabilities: ['summary'] }),
      peers: fc.constantFrom({ allow: ['*'] }, { allow: [PEER], min_trust: 20 }, { allow: ['*'], deny: [STRANGER] }),
      limits: fc.constant(limits),
      issues: fc.oneof(
        fc.constant([]),
        anyIssue(limits).map((issue) => [issue]),
      ),
      terms: fc.constantFrom(
        {},
        { price_models: ['fixed', 'per_unit', 'subscription', 'prepaid', 'milestones'] },
        { required: ['/delivery/within_s'] },
      ),
      disclosure: fc.constantFrom(
        { terms: ['*'], free_text: true, max_text_chars: 16_000 },
        { terms: ['/service/capability', '/scope/summary', '/price'], free_text: false, max_text_chars: 10 },
      ),
      approval: fc.record({ above_msat: fc.bigInt({ min: 0n, max: BigInt(limits.per_deal_msat) }).map(String) }),
      rate: fc.constantFrom({}, { moves_per_minute: 2, moves_per_hour: 3, new_per_hour: 1 }),
      windows: fc.constantFrom({}, { signature_s: 60, offer_s: 60 }),
    }),
  )
  .map((document) => mandateOf(compact(document)));
