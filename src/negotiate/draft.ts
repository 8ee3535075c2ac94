// An own move before it is made, and why it may not be.

import type { Hex } from '../core/bytes.ts';
import type { BodyOf } from './moveBody.ts';
import type { SettlementMove, SettlementProblem } from './settlement.ts';
import type { VerifiedSignature } from './signature.ts';
import type { HeadProblem } from './slot.ts';

/** The two lock values of a first signature, 32 random bytes each, hex: c closes it, v voids it. */
export interface FirstSecrets {
  readonly c: Hex;
  readonly v: Hex;
}

/** The two lock values of a second signature, 32 random bytes each, hex: a acknowledges the closing, l refuses it as late. */
export interface SecondSecrets {
  readonly a: Hex;
  readonly l: Hex;
}

/** An own move to be made; a signature comes with the two secret lock values it commits to. */
export type Draft =
  | { readonly type: 'talk'; readonly body: BodyOf<'ask'> | BodyOf<'answer'> }
  | { readonly type: 'offer'; readonly body: BodyOf<'offer'>; readonly signature?: VerifiedSignature; readonly secrets?: FirstSecrets }
  | {
      /** Of a plain offer it is a first signature, of a presigned one a second. */
      readonly type: 'accept';
      readonly body: BodyOf<'accept'>;
      readonly signature: VerifiedSignature;
      readonly secrets: FirstSecrets | SecondSecrets;
    }
  | {
      readonly type: 'confirm';
      readonly body: BodyOf<'confirm'>;
      readonly signature: VerifiedSignature;
      readonly secrets: SecondSecrets;
    }
  /** Does not confirm the accept that waits for it: the peer's signature is void then. */
  | { readonly type: 'decline'; readonly code: string }
  | { readonly type: 'reject'; readonly body: BodyOf<'reject'> }
  | { readonly type: 'withdraw'; readonly body: BodyOf<'withdraw'> }
  /** With `offer` it takes that presigned offer back; without, it ends the negotiation. */
  | { readonly type: 'cancel'; readonly offer?: Hex }
  | { readonly type: 'settle'; readonly body: SettlementMove };

/** Why an own move may not go out now. */
export type Refusal =
  | 'ended'
  | 'frozen'
  | 'limit'
  | 'slot-taken'
  | 'unknown-offer'
  | 'superseded'
  | 'withdrawn'
  | 'rejected'
  | 'cancelled'
  | 'expired'
  | 'unknown-accept'
  | 'window'
  | 'invalid'
  | HeadProblem
  | SettlementProblem;
