// Two parties with real keys over the pure state machine, with messages that the test delivers, drops or reorders.

import { bytesToHex, sha256, type Hex } from '../core/bytes.ts';
import { signEvent, verifyEvent } from '../nostr/event.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import type { CompletionEvent } from './completion.ts';
import type { Draft } from './draft.ts';
import { decodeMove, encodeMove, type MoveRumor } from './move.ts';
import type { BodyOf } from './moveBody.ts';
import { findOffer, type Negotiation } from './negotiation.ts';
import { planAccept, planConfirm, planPresigned, type LockValues } from './planSignature.ts';
import { makeFixedPrice } from './price.ts';
import type { SignatureTemplate, SignedEvent, VerifiedSignature } from './signature.ts';
import type { Terms } from './terms.ts';
import { beginNegotiation, checkArrival, transition, type Input, type Transition } from './transition.ts';

/** Start of test time, unix seconds. */
export const T0 = 1_800_000_000;

/** BIP-340 check for tests. */
export const verify = (event: SignedEvent | CompletionEvent): boolean => verifyEvent(event);

/** One side: its state, every move it made, and those not yet handed to the other. */
export interface Party {
  readonly secretKey: Uint8Array;
  readonly pubkey: Hex;
  state: Negotiation;
  readonly log: Map<Hex, MoveRumor>;
  readonly outbox: MoveRumor[];
}

/** A buyer that opened and a provider that has received the open. */
export function meet(): { buyer: Party; provider: Party } {
  const keys = { buyer: new Uint8Array(32).fill(1), provider: new Uint8Array(32).fill(2) };
  const to = publicKeyOf(keys.provider);
  const author = publicKeyOf(keys.buyer);
  const body: BodyOf<'open'> = {
    v: 1,
    type: 'open',
    to,
    role: 'buyer',
    service: 'translation',
    requirements: 'One contract.',
    features: [],
    nonce: random('nonce'),
    expires_at: T0 + 100_000,
  };
  const rumor = encodeMove({ author, seq: 1, prev: '', seen: '', alt: '', body, createdAt: T0 });
  const begin = (secretKey: Uint8Array): Party => {
    const decoded = decodeMove(rumor);
    const state = decoded.kind === 'move' ? beginNegotiation(publicKeyOf(secretKey), decoded.header, body) : undefined;
    if (state === undefined) throw new Error('the open must begin a negotiation');
    return { secretKey, pubkey: publicKeyOf(secretKey), state, log: new Map([[rumor.id, rumor]]), outbox: [] };
  };
  return { buyer: begin(keys.buyer), provider: begin(keys.provider) };
}

/** Applies an input to one side and keeps what it sends. */
export function act(party: Party, input: Input): Transition {
  const result = transition(party.state, input);
  if (result.kind !== 'moved') return result;
  party.state = result.state;
  for (const rumor of result.send) party.log.set(rumor.id, rumor);
  party.outbox.push(...result.send, ...result.resend.map((id) => party.log.get(id) as MoveRumor));
  return result;
}

/** Hands one event to a side. */
export function receive(party: Party, rumor: MoveRumor, now = T0): Transition {
  const decoded = decodeMove(rumor);
  if (decoded.kind === 'not-a-move') throw new Error('a test event must be a move');
  return act(party, { kind: 'received', arrival: checkArrival(decoded, verify), now });
}

/** Delivers everything in both outboxes until nothing moves, with a tick after each round. */
export function exchange(a: Party, b: Party, now = T0): void {
  for (let round = 0; round < 20; round += 1) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const rumor of from.outbox.splice(0)) receive(to, rumor, now);
      act(to, { kind: 'tick', now });
    }
    if (a.outbox.length + b.outbox.length === 0) return;
  }
  throw new Error('the two sides never fall silent');
}

/** Makes an own move. */
export function issue(party: Party, draft: Draft, now = T0): Transition {
  return act(party, { kind: 'issue', draft, now });
}

