// The closed schema of the agreement object (PROTOCOL "The agreement").

import { z } from 'zod';
import { hex32, publicKey, unixSeconds } from './fields.ts';

/** Most alternatives one offer may carry besides its main terms. */
export const MAX_ALTERNATIVES = 4;

/** The agreement object (PROTOCOL "The agreement"). `offer` is the id of the offer move with `presigned` absent. */
export const agreementSchema = z
  .strictObject({
    v: z.literal(1),
    domain: z.literal('agent-negotiate/agreement'),
    nid: hex32,
    offer: hex32,
    /** 0 is the offer's main terms. */
    alternative: z.int().min(0).max(MAX_ALTERNATIVES),
    buyer: publicKey,
    provider: publicKey,
    offeror: publicKey,
    terms_root: hex32,
    start_by: unixSeconds,
    /** Hash of the agreement this one amends. */
    supersedes: hex32.nullable(),
    /** Hash of the framework agreement this one is a call-off of. */
    under: hex32.nullable(),
  })
  .refine(({ buyer, provider, offeror }) => buyer !== provider && (offeror === buyer || offeror === provider))
  .refine(({ supersedes, under }) => supersedes === null || under === null);
