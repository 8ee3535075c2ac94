// What a mandate judges: every move, signature, payment and public word of ours, reduced to what the owner has a say in.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import type { Msat } from '../core/money.ts';
import type { Role } from '../negotiate/agreement.ts';
import type { BodyOf, MoveBody } from '../negotiate/moveBody.ts';
import type { Negotiation, Offer } from '../negotiate/negotiation.ts';
import { readClaim } from '../negotiate/signature.ts';
import { termsOf } from '../negotiate/slot.ts';
import type { Terms } from '../negotiate/terms.ts';

/** What an offer or a signature is to a deal that is made. */
export interface Relation {
  readonly amends?: Hex | undefined;
  readonly under?: Hex | undefined;
}

/** Something that the agent is about to do. */
export type Action =
  /** Starts a negotiation. */
  | {
      readonly kind: 'open';
      readonly role: Role;
      readonly service: string;
      readonly requirements: string;
      readonly terms?: Terms | undefined;
      readonly expiresAt: number;
    }
  | { readonly kind: 'talk'; readonly type: 'ask' | 'answer'; readonly text: string; readonly files: readonly NamedFile[] }
  /** Puts terms on the table, the main ones first; a signed one commits us. */
  | ({ readonly kind: 'offer'; readonly terms: readonly Terms[]; readonly expiresAt: number; readonly isSigned: boolean } & Relation)
  /** Signs: an accept, or a confirm. `confirmBy` for a first signature: until then we are bound and the peer is not. */
  | ({
      readonly kind: 'sign';
      readonly type: 'accept' | 'confirm';
      readonly offer: Hex;
      readonly alternative: number;
      readonly terms: Terms;
      readonly confirmBy?: number | undefined;
    } & Relation)
  /** Signs for terms that we cannot see. */
  | { readonly kind: 'blind'; readonly type: 'accept' | 'confirm' }
  /** Declines. */
  | { readonly kind: 'reject'; readonly code: string; readonly text?: string | undefined }
  /** Does what an agreement that both hold asks for; `files` hands pieces of a file over once more. */
  | {
      readonly kind: 'perform';
      readonly type: 'input' | 'payterms' | 'deliver' | 'completion' | 'files';
      readonly text?: string | undefined;
    }
  /** Tells everybody that the peer has done this work. */
  | { readonly kind: 'attest'; readonly agreement: Hex }
  /** Decides, ends or reports what is there already: never blocked. */
  | { readonly kind: 'duty'; readonly type: DutyType }
  /** Says words to all others in a group: a message, or the group's name. Without `group` it is about to be made. */
  | {
      readonly kind: 'say';
      readonly type: 'group-message' | 'group-name';
      readonly group?: Hex | undefined;
      /** Who hears it, in the order of their keys. */
      readonly members: readonly Hex[];
      readonly text: string;
    }
  /** Brings these into a group. */
  | { readonly kind: 'invite'; readonly members: readonly Hex[] }
  /** Tells everybody what we sell. */
  | {
      readonly kind: 'publish';
      readonly type: 'announcement';
      /** Identifier (`d` tag) of the announcement. */
      readonly service: string;
      readonly name: string;
      readonly description: string;
      readonly capabilities: readonly string[];
      readonly priceMsat?: Msat | undefined;
    }
  | { readonly kind: 'pay'; readonly agreement: Hex; readonly paymentHash: Hex; readonly amountMsat: Msat; readonly terms: Terms };

/** What happens in a group and not in a negotiation. */
export type GroupAction = Extract<Action, { readonly kind: 'say' | 'invite' }>;

/** What goes out to everybody and belongs to no negotiation. */
export type PublicAction = Extract<Action, { readonly kind: 'publish' }>;

/** A file that a text names. */
export interface NamedFile {
  readonly name: string;
  readonly sha256: Hex;
}

