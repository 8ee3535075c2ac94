// The agreement object that both signatures are about, and its hash (PROTOCOL "The agreement").

import type { z } from 'zod';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import type { agreementSchema } from './agreementSchema.ts';

/** Seconds between the first signature's `confirm_by` and the agreement's `start_by`, version 1. */
export const START_BY_S = 86_400;
/** An agreement object. */
export type Agreement = z.infer<typeof agreementSchema>;

/** Role of a party in the deal. */
export type Role = 'buyer' | 'provider';

/** What an agreement is made from. */
export interface AgreementFacts {
  readonly nid: Hex;
  readonly offer: Hex;
  readonly alternative: number;
  readonly buyer: Hex;
  readonly provider: Hex;
  readonly offeror: Hex;
  readonly termsRoot: Hex;
  /** Unix seconds until which the second signature may be made. */
  readonly confirmBy: number;
  /** Hash of the agreement that this one amends, from the offer's `amends`. */
  readonly supersedes?: Hex;
  /** Hash of the framework that this one calls off from, from the offer's `under`. An offer has one of the two at most. */
  readonly under?: Hex;
}

/** Makes the agreement object of an offer. */
export function makeAgreement(facts: AgreementFacts): Agreement {
  const { nid, offer, alternative, buyer, provider, offeror, termsRoot, confirmBy } = facts;
  return {
    v: 1,
    domain: 'agent-negotiate/agreement',
    nid,
    offer,
    alternative,
    buyer,
    provider,
    offeror,
    terms_root: termsRoot,
    start_by: confirmBy + START_BY_S,
    supersedes: facts.supersedes ?? null,
    under: facts.under ?? null,
  };
}

/** SHA-256 of the canonical agreement, hex: what both sides sign. */
export function hashAgreement(agreement: Agreement): Hex {
  return sha256Hex(canonicalJson(agreement));
}