/** What an offer of a test may have besides its price. */
export interface OfferOptions {
  readonly now?: number;
  readonly expiresAt?: number;
  readonly presigned?: boolean;
  /** Prices in sats of its alternatives. */
  readonly alternatives?: readonly bigint[];
  readonly amends?: Hex;
  readonly under?: Hex;
  readonly framework?: Terms['framework'];
}

/** Offers a price in sats; returns the offer's id. */
export function offer(party: Party, sats: bigint, options: OfferOptions = {}): Hex {
  const result = tryOffer(party, sats, options);
  if (result.kind !== 'moved') throw new Error(`the offer was refused: ${JSON.stringify(result)}`);
  return party.outbox.findLast(({ content }) => content.includes('"type":"offer"'))?.id ?? '';
}

/** Offers a price in sats, if the rules let it. */
export function tryOffer(party: Party, sats: bigint, options: OfferOptions = {}): Transition {
  const { now = T0, expiresAt = now + 3_600, presigned = false, alternatives, amends, under, framework } = options;
  const body: BodyOf<'offer'> = {
    v: 1,
    type: 'offer',
    terms: { ...termsAt(sats), ...(framework === undefined ? {} : { framework }) },
    salt_seed: random(`seed ${party.pubkey} ${sats}`),
    expires_at: expiresAt,
    ...(alternatives === undefined ? {} : { alternatives: alternatives.map(termsAt) }),
    ...(amends === undefined ? {} : { amends }),
    ...(under === undefined ? {} : { under }),
  };
  if (!presigned) return issue(party, { type: 'offer', body }, now);
  act(party, { kind: 'tick', now });
  const plan = planPresigned(party.state, body, lockValues(party, `${sats} ${party.state.chain.sent.length}`), now);
  if (plan === undefined) throw new Error('a presigned offer has main terms');
  const signature = sign(party, plan.template);
  return issue(party, { type: 'offer', body: { ...body, presigned: signature }, signature, secrets: plan.secrets }, now);
}

/** The terms of an offer at this price in sats. */
export function termsAt(sats: bigint): Terms {
  return { service: { capability: 'translation' }, scope: { summary: 'Translate it.' }, price: makeFixedPrice(sats * 1_000n) };
}

/** Accepts the other side's offer. */
export function accept(party: Party, offerId: Hex, now = T0, alternative = 0): Transition {
  const found = findOffer(party.state, offerId);
  if (found === undefined) throw new Error('no such offer');
  const plan = planAccept(party.state, found, alternative, lockValues(party, `${offerId} ${party.state.chain.sent.length}`), now);
  if (plan === undefined) return { kind: 'refused', reason: 'unknown-offer' };
  const signature = sign(party, plan.template);
  const body = { v: 1, type: 'accept', offer: offerId, alternative, agreement: plan.agreement, signature } as const;
  return issue(party, { type: 'accept', body, signature, secrets: plan.secrets }, now);
}

/** Confirms the pending accept. */
export function confirm(party: Party, now = T0, signedAt = now): Transition {
  const { pending } = party.state;
  if (pending === undefined) throw new Error('nothing to confirm');
  const plan = planConfirm(pending, lockValues(party, pending.id), signedAt);
  const signature = sign(party, plan.template);
  const body = { v: 1, type: 'confirm', accept: pending.id, agreement: plan.agreement, signature } as const;
  return issue(party, { type: 'confirm', body, signature, secrets: plan.secrets }, now);
}

function lockValues(party: Party, label: string): LockValues {
  return { yes: random(`yes ${party.pubkey} ${label}`), no: random(`no ${party.pubkey} ${label}`) };
}

function sign(party: Party, template: SignatureTemplate): VerifiedSignature {
  return signEvent(party.secretKey, party.pubkey, template, new Uint8Array(32)) as unknown as VerifiedSignature;
}

function random(label: string): Hex {
  return bytesToHex(sha256(label));
}
