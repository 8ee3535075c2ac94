// What a side does in a scene that keeps to no rule: it forgets, forges moves and signs what is not due.

import { hashAgreement, type Role } from '../../src/negotiate/agreement.ts';
import { agreementFor, latestConfirmBy } from '../../src/negotiate/commitment.ts';
import type { MoveRumor } from '../../src/negotiate/move.ts';
import type { MoveBody } from '../../src/negotiate/moveBody.ts';
import { draftOffer } from '../../src/negotiate/issueOffer.ts';
import { findOffer } from '../../src/negotiate/negotiation.ts';
import { hashLock, makeSignatureTemplate, type SignerRole } from '../../src/negotiate/signature.ts';
import { computeEventId, type NostrEvent } from '../../src/nostr/event.ts';
import { termsAt, type Stage } from './stage.ts';
import { draw, otherOf, sign, T0, type Signer } from './testKeys.ts';

export const buyerLies = { options: { dishonest: 'buyer' } } as const;
export const providerLies = { options: { dishonest: 'provider' } } as const;
export const honest = (role: Role, phase: string): readonly [string | null, string | null] => (role === 'buyer' ? [phase, null] : [null, phase]);

/** The provider has made a plain offer that the buyer has seen. */
export function begin(stage: Stage, sats = 700): string {
  stage.open();
  stage.exchange();
  const id = stage.offer('provider', sats);
  stage.exchange();
  return id;
}

/** The buyer has accepted, the provider has confirmed, and nothing of that has come back yet. */
export function seal(stage: Stage): string {
  const id = begin(stage);
  stage.accept('buyer', id);
  stage.deliver('buyer');
  stage.confirm('provider');
  return id;
}

/** A deal that both hold, and an offer of the provider that would amend it: with the agreement that accepting it now makes. */
export function amendLater(stage: Stage): { amendment: string; agreement: string; confirmBy: number } {
  seal(stage);
  stage.exchange();
  const { agreement: deal } = secretsOf(stage, 'buyer');
  const amendment = stage.offer('provider', 800, { amends: deal });
  stage.exchange();
  const state = stage.stateOf('buyer');
  const found = findOffer(state, amendment);
  if (found === undefined) throw new Error('nothing amends the deal');
  const confirmBy = latestConfirmBy(found, stage.now);
  const due = agreementFor(state, found, 0, confirmBy);
  return { amendment, agreement: due === undefined ? '' : hashAgreement(due), confirmBy };
}

/** Two moves of a side in one place: the other is frozen from now on. */
export function equivocate(stage: Stage, role: Role): void {
  stage.forge(role, { v: 1, type: 'ask', text: 'one' }, { record: false });
  stage.forge(role, { v: 1, type: 'ask', text: 'other' });
  for (const rumor of stage.take(role).toReversed()) stage.receive(otherOf(role), rumor);
}

/** The liar forgets what it signed. */
export function forget(stage: Stage, role: Role): void {
  const side = stage.sides[role];
  const state = stage.stateOf(role);
  side.state = { ...state, commitments: [], offers: state.offers.map((each) => ({ ...each, status: 'open' as const })) };
}

export function secretsOf(stage: Stage, role: Role) {
  const [held] = stage.stateOf(role).commitments;
  if (held === undefined) throw new Error('nothing is signed');
  return { ...held, ...(held.secrets as Readonly<Record<'a' | 'l' | 'c' | 'v', string>>) };
}

/** A move with any content in it, next in the liar's chain. */
export function forgeContent(stage: Stage, role: Role, content: string, place: { seen?: string; type?: MoveBody['type'] } = {}): void {
  const { type = 'ask', ...more } = place;
  const like = stage.forge(role, { v: 1, type: 'ask', text: 'x' }, { record: false, ...more });
  stage.sides[role].outbox.pop();
  stage.sides[role].log.delete(like.id);
  stage.events.delete(like.id);
  stage.steps.pop();
  const { id: _, ...event } = { ...like, content };
  const rumor: MoveRumor = { ...event, id: computeEventId(event.pubkey, event) };
  stage.forgeRaw(stage.sides[role], rumor, type, true);
}

