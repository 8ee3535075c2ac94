// A request for quotation: one request put to several providers, each in a negotiation of its own that tells nothing of the others.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { amountText, capability, hex32, publicKey, talkText, unixSeconds, wholeNumber } from '../../negotiate/fields.ts';
import type { Change, RfqRecord, Store } from '../../store/records.ts';

/** Seconds for which offers are gathered unless said otherwise. */
export const DEFAULT_COLLECT_S = 600;

const weight = z.number().min(0).max(1_000_000);

/** How much price, time and trust matter. */
export const weightsSchema = z.strictObject({ price: weight, time: weight, trust: weight });

const rfqSchema = z.strictObject({
  service: capability,
  requirements: talkText,
  answer: talkText.optional(),
  maxMsat: amountText,
  withinS: wholeNumber.optional(),
  weights: weightsSchema,
  /** Unix seconds until which offers are gathered, unless all have answered before. */
  collectUntil: unixSeconds,
  /** Unix seconds at which it is given up. */
  endsAt: unixSeconds,
  /** Whom we ask, in which negotiation, and how far it is trusted (ai.wot, 0 to 100); `problem` when it could not be asked. */
  asked: z.array(z.strictObject({ peer: publicKey, nid: hex32.optional(), trust: z.number(), problem: z.string().optional() })),
  /** What came of it, once all are told. */
  outcome: z.enum(['agreed', 'no-deal']).optional(),
});

/** What is kept of a request. Amounts are decimal digits of millisatoshi. */
export type RfqBody = z.infer<typeof rfqSchema>;

/** A saved request. */
export interface Rfq {
  readonly record: RfqRecord;
  readonly body: RfqBody;
}

/** The requests, newest first. Throws `store/corrupt`. */
export function listRfqs(store: Store): readonly Rfq[] {
  return store.listRfqs().map(readRfq);
}

/** The request that a negotiation belongs to, if to any. */
export function findRfqOf(store: Store, nid: Hex): Rfq | undefined {
  return listRfqs(store).find(({ body }) => body.asked.some((each) => each.nid === nid));
}

/** The request with this id, by its first digits. Throws `input/not-found`, `input/ambiguous`. */
export function findRfq(store: Store, text: string): Rfq {
  const found = listRfqs(store).filter(({ record }) => text.length >= 4 && record.id.startsWith(text.toLowerCase()));
  const [only] = found;
  if (only === undefined) throw new NegotiateError('input/not-found', 'There is no such request. See: agent-negotiate rfq');
  if (found.length > 1) throw new NegotiateError('input/ambiguous', 'Several requests begin like this. Give more digits of the id.');
  return only;
}

/** The change that saves a request, new (version 0) or changed. */
export function saveRfq(record: RfqRecord, body: RfqBody): Change {
  return { kind: 'rfq', record: { ...record, body: JSON.stringify(rfqSchema.parse(body)) } };
}

function readRfq(record: RfqRecord): Rfq {
  try {
    return { record, body: rfqSchema.parse(JSON.parse(record.body)) };
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'A saved request cannot be read. Restore a copy of the home.', { cause });
  }
}
