// The leaves of the terms: what each one means, and its format (PROTOCOL "The agreement").

import { z } from 'zod';
import type { Json } from '../core/canonical.ts';
import {
  addressText,
  amountText,
  capability,
  hex32,
  identifier,
  lineText,
  longText,
  publicKey,
  unixSeconds,
  wholeNumber,
} from './fields.ts';
import { priceSchema } from './priceSchema.ts';
import type { TermsLeaf } from './termsLeaves.ts';

const inputSchema = z.strictObject({ name: lineText, sha256: hex32, size: wholeNumber });
const payeeSchema = z.strictObject({ address: addressText.optional(), mints: z.array(addressText).min(1).max(8).optional() });
const penaltySchema = z
  .strictObject({ metric: identifier, over: wholeNumber.optional(), under: wholeNumber.optional(), credit_msat: amountText })
  .refine(({ over, under }) => (over === undefined) !== (under === undefined));

/**
 * Format of every leaf by JSON pointer (RFC 6901). The rows are final for version 1. A list, a map or a price is one whole leaf; a leaf
 * that is absent counts as null.
 */
export const LEAF_SCHEMAS = {
  /** What is bought, as the provider announces it (kind 38990). Required. */
  '/service/capability': capability,
  /** NIP-90 job kind, 5000 to 5999. */
  '/service/dvm_kind': z.int().min(5_000).max(5_999),
  /** What the people involved call the job. */
  '/service/title': lineText,
  /** The work in words. Required. */
  '/scope/summary': longText,
  /** What the buyer hands over, by name, SHA-256 and size in bytes; names differ. */
  '/scope/inputs': z
    .array(inputSchema)
    .min(1)
    .max(64)
    .refine((inputs) => areDistinct(inputs.map(({ name }) => name))),
  /** The form of the result in words. */
  '/scope/output': longText,
  /** What the result must satisfy, one criterion each. */
  '/scope/acceptance': z.array(longText).min(1).max(32),
  /** Rounds of rework that the price includes. */
  '/scope/revisions': wholeNumber,
  /** What it costs, told apart by `model`. Required. */
  '/price': priceSchema,
  /** Latest delivery in unix seconds. Excludes within_s. */
  '/delivery/deadline': unixSeconds,
  /** Latest delivery in seconds after payment. Excludes deadline. */
  '/delivery/within_s': wholeNumber,
  /** Where the result is handed over, such as `channel` or `blossom`. */
  '/delivery/channel': identifier,
  /** How money moves, such as `ln-direct` or `cashu-2of3`. */
  '/payment/rail': identifier,
  /** When it moves, seen from the delivery. */
  '/payment/when': z.enum(['before', 'after', 'escrow', 'milestones']),
  /** Whom to pay: an address of the rail's own kind, or the mints whose ecash is taken. */
  '/payment/payee': payeeSchema.refine(isNotEmpty),
  /** Key of the one who decides a dispute. */
  '/payment/arbiter': publicKey,
  /** What may be published afterwards, such as `attestation`; absent means nothing. */
  '/confidentiality/publish': z.array(identifier).min(1).max(16).refine(areDistinct),
  /** Seconds after delivery within which both sides delete inputs and results. */
  '/confidentiality/retention_s': wholeNumber,
  /** What the buyer gets back when a measure ends over or under a limit; the metric's name ends in its unit, such as `late_s`. */
  '/penalties': z.array(penaltySchema).min(1).max(16),
  /** Unix seconds after which no call-off may be made. */
  '/framework/ends_at': unixSeconds,
  /** Most call-offs. */
  '/framework/max_calls': wholeNumber,
  /** Most that all call-offs together may cost, in msat. */
  '/framework/cap_msat': amountText,
} as const satisfies Readonly<Record<TermsLeaf, z.ZodType>>;

const REQUIRED: readonly TermsLeaf[] = ['/service/capability', '/scope/summary', '/price'];

/** True when a JSON value is one that this leaf can have; null stands for an absent leaf. */
export function isLeafValue(pointer: TermsLeaf, value: Json): boolean {
  return value === null ? !REQUIRED.includes(pointer) : LEAF_SCHEMAS[pointer].safeParse(value).success;
}

/** True for an object with at least one key. */
export function isNotEmpty(value: object): boolean {
  return Object.keys(value).length > 0;
}

function areDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
