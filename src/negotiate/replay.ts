// Makes own moves once more that this side has made and forgotten: the state machine has to come to the very same events, or it is no replay.

import type { Hex } from '../core/bytes.ts';
import type { Draft, FirstSecrets, SecondSecrets } from './draft.ts';
import type { MoveHeader, MoveRumor } from './move.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import type { Negotiation } from './negotiation.ts';
import { hashLock, readClaim, type SignedEvent, type VerifiedSignature } from './signature.ts';
import { emit } from './step.ts';
import { transition, type CheckedArrival, type Input } from './transition.ts';

/** An own move that was forgotten, as its event has it; `madeAt` is that event's time (unix seconds). */
export interface ForgottenMove {
  readonly header: MoveHeader;
  readonly body: MoveBody;
  readonly madeAt: number;
}

/** A move of the peer; `madeAt` is its event's time (unix seconds). */
export interface TheirMove {
  readonly arrival: CheckedArrival;
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

/** A move that was made again, or one of the peer that was taken in, and the state after it. */
export type ReplayedStep =
  | { readonly kind: 'own'; readonly rumor: MoveRumor }
  | { readonly kind: 'theirs'; readonly arrival: CheckedArrival; readonly state: Negotiation };

/** What came of a replay: the steps in order. `isWhole` is false when there is an own move that cannot have been made in the state before it. */
export interface Replay {
  readonly state: Negotiation;
  readonly steps: readonly ReplayedStep[];
  readonly isWhole: boolean;
}

/** Makes own moves again, and takes in those of the peer that came before or between them; later ones are left. */
export function replayMoves(
  before: Negotiation,
  own: readonly ForgottenMove[],
  theirs: readonly TheirMove[],
  find: FindLockValues,
): Replay {
  let [state, lastAt] = [before, 0];
  const steps: ReplayedStep[] = [];
  for (;;) {
    const { sent, received } = state.chain;
    const move = nextOf(own, sent);
    if (move === undefined) return { state, steps, isWhole: true };
    const theirNext = theirs.find(({ arrival }) => arrival.header.seq === received.length + 1);
    const next = replayNext(state, move, theirNext, find) ?? takeInSilently(state, move, theirNext, lastAt);
    if (next === undefined) return { state, steps, isWhole: false };
    ({ state } = next);
    if (next.made.length > 0) lastAt = move.madeAt;
    for (const { id } of state.chain.received.slice(received.length)) {
      const taken = theirs.find(({ arrival }) => arrival.header.id === id);
      if (taken !== undefined) steps.push({ kind: 'theirs', arrival: taken.arrival, state });
    }
    for (const rumor of next.made) steps.push({ kind: 'own', rumor });
  }
}

interface Replayed {
  readonly state: Negotiation;
  readonly made: readonly MoveRumor[];
}

// A signature may have been planned before moves that went out ahead of it.
const MAX_AHEAD = 8;

/** The first of these moves that is not among those sent. */
function nextOf(own: readonly ForgottenMove[], sent: Negotiation['chain']['sent']): ForgottenMove | undefined {
  const left = own.filter(({ header }) => sent[header.seq - 1]?.id !== header.id);
  return left.toSorted((a, b) => a.header.seq - b.header.seq)[0];
}

/**
 * The state after an own move. It was made of itself, by time, or as the answer to the next of the peer's, which is taken in then. Undefined
 * when it cannot have been made in this state.
 */
function replayNext(state: Negotiation, move: ForgottenMove, theirs: TheirMove | undefined, find: FindLockValues): Replayed | undefined {
  const { header, madeAt: now } = move;
  const { sent } = state.chain;
  if (header.seq !== sent.length + 1 || header.prev !== (sent.at(-1)?.id ?? '')) return undefined;
  const inputs: readonly Input[] = [
    ...draftsOf(state, move, find).map((draft) => ({ kind: 'issue', draft, now }) as const),
    { kind: 'tick', now },
    ...(theirs === undefined ? [] : [{ kind: 'received', arrival: theirs.arrival, now } as const]),
  ];
  for (const input of inputs) {
    const result = transition(state, input);
    if (result.kind === 'moved' && result.send[0]?.id === header.id) return { state: result.state, made: result.send };
  }
  return repeatReceipt(state, move);
}

/** A bare receipt may be the answer to a repetition or to a move that came too early. It changes nothing but our chain. */
function repeatReceipt(state: Negotiation, { header, body, madeAt }: ForgottenMove): Replayed | undefined {
  if (body.type !== 'receipt' || body.a !== undefined) return undefined;
  const { state: next, send } = emit({ state, send: [], resend: [] }, body, madeAt);
  return send[0]?.id === header.id ? { state: next, made: send } : undefined;
}

/**
 * The state after a move of the peer that we have taken in without a word, before the one of ours that says so. When that was is not known: some
 * time between our last move and this one. Undefined when it would have been answered.
 */
function takeInSilently(
  state: Negotiation,
  { header, madeAt }: ForgottenMove,
  theirs: TheirMove | undefined,
  lastAt: number,
): Replayed | undefined {
  if (theirs === undefined || header.seen === (state.chain.received.at(-1)?.id ?? '')) return undefined;
  for (const now of [madeAt, Math.max(lastAt, Math.min(theirs.madeAt, madeAt)), lastAt]) {
    const result = transition(state, { kind: 'received', arrival: theirs.arrival, now });
    if (result.kind === 'moved' && result.send.length === 0) return { state: result.state, made: [] };
  }
  return undefined;
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
      return sign(header, body.signature, { nid: state.nid, about: body.offer }, find, (signature, secrets) => ({
        type: 'accept',
        body,
        signature,
        secrets,
      }));
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
