// The closed schema of every move's content (PROTOCOL "Moves").

import { z } from 'zod';
import { MAX_ALTERNATIVES } from './agreementSchema.ts';
import { completionEventSchema } from './completion.ts';
import {
  addressText,
  capability,
  hex32,
  identifier,
  limitedText,
  longText,
  publicKey,
  signatureHex,
  talkText,
  unixSeconds,
  wholeNumber,
} from './fields.ts';
import { fileListSchema } from './files.ts';
import { signedEventSchema } from './signatureSchema.ts';
import { termsSchema } from './termsSchema.ts';

const v = z.literal(1);
const attachments = z
  .array(z.strictObject({ name: longText, sha256: hex32, size: wholeNumber }))
  .min(1)
  .max(16)
  .optional();

/** Starts a negotiation; its own event id becomes the nid. */
export const openSchema = z.strictObject({
  v,
  type: z.literal('open'),
  to: publicKey,
  /** What the sender will be in the deal. */
  role: z.enum(['buyer', 'provider']),
  service: capability,
  requirements: talkText,
  terms: termsSchema.optional(),
  /** Optional parts of the protocol that the sender can use; an entry that ends in `!` is critical. */
  features: z.array(z.string().regex(/^[a-z0-9.-]{1,32}!?$/)).max(16),
  nonce: hex32,
  expires_at: unixSeconds,
});

const askSchema = z.strictObject({ v, type: z.literal('ask'), re: hex32.optional(), text: talkText, attachments });
const answerSchema = z.strictObject({ v, type: z.literal('answer'), re: hex32.optional(), text: talkText, attachments });
const offerSchema = z
  .strictObject({
    v,
    type: z.literal('offer'),
    terms: termsSchema,
    salt_seed: hex32,
    expires_at: unixSeconds,
    re: hex32.optional(),
    /** Other terms that its maker likes as well; an accept names one by its place, from 1. */
    alternatives: z.array(termsSchema).min(1).max(MAX_ALTERNATIVES).optional(),
    /** Its maker's signature, first. */
    presigned: signedEventSchema.optional(),
    /** Hash of the agreement that it would amend. */
    amends: hex32.optional(),
    /** Hash of the framework agreement that it would call off from. */
    under: hex32.optional(),
  })
  .refine(({ amends, under }) => amends === undefined || under === undefined)
  .refine(({ alternatives, presigned }) => alternatives === undefined || presigned === undefined);
const acceptSchema = z.strictObject({
  v,
  type: z.literal('accept'),
  offer: hex32,
  alternative: z.int().min(0).max(MAX_ALTERNATIVES),
  agreement: hex32,
  signature: signedEventSchema,
});
const confirmSchema = z.strictObject({ v, type: z.literal('confirm'), accept: hex32, agreement: hex32, signature: signedEventSchema });
const closeSchema = z.strictObject({ v, type: z.literal('close'), re: hex32, agreement: hex32, c: hex32 });
/** With `re` and `v` the first signer voids its signature; with neither it ends an undecided negotiation. */
const cancelSchema = z
  .strictObject({ v, type: z.literal('cancel'), re: hex32.optional(), void: hex32.optional() })
  .refine(({ re, void: value }) => (re === undefined) === (value === undefined));
const rejectSchema = z.strictObject({
  v,
  type: z.literal('reject'),
  offer: hex32,
  final: z.boolean(),
  code: identifier,
  text: longText.optional(),
});
const withdrawSchema = z.strictObject({ v, type: z.literal('withdraw'), offer: hex32 });
const receiptSchema = z.strictObject({ v, type: z.literal('receipt'), upto: wholeNumber, a: hex32.optional() });
// Signed by payee or payer for a rail; what they say is checked where the rail is (src/pay).
const paymentEventSchema = z.strictObject({
  id: hex32,
  pubkey: publicKey,
  created_at: unixSeconds,
  kind: z.int().min(0).max(65_535),
  tags: z.array(z.array(limitedText(1_000)).min(1).max(4)).max(16),
  content: z.literal(''),
  sig: signatureHex,
});
const inputSchema = z.strictObject({ v, type: z.literal('input'), agreement: hex32, files: fileListSchema });
const paytermsSchema = z.strictObject({
  v,
  type: z.literal('payterms'),
  agreement: hex32,
  terms: paymentEventSchema,
  /** What to pay, in the rail's own form: a BOLT11 invoice. */
  request: z.string().regex(/^[!-~]{1,4000}$/),
  salt: hex32,
});
const fundedSchema = z.strictObject({
  v,
  type: z.literal('funded'),
  agreement: hex32,
  funded: paymentEventSchema,
  /** What proves the payment to the payee, in the rail's own form: a preimage. */
  proof: addressText.optional(),
});
const deliverSchema = z.strictObject({ v, type: z.literal('deliver'), agreement: hex32, files: fileListSchema, text: longText.optional() });
const completionSchema = z.strictObject({ v, type: z.literal('completion'), agreement: hex32, signature: completionEventSchema });
const disputeSchema = z.strictObject({ v, type: z.literal('dispute'), agreement: hex32, code: identifier, text: longText.optional() });
const errorSchema = z.strictObject({ v, type: z.literal('error'), re: hex32, code: identifier, l: hex32.optional() });

/** The content of a move, told apart by `type`. */
export const moveBodySchema = z.discriminatedUnion('type', [
  openSchema,
  askSchema,
  answerSchema,
  offerSchema,
  acceptSchema,
  confirmSchema,
  closeSchema,
  cancelSchema,
  rejectSchema,
  withdrawSchema,
  receiptSchema,
  errorSchema,
  inputSchema,
  paytermsSchema,
  fundedSchema,
  deliverSchema,
  completionSchema,
  disputeSchema,
]);

/** The content of a move, told apart by `type`; the signatures inside are checked for shape only. */
export type MoveBody = z.infer<typeof moveBodySchema>;
/** The names of the moves. */
export type MoveType = MoveBody['type'];
/** The content of one type of move. */
export type BodyOf<T extends MoveType> = Extract<MoveBody, { type: T }>;