/** Moves that decide what is signed, end what is open, report, or object. They bind to nothing new and tell nothing new. */
export type DutyType = 'close' | 'cancel' | 'withdraw' | 'receipt' | 'error' | 'funded' | 'dispute';

/** What a move of ours means for the mandate. `state` is the negotiation before it; for an `open` there is none. */
export function toAction(body: MoveBody, state: Negotiation | undefined): Action {
  switch (body.type) {
    case 'open': {
      const { role, service, requirements, terms, expires_at: expiresAt } = body;
      return { kind: 'open', role, service, requirements, terms, expiresAt };
    }
    case 'ask':
    case 'answer':
      return {
        kind: 'talk',
        type: body.type,
        text: body.text,
        files: (body.attachments ?? []).map(({ name, sha256 }) => ({ name, sha256 })),
      };
    case 'offer':
      return describeOffer(body, body.presigned !== undefined);
    case 'accept':
      return describeAccept(
        body,
        state?.offers.find(({ id }) => id === body.offer),
      );
    case 'confirm':
      return describeConfirm(body, state);
    case 'reject':
      return { kind: 'reject', code: body.code, text: body.text };
    case 'input':
    case 'payterms':
    case 'completion':
      return { kind: 'perform', type: body.type };
    case 'deliver':
      return { kind: 'perform', type: 'deliver', text: body.text };
    case 'close':
    case 'cancel':
    case 'withdraw':
    case 'receipt':
    case 'error':
    case 'funded':
    case 'dispute':
      return { kind: 'duty', type: body.type };
    default:
      return body satisfies never;
  }
}

/** An offer, signed by then or not. */
export function describeOffer(
  { terms, alternatives = [], expires_at: expiresAt, amends, under }: BodyOf<'offer'>,
  isSigned: boolean,
): Action {
  return { kind: 'offer', terms: [terms, ...alternatives], expiresAt, isSigned, amends, under };
}

/** The signature of an offer, or of one of its alternatives; `blind` where there is no such offer. */
export function describeSigning(
  type: 'accept' | 'confirm',
  offer: Offer | undefined,
  alternative: number,
  confirmBy: number | undefined,
): Action {
  const terms = offer === undefined ? undefined : termsOf(offer, alternative);
  if (offer === undefined || terms === undefined) return { kind: 'blind', type };
  const { id, amends, under } = offer;
  return { kind: 'sign', type, offer: id, alternative, terms, confirmBy, amends, under };
}

function describeAccept({ alternative, signature }: BodyOf<'accept'>, offer: Offer | undefined): Action {
  const claim = readClaim(signature);
  if (claim === undefined) return { kind: 'blind', type: 'accept' };
  return describeSigning('accept', offer, alternative, claim.order === 'first' ? claim.confirmBy : undefined);
}

function describeConfirm({ accept }: BodyOf<'confirm'>, state: Negotiation | undefined): Action {
  const pending = state?.pending;
  const offer = pending?.id === accept ? state?.offers.find(({ id }) => id === pending.offer) : undefined;
  return describeSigning('confirm', offer, pending?.alternative ?? 0, undefined);
}

/**
 * Names an action, so that the owner's yes is for exactly this one: SHA-256 of all that it says in this negotiation (for one that is
 * begun with this peer, for a group to these members). Times by which it ends are left out, as they move while the owner thinks; the mandate bounds them.
 */
export function hashAction(action: Action, where: { readonly nid?: Hex | undefined; readonly peer?: Hex }): Hex {
  const isTime = (key: string): boolean => key === 'expiresAt' || key === 'confirmBy';
  const said = Object.fromEntries(Object.entries(action).filter(([key, value]) => !isTime(key) && value !== undefined));
  const { nid = null, peer = null } = where;
  return sha256Hex(canonicalJson({ domain: 'agent-negotiate/approval/1', nid, peer, action: toJson(said) }));
}

/** Amounts as decimal digits, and nothing that JSON has no word for. */
export function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)));
}
