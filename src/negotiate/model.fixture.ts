// Two sides over the pure machine with a model of signatures, so that tens of thousands of schedules are played in seconds.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import type { CompletionEvent } from './completion.ts';
import type { Draft } from './draft.ts';
import { decodeMove, encodeMove, type MoveRumor } from './move.ts';
import type { BodyOf } from './moveBody.ts';
import type { Negotiation } from './negotiation.ts';
import { planAccept, planConfirm, planPresigned, type LockValues } from './planSignature.ts';
import { makeFixedPrice } from './price.ts';
import { computeSignatureId, type SignatureTemplate, type SignedEvent, type VerifiedSignature } from './signature.ts';
import type { Terms } from './terms.ts';
import { beginNegotiation, checkArrival, transition, type CheckedArrival, type Input, type Transition } from './transition.ts';

/** Start of model time, unix seconds. */
export const T0 = 1_800_000_000;
/** When a negotiation that has come to nothing ends. */
export const ENDS_AT = T0 + 100_000;
/** The framework of the worlds that have one: its cap takes two of the dearest call-offs, not three. */
export const FRAMEWORK = { max_calls: 3, cap_msat: '900000', ends_at: T0 + 50_000 };

/** Place of a side: the buyer is 0. */
export type Place = 0 | 1;

const SECRETS = ['buyer', 'provider'] as const;
const KEYS = [sha256Hex('key of buyer'), sha256Hex('key of provider')] as const;

/** The model of BIP-340: nobody without the secret makes a signature that {@link verify} takes. */
export function sign(place: Place, template: SignatureTemplate): VerifiedSignature {
  const unsigned = { ...template, pubkey: KEYS[place] };
  const id = computeSignatureId(unsigned);
  return { ...unsigned, id, sig: sealOf(place, id) } as unknown as VerifiedSignature;
}

/** Checks a signature of the model. */
export function verify({ id, pubkey, sig }: SignedEvent | CompletionEvent): boolean {
  const place = KEYS.indexOf(pubkey);
  return place >= 0 && sig === sealOf(place as Place, id);
}

function sealOf(place: Place, id: Hex): string {
  return sha256Hex(`${SECRETS[place]} ${id}`).repeat(2);
}

const drawn: Hex[] = [];

/** The n-th of a fixed row of random values. */
export function drawHex(n: number): Hex {
  return (drawn[n] ??= sha256Hex(`random ${n}`));
}

/** One side: what it has saved, what it knows of its own moves, and those it has still to publish. */
export interface Side {
  readonly place: Place;
  readonly pubkey: Hex;
  state: Negotiation;
  readonly log: Map<Hex, MoveRumor>;
  readonly outbox: Map<Hex, MoveRumor>;
  /** What becomes of its next step: computed and lost, or saved and not yet published. */
  fate?: 'lost' | 'held';
  /** Its clock less the true time, in seconds. */
  skewS: number;
}

/** A message on its way. */
export interface Message {
  readonly to: Place;
  readonly rumor: MoveRumor;
}

/** Both sides, the network between them, the true time. */
export interface World {
  readonly sides: readonly [Side, Side];
  readonly flight: Message[];
  now: number;
  /** How many random values have been used. */
  draws: number;
}

/** A buyer that opened and a provider that has received the open. */
export function makeWorld(): World {
  const nonce = sha256Hex('nonce');
  const facts = { role: 'buyer', service: 'translation', requirements: 'One contract.', features: [] } as const;
  const body: BodyOf<'open'> = { v: 1, type: 'open', to: KEYS[1], ...facts, features: [], nonce, expires_at: ENDS_AT };
  const rumor = encodeMove({ author: KEYS[0], seq: 1, prev: '', seen: '', alt: '', body, createdAt: T0 });
  const begin = (place: Place): Side => {
    const decoded = decodeMove(rumor);
    const state = decoded.kind === 'move' ? beginNegotiation(KEYS[place], decoded.header, body) : undefined;
    if (state === undefined) throw new Error('the open must begin a negotiation');
    return { place, pubkey: KEYS[place], state, log: new Map([[rumor.id, rumor]]), outbox: new Map(), skewS: 0 };
  };
  return { sides: [begin(0), begin(1)], flight: [], now: T0, draws: 0 };
}

/** A copy that goes its own way; states are never changed, so they are shared. */
export function copyWorld({ sides, flight, now, draws }: World): World {
  const copy = (side: Side): Side => ({ ...side, log: new Map(side.log), outbox: new Map(side.outbox) });
  return { sides: [copy(sides[0]), copy(sides[1])], flight: [...flight], now, draws };
}

/** The time by a side's own clock. */
export function clockOf(world: World, side: Side): number {
  return world.now + side.skewS;
}

