// A job: a purchase or a sale that the agent sees through by itself, with what it must remember besides the negotiation.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { amountText, capability, hex32, lineText, longText, publicKey, talkText, unixSeconds } from '../../negotiate/fields.ts';
import { fileRefSchema } from '../../negotiate/files.ts';
import type { Change, JobRecord, Store } from '../../store/records.ts';
import { ownStrategySchema, roundsSchema, strategySchema } from '../../decide/strategies/strategySchema.ts';
import { orderLimitsSchema } from './orderLimits.ts';
import { savedDecisionSchema, savedOffersSchema, MOST_DECISIONS } from './savedDecision.ts';

/** What a strategy decided, latest last: for the owner alone. */
const decisions = z.array(savedDecisionSchema).max(MOST_DECISIONS).optional();

/** What was wrong with the strategy when it was last asked: a word of ours. */
const fault = z.string().max(40).optional();

const purchaseSchema = z.strictObject({
  role: z.literal('buyer'),
  find: capability,
  /** The announced service, where one was found. */
  service: z.strictObject({ id: z.string(), name: z.string(), provider: publicKey }),
  /** How many services were found, and how the provider scored (0 to 100). */
  found: z.int(),
  trust: z.strictObject({ score: z.number(), verdict: z.string() }),
  about: longText,
  answer: talkText.optional(),
  inputs: z.array(fileRefSchema),
  maxMsat: amountText,
  bidMsat: amountText,
  withinS: z.int().optional(),
  mayAttest: z.boolean(),
  /** How it bargains, where not by the fixed rules; `seed` decides what is left to chance. */
  tactics: z.strictObject({ strategy: z.union([strategySchema, ownStrategySchema]), rounds: roundsSchema, seed: z.string() }).optional(),
  /** The limits that were named when it was ordered. */
  limits: orderLimitsSchema.optional(),
  /** The request to several providers that this is one of. */
  rfq: hex32.optional(),
  decisions,
  fault,
  offers: savedOffersSchema.optional(),
  rail: z.enum(['sandbox', 'nwc']),
  isTestMoney: z.boolean(),
  /** The attestation that was published, with the salt that opens its reference. */
  attestation: z.strictObject({ id: hex32, salt: hex32 }).optional(),
  /** The result came after the agreed time, and was taken all the same. */
  isLate: z.literal(true).optional(),
  /** When missing pieces of the result were last asked for. */
  askedAt: unixSeconds.optional(),
});

const saleSchema = z.strictObject({
  role: z.literal('provider'),
  service: z.string(),
  /** The result, once the work is done. */
  result: z.array(fileRefSchema).optional(),
  resultName: lineText,
  /** Decides what a strategy leaves to chance. */
  seed: z.string().optional(),
  decisions,
  fault,
  offers: savedOffersSchema.optional(),
  askedAt: unixSeconds.optional(),
  /** When the wallet was last asked for the money. */
  checkedAt: unixSeconds.optional(),
  /** When inputs and result were deleted, as promised. */
  deletedAt: unixSeconds.optional(),
});

const jobSchema = z.discriminatedUnion('role', [purchaseSchema, saleSchema]);

/** A purchase. Amounts are decimal digits of millisatoshi. */
export type Purchase = z.infer<typeof purchaseSchema>;
/** A sale. */
export type Sale = z.infer<typeof saleSchema>;

/** A saved job. */
export interface Job<B extends Purchase | Sale = Purchase | Sale> {
  readonly record: JobRecord;
  readonly body: B;
}

/** The job of a negotiation, if it has one. Throws `store/corrupt`. */
export function findJob(store: Store, nid: Hex): Job | undefined {
  const record = store.findJob(nid);
  return record === undefined ? undefined : readJob(record);
}

/** Reads a saved job. Throws `store/corrupt`. */
export function readJob(record: JobRecord): Job {
  const parsed = jobSchema.safeParse(parseJson(record.body));
  if (parsed.success) return { record, body: parsed.data };
  throw new NegotiateError('store/corrupt', 'A saved job cannot be read. Restore a copy of the home.');
}

/** The change that saves a new job. */
export function newJob(nid: Hex, body: Purchase | Sale, now: number, key?: Hex): Change {
  const record = { nid, body: JSON.stringify(jobSchema.parse(body)), createdAt: now, ...(key === undefined ? {} : { key }) };
  return { kind: 'job', record };
}

/** The change that saves what a job has to remember from now on. */
export function updateJob<B extends Purchase | Sale>({ record, body }: Job<B>, more: Partial<B>): Change {
  return { kind: 'job', record: { ...record, body: JSON.stringify(jobSchema.parse({ ...body, ...more })) } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