interface Signing {
  readonly confirmBy?: number;
  readonly createdAt?: number;
  readonly alternative?: number;
  readonly role?: SignerRole;
  readonly signer?: Signer;
  readonly close?: string;
  readonly agreement?: string;
  readonly tags?: string[][];
  /** What is changed when it is signed. */
  readonly signature?: Partial<NostrEvent>;
}

/** An accept by the buyer, with a first signature that is due but for what is changed. */
export function forgeAccept(stage: Stage, offer: string, change: Signing): MoveRumor {
  const state = stage.stateOf('buyer');
  const found = findOffer(state, offer);
  const confirmBy = change.confirmBy ?? T0 + 3_600;
  const { alternative = 0 } = change;
  const due = found === undefined ? undefined : agreementFor(state, found, alternative, confirmBy);
  const agreement = change.agreement ?? (due === undefined ? draw('none') : hashAgreement(due));
  const signature = signFirst(stage, { signer: 'buyer', role: 'acceptor', ...change, agreement, confirmBy });
  return stage.forge('buyer', { v: 1, type: 'accept', offer, alternative, agreement, signature });
}

/** A presigned offer whose signature is due but for what is changed. */
export function forgePresigned(stage: Stage, by: Role, sats: number, change: Signing & { expiresAt?: number } = {}): MoveRumor {
  const expiresAt = change.expiresAt ?? stage.now + 3_600;
  const body = { v: 1, type: 'offer', terms: termsAt(sats), salt_seed: draw(`forged ${sats}`), expires_at: expiresAt } as const;
  const state = stage.stateOf(by);
  const confirmBy = change.confirmBy ?? expiresAt;
  const due = agreementFor(state, draftOffer(state, body, stage.now), 0, confirmBy);
  const agreement = change.agreement ?? (due === undefined ? '' : hashAgreement(due));
  const presigned = signFirst(stage, { signer: by, role: 'offeror', close: draw(`c ${sats}`), ...change, agreement, confirmBy });
  return stage.forge(by, { ...body, presigned });
}

type Signed = Required<Pick<Signing, 'signer' | 'role' | 'agreement' | 'confirmBy'>> & Signing;

function signFirst(stage: Stage, { signer, role, agreement, confirmBy, close = draw('c'), createdAt = stage.now, tags, signature }: Signed): never {
  const locks = { close: hashLock(close), void: hashLock(draw(`v of ${close}`)) };
  const template = makeSignatureTemplate({ order: 'first', role, agreement, confirmBy, ...locks }, createdAt);
  return { ...sign(signer, tags === undefined ? template : { ...template, tags }), ...signature } as never;
}

/** An accept by the buyer of the presigned offer of the provider, with a second signature that is due. */
export function forgeSecond(stage: Stage, offer: string): MoveRumor {
  const { first, agreement } = commitmentOf(stage, offer);
  return stage.forge('buyer', { v: 1, type: 'accept', offer, alternative: 0, agreement, signature: signSecond(stage, 'buyer', 'acceptor', { agreement, first: first.id }) });
}

function commitmentOf(stage: Stage, offer: string) {
  const held = stage.stateOf('provider').commitments.find((each) => each.firstMove === offer);
  if (held === undefined) throw new Error('nothing is presigned');
  return held;
}

/** A second signature that is due but for what is changed. */
export function signSecond(stage: Stage, by: Role, role: SignerRole, change: { agreement: string; first: string; ack?: string; createdAt?: number }): never {
  const locks = { ack: hashLock(change.ack ?? draw('forged a')), late: hashLock(draw('forged l')) };
  const template = makeSignatureTemplate({ order: 'second', role, agreement: change.agreement, first: change.first, ...locks }, change.createdAt ?? stage.now);
  return sign(by, template) as never;
}