/** Computes a step and saves it: state, log and outbox at once, unless nothing is to be saved. */
export function act(side: Side, input: Input): Transition {
  const result = transition(side.state, input);
  if (result.kind === 'moved') save(side, result);
  return result;
}

/** Saves a step. */
export function save(side: Side, result: Extract<Transition, { kind: 'moved' }>): void {
  side.state = result.state;
  for (const rumor of result.send) {
    side.log.set(rumor.id, rumor);
    side.outbox.set(rumor.id, rumor);
  }
  for (const id of result.resend) side.outbox.set(id, side.log.get(id) as MoveRumor);
}

// A move is decoded and checked once, however often it is delivered: neither depends on who reads it or when.
const arrivals = new WeakMap<MoveRumor, CheckedArrival>();

/** A message as its reader's border lets it in. */
export function readMessage(rumor: MoveRumor): CheckedArrival {
  const known = arrivals.get(rumor);
  if (known !== undefined) return known;
  const decoded = decodeMove(rumor);
  if (decoded.kind === 'not-a-move') throw new Error('a message of the model must be a move');
  const arrival = checkArrival(decoded, verify);
  arrivals.set(rumor, arrival);
  return arrival;
}

/** Hands what a side has to publish to the network, which holds each message at most once. */
export function publish(world: World, side: Side): void {
  const to = (1 - side.place) as Place;
  for (const rumor of side.outbox.values()) {
    if (!world.flight.some((each) => each.rumor.id === rumor.id)) world.flight.push({ to, rumor });
  }
  side.outbox.clear();
}

/** The terms of an offer at this price in sats. */
export function termsAt(sats: number, isFramework = false): Terms {
  const price = makeFixedPrice(BigInt(sats) * 1_000n);
  const terms: Terms = { service: { capability: 'translation' }, scope: { summary: 'Translate it.' }, price };
  return isFramework ? { ...terms, framework: FRAMEWORK } : terms;
}

/** What an offer has besides its price. */
export interface OfferShape {
  readonly sats: number;
  readonly lifeS: number;
  readonly isPresigned?: boolean;
  readonly isFramework?: boolean;
  /** How many alternatives, each dearer than the one before. */
  readonly alternatives?: number;
  readonly amends?: Hex;
  readonly under?: Hex;
}

/** An offer to be made, signed where it has to be. */
export function draftOfferMove(world: World, side: Side, shape: OfferShape): Draft {
  const now = clockOf(world, side);
  const { sats, lifeS, isPresigned = false, isFramework = false, alternatives = 0, amends, under } = shape;
  const others = Array.from({ length: alternatives }, (_, i) => termsAt(sats + 50 * (i + 1), isFramework));
  const body: BodyOf<'offer'> = {
    v: 1,
    type: 'offer',
    terms: termsAt(sats, isFramework),
    salt_seed: drawHex(world.draws++),
    expires_at: now + lifeS,
    ...(alternatives === 0 ? {} : { alternatives: others }),
    ...(amends === undefined ? {} : { amends }),
    ...(under === undefined ? {} : { under }),
  };
  if (!isPresigned) return { type: 'offer', body };
  const plan = planPresigned(side.state, body, drawLocks(world), now);
  if (plan === undefined) throw new Error('a presigned offer has main terms');
  const signature = sign(side.place, plan.template);
  return { type: 'offer', body: { ...body, presigned: signature }, signature, secrets: plan.secrets };
}

/** An accept of the peer's offer, signed; undefined when it has no such alternative. */
export function draftAccept(world: World, side: Side, offer: Negotiation['offers'][number], alternative: number): Draft | undefined {
  const plan = planAccept(side.state, offer, alternative, drawLocks(world), clockOf(world, side));
  if (plan === undefined) return undefined;
  const signature = sign(side.place, plan.template);
  const body = { v: 1, type: 'accept', offer: offer.id, alternative, agreement: plan.agreement, signature } as const;
  return { type: 'accept', body, signature, secrets: plan.secrets };
}

/** The confirmation of the accept that waits for one. */
export function draftConfirm(world: World, side: Side): Draft | undefined {
  const { pending } = side.state;
  if (pending === undefined) return undefined;
  const plan = planConfirm(pending, drawLocks(world), clockOf(world, side));
  const signature = sign(side.place, plan.template);
  const body = { v: 1, type: 'confirm', accept: pending.id, agreement: plan.agreement, signature } as const;
  return { type: 'confirm', body, signature, secrets: plan.secrets };
}

/** Two lock values nobody has used. */
export function drawLocks(world: World): LockValues {
  return { yes: drawHex(world.draws++), no: drawHex(world.draws++) };
}
