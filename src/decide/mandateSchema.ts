// What a mandate consists of: a closed document in which the owner says what the agent may do while he is away.

import { z } from 'zod';
import { lineText } from '../negotiate/fields.ts';
import { TERMS_LEAVES, type TermsLeaf } from '../negotiate/termsLeaves.ts';
import { amount, bound, count, instant, keys, patterns, rounds, spanS, strategy, values, word } from './mandateFields.ts';
import { hoursSchema } from './mandateHours.ts';
import { DEFAULT_ROUNDS } from './strategies/strategySchema.ts';

/** What the owner may want to be asked about, whatever the amount. */
export const ASK_WHEN = [
  'signature',
  'presigned-offer',
  'first-deal',
  'unknown-trust',
  'unbounded-price',
  'amendment',
  'call-off',
  'payment',
  'free-text',
  'publication',
] as const;

/** What may go out to everybody. */
export const PUBLICATIONS = ['announcement', 'attestation'] as const;

const leaf = z.enum(TERMS_LEAVES as readonly [TermsLeaf, ...TermsLeaf[]], word('term'));
const leaves = z.array(leaf);
/** A leaf, or `*` for all of them. */
const leavesOrAll = z.array(z.union([z.literal('*'), leaf], word('term')));

const issueSchema = z.strictObject({
  /** Which term, by JSON pointer; of a price its ceiling counts for a buyer and its floor for a seller. */
  term: leaf,
  /** For which role it holds; both unless named. */
  as: z.enum(['buyer', 'seller'], word('choice')).optional(),
  /** Which is better for the owner; the term tells it for most. */
  better: z.enum(['lower', 'higher'], word('choice')).optional(),
  /** The worst that is agreed to. */
  reserve: bound,
  /** What is aimed at; judges nothing. */
  target: bound.optional(),
  /** How much it matters to jobs beside other issues; judges nothing. */
  weight: z.number(word('weight')).gt(0, word('weight')).max(1_000, word('weight')).optional(),
});

const limitsSchema = z.strictObject({
  /** The most that one deal may come to. */
  per_deal_msat: amount,
  /** The most that is paid or promised within any 24 hours. */
  per_day_msat: amount,
  /** The most that all signatures and unpaid deals together may come to. */
  open_msat: amount,
  /** How many signatures and unpaid deals there may be at once. */
  open_deals: count.default(64),
  /** Whether a price that nothing limits may be signed; then `per_deal_msat` stands for it. */
  unbounded_price: z.boolean(word('boolean')).default(false),
});

const rateFields = { moves_per_minute: count.optional(), moves_per_hour: count.optional(), new_per_hour: count.optional() };

/** How often the agent may move by itself; what is not named has a default that fits what is. */
const rateSchema = z.strictObject({ ...rateFields, per_peer: z.strictObject(rateFields).optional() });

/** The document; fields that it does not know are problems. */
export const mandateSchema = z.strictObject({
  version: z.literal(1, word('version')),
  name: lineText,
  role: z.enum(['buyer', 'seller', 'both'], word('choice')),
  valid_from: instant.optional(),
  valid_until: instant.optional(),
  services: z.strictObject({
    /** What is bought or sold, as kind 38990 names it. */
    capabilities: patterns,
    /** NIP-90 kinds that terms may name; without this they name none. */
    dvm_kinds: z.array(z.int(word('whole-number')).min(5_000, word('dvm-kind')).max(5_999, word('dvm-kind'))).optional(),
    /** Only services found by an announcement with such an identifier (`d` tag). */
    announcements: patterns.optional(),
  }),
  peers: z.strictObject({
    /** Who may be dealt with; `*` is everybody who is not denied. */
    allow: keys.min(1, word('empty')),
    deny: keys.default([]),
    /** Deal with nobody who scores less (ai.wot, 0 to 100); an unknown score is less than any. */
    min_trust: z.int(word('whole-number')).min(0, word('whole-number')).max(100, word('too-large')).default(0),
  }),
  /** Needed where the agent buys. */
  limits: limitsSchema.optional(),
  issues: z.array(issueSchema).max(32, word('too-large')).default([]),
  /** How jobs bargain that are not told otherwise; by fixed rules without it. Judges nothing. */
  bargain: z.strictObject({ strategy, rounds: rounds.default(DEFAULT_ROUNDS) }).optional(),
  terms: z
    .strictObject({
      required: leaves.default([]),
      forbidden: leaves.default([]),
      price_models: z
        .array(z.enum(['fixed', 'per_unit', 'subscription', 'prepaid', 'milestones'], word('choice')))
        .min(1, word('empty'))
        .default(['fixed']),
      /** What a term may be, by pointer; of a list each entry. */
      values: z.partialRecord(leaf, values).default({}),
    })
    .prefault({}),
  /** What may be said before both hold an agreement. */
  disclosure: z.strictObject({
    /** Terms that may stand in an opening or an offer; `*` is all. */
    terms: leavesOrAll.min(1, word('empty')),
    /** Whether words of the agent's own may be said: questions, answers, reasons, what an opening asks for. */
    free_text: z.boolean(word('boolean')),
    /** The longest text of a move or a term, in characters. */
    max_text_chars: z.int(word('whole-number')).min(1, word('zero')).max(16_000, word('too-large')),
    /** Whether questions and answers may name files. */
    attachments: z.boolean(word('boolean')).default(false),
    /** What may go out to everybody; without it attestations, and announcements where everybody may be dealt with. */
    public: z.array(z.enum(PUBLICATIONS, word('choice'))).optional(),
  }),
  approval: z
    .strictObject({
      /** Signatures for more than this wait for the owner. */
      above_msat: amount.optional(),
      when: z.array(z.enum(ASK_WHEN, word('choice'))).default([]),
    })
    .prefault({}),
  hours: hoursSchema.optional(),
  rate: rateSchema.default({}),
  windows: z
    .strictObject({
      /** For how long a first signature of ours may be open. */
      signature_s: spanS.default(7_200),
      /** For how long an offer of ours may stand, and a negotiation that we open may last. */
      offer_s: spanS.default(7 * 86_400),
    })
    .prefault({}),
});

/** A mandate that has been read; whether it contradicts itself is for `findContradictions`. */
export type Mandate = z.output<typeof mandateSchema>;
/** One term with its limit. */
export type MandateIssue = Mandate['issues'][number];
/** What may go out to everybody. */
export type Publication = (typeof PUBLICATIONS)[number];
/** What the owner may want to be asked about. */
export type AskWhen = (typeof ASK_WHEN)[number];
