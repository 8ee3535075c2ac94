// Makes own moves once more that this side has made and forgotten: the state machine has to come to the very same events, or it is no replay.

import type { Hex } from '../core/bytes.ts';
import type { Arrival } from './chain.ts';
import type { Draft, FirstSecrets, SecondSecrets } from './draft.ts';
import type { MoveHeader, MoveRumor } from './move.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import type { Negotiation } from './negotiation.ts';
import { hashLock, readClaim, type SignedEvent, type VerifiedSignature } from './signature.ts';
import { transition, type CheckedArrival, type Transition } from './transition.ts';

/** An own move that was forgotten, as its event has it; `madeAt` is that event's time (unix seconds). */
export interface ForgottenMove {
  readonly header: MoveHeader;
  readonly body: MoveBody;
  readonly madeAt: number;
}

/** What a signature was made for, as far as its two lock values depend on it. */
export interface SigningPlace {
  readonly nid: Hex;
  /** The offer or accept that was signed; the seed of the salts of an own offer. */
  readonly about: Hex;
  /** Unix seconds. */
  readonly at: number;
  /** How many moves we had made by then. */
  readonly place: number;
}

/** The two lock values of the signature made there. */
export type FindLockValues = (place: SigningPlace) => { readonly yes: Hex; readonly no: Hex };

/** The state after a replay, and every move that it has made again. */
export interface Replayed {
  readonly state: Negotiation;
  readonly made: readonly MoveRumor[];
}

// A signature may have been planned before moves that went out ahead of it.
const MAX_AHEAD = 8;

/**
 * The state after the first of `own`, the own moves that `state` lacks, in their order. It was made of itself, by time, or as the answer to the
 * next of `theirs`, which is taken in then. Undefined when the move cannot have been made in this state.
 */
export function replayNext(state: Negotiation, move: ForgottenMove, theirs: CheckedArrival | undefined, find: FindLockValues): Replayed | undefined {
  const { header, madeAt: now } = move;
  if (header.seq !== state.chain.sent.length + 1 || header.prev !== (state.chain.sent.at(-1)?.id ?? '')) return undefined;
  const inputs = [
    ...draftsOf(state, move, find).map((draft) => ({ kind: 'issue', draft, now }) as const),
    { kind: 'tick', now } as const,
    ...(theirs === undefined ? [] : [{ kind: 'received', arrival: theirs, now } as const]),
  ];
  for (const input of inputs) {
    const made = readMade(transition(state, input), header.id);
    if (made !== undefined) return made;
  }
  return undefined;
}

/** The state after a move of the peer that we had taken in without a word; undefined when it would have been answered. */
export function takeInSilently(state: Negotiation, arrival: CheckedArrival, now: number): Negotiation | undefined {
  const result = transition(state, { kind: 'received', arrival, now });
  return result.kind === 'moved' && result.send.length === 0 ? result.state : undefined;
}

/** True for a move of the peer that comes next. */
export function isNext({ chain }: Negotiation, { header }: Arrival): boolean {
  return header.seq === chain.received.length + 1;
}

function readMade(result: Transition, id: Hex): Replayed | undefined {
  return result.kind === 'moved' && result.send[0]?.id === id ? { state: result.state, made: result.send } : undefined;
}

/** What may have been decided, for each kind of move; the kinds that are only ever answers have nothing here. */
function draftsOf(state: Negotiation, { header, body }: ForgottenMove, find: FindLockValues): readonly Draft[] {
  switch (body.type) {
    case 'ask':
    case 'answer':
      return [{ type: 'talk', body }];
    case 'offer':
      return offersOf(header, body, find);
    case 'accept':
      return sign(header, body.signature, { nid: state.nid, about: body.offer }, find, (signature, secrets) => ({ type: 'accept', body, signature, secrets }));
    case 'confirm':
      return sign(header, body.signature, { nid: state.nid, about: body.accept }, find, (signature, secrets) =>
        'a' in secrets ? { type: 'confirm', body, signature, secrets } : undefined,
      );
    case 'reject':
      return [{ type: 'reject', body }];
    case 'withdraw':
      return [{ type: 'withdraw', body }];
    case 'cancel':
      return [body.re === undefined ? { type: 'cancel' } : { type: 'cancel', offer: body.re }];
    case 'error':
      return [{ type: 'decline', code: body.code }];
    case 'input':
    case 'payterms':
    case 'funded':
    case 'deliver':
    case 'completion':
    case 'dispute':
      return [{ type: 'settle', body }];
    case 'open':
    case 'close':
    case 'receipt':
      return [];
    default:
      return body satisfies never;
  }
}

function offersOf(header: MoveHeader, body: BodyOf<'offer'>, find: FindLockValues): readonly Draft[] {
  if (body.presigned === undefined) return [{ type: 'offer', body }];
  return sign(header, body.presigned, { nid: header.nid, about: body.salt_seed }, find, (signature, secrets) =>
    'c' in secrets ? { type: 'offer', body, signature, secrets } : undefined,
  );
}

/** With the lock values that the signature names by their hashes. */
function sign(
  { seq }: MoveHeader,
  event: SignedEvent,
  what: Pick<SigningPlace, 'nid' | 'about'>,
  find: FindLockValues,
  make: (signature: VerifiedSignature, secrets: FirstSecrets | SecondSecrets) => Draft | undefined,
): readonly Draft[] {
  const claim = readClaim(event);
  if (claim === undefined) return [];
  const [yesLock, noLock] = claim.order === 'first' ? [claim.close, claim.void] : [claim.ack, claim.late];
  for (let place = seq - 1; place >= Math.max(0, seq - MAX_AHEAD); place -= 1) {
    const { yes, no } = find({ ...what, at: event.created_at, place });
    if (hashLock(yes) !== yesLock || hashLock(no) !== noLock) continue;
    // Ours by the channel that it came through, and by the values that only we can find.
    const draft = make(event as VerifiedSignature, claim.order === 'first' ? { c: yes, v: no } : { a: yes, l: no });
    return draft === undefined ? [] : [draft];
  }
  return [];
}
