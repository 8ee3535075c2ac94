// What an owner may do next in an explored world: every kind of move that the configuration lists, with fixed terms and lock values.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import type { Draft } from './draft.ts';
import type { BodyOf } from './moveBody.ts';
import type { Commitment, Negotiation, Offer } from './negotiation.ts';
import { planAccept, planConfirm, planPresigned, type LockValues } from './planSignature.ts';
import { makeFixedPrice } from './price.ts';
import { NAMES, sign, type Edge, type Machine, type Node, type Place } from './exploreSide.fixture.ts';
import { findHead } from './slot.ts';
import type { Terms } from './terms.ts';

/** An offer that a side may make, each at most once and in order. */
export interface OfferPlan {
  readonly sats: number;
  readonly expiresAt: number;
  readonly isPresigned?: boolean;
  /** Prices in sats. */
  readonly alternatives?: readonly number[];
  /** What it says of the head of that moment; it is made only while there is one. */
  readonly about?: 'amends' | 'under';
  readonly framework?: Terms['framework'];
}

/** What the two owners may do. */
export interface Menu {
  readonly offers: readonly [readonly OfferPlan[], readonly OfferPlan[]];
  /** Accepts that each side may make. */
  readonly accepts: number;
  /** Other moves. A confirm and the taking back of a presigned offer are always among them. */
  readonly moves: readonly ('withdraw' | 'reject' | 'reject-final' | 'cancel' | 'decline' | 'act')[];
}

/** Every own move that the rules let this side make now. */
export function listOwnSteps(machine: Machine, node: Node, menu: Menu): readonly Edge[] {
  const now = machine.instants[node.level] as number;
  return listDrafts(node, menu, now).flatMap(([label, draft]) => machine.issue(node, draft, label) ?? []);
}

type Labelled = readonly [label: string, draft: Draft];

function listDrafts(node: Node, menu: Menu, now: number): readonly Labelled[] {
  const { state, place } = node;
  if (state.ended !== undefined) return [];
  const drafts = [...draftNextOffer(node, menu, now), ...draftAccepts(node, menu, now), ...draftConfirm(node, now)];
  const cancels = state.commitments.filter((each) => each.side === 'first' && each.firstMove === each.offer && each.state === 'undecided');
  const rest = menu.moves.flatMap((move) => draftPlain(state, move));
  return [...drafts, ...cancels.map(({ offer }): Labelled => ['takes the presigned offer back', { type: 'cancel', offer }]), ...rest].map(
    ([label, draft]) => [`${NAMES[place]} ${label}`, draft],
  );
}

function draftPlain(state: Negotiation, move: Menu['moves'][number]): readonly Labelled[] {
  const mine = state.offers.filter(({ by, status, presigned }) => by === state.me && status === 'open' && presigned === undefined);
  const theirs = state.offers.filter(({ by, status }) => by === state.peer && status === 'open');
  switch (move) {
    case 'withdraw':
      return mine.map(({ id }) => [`withdraws ${short(id)}`, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: id } }]);
    case 'reject':
      return theirs.map(({ id }) => [
        `rejects ${short(id)}`,
        { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: false, code: 'no' } },
      ]);
    case 'reject-final':
      // Which offer a final rejection names makes no difference to what it ends.
      return theirs
        .slice(0, 1)
        .map(({ id }) => [`rejects all`, { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: true, code: 'no' } }]);
    case 'cancel':
      return [['ends it', { type: 'cancel' }]];
    case 'decline':
      return state.pending === undefined ? [] : [['does not confirm', { type: 'decline', code: 'busy' }]];
    case 'act':
      return state.commitments.map(({ agreement }) => [`acts on ${short(agreement)}`, actOn(agreement)]);
    default:
      return move satisfies never;
  }
}

/** A move after the deal that either side may make, whatever its role. */
export function actOn(agreement: Hex): Draft {
  return { type: 'settle', body: { v: 1, type: 'dispute', agreement, code: 'test' } };
}

function draftNextOffer({ state, place }: Node, menu: Menu, now: number): readonly Labelled[] {
  const made = state.offers.filter(({ by, seed }) => by === state.me && isPlanned(seed)).length;
  const plan = menu.offers[place][made];
  const head = findHead(state);
  if (plan === undefined || plan.expiresAt <= now || (plan.about !== undefined && head === undefined)) return [];
  const named = plan.about === undefined ? {} : { [plan.about]: head?.agreement ?? '' };
  const body: BodyOf<'offer'> = { ...offerBody(plan, seedOf(place, made)), ...named };
  return [[`offers ${plan.sats}${plan.isPresigned === true ? ' presigned' : ''}`, signOffer(state, place, body, plan, now, made)]];
}

/** An offer as a move, without a signature. */
export function offerBody(plan: OfferPlan, seed: Hex): BodyOf<'offer'> {
  const alternatives = plan.alternatives?.map((sats) => termsAt(sats, plan.framework));
  return {
    v: 1,
    type: 'offer',
    terms: termsAt(plan.sats, plan.framework),
    salt_seed: seed,
    expires_at: plan.expiresAt,
    ...(alternatives === undefined ? {} : { alternatives }),
  };
}

export function signOffer(state: Negotiation, place: Place, body: BodyOf<'offer'>, plan: OfferPlan, now: number, n: number): Draft {
  if (plan.isPresigned !== true) return { type: 'offer', body };
  const signing = planPresigned(state, body, locksOf(place, `offer ${n}`), now);
  if (signing === undefined) throw new Error('a presigned offer has main terms');
  const signature = sign(place, signing.template);
  return { type: 'offer', body: { ...body, presigned: signature }, signature, secrets: signing.secrets };
}

function draftAccepts({ state, place }: Node, menu: Menu, now: number): readonly Labelled[] {
  const made = state.commitments.filter((each) => isAccept(state, each)).length;
  if (made >= menu.accepts) return [];
  const open = state.offers.filter(({ by, status }) => by === state.peer && status === 'open');
  const choices = open.flatMap((offer) =>
    [offer.terms, ...(offer.alternatives ?? [])].map((_, alternative) => [offer, alternative] as const),
  );
  return choices.flatMap(([offer, alternative]) => draftAccept(state, place, offer, alternative, now, made));
}

/** True for the signature of an accept of ours that the menu counts: the first deal of a prepared world is not among them. */
function isAccept(state: Negotiation, { offer: id, firstMove }: Commitment): boolean {
  const offer = state.offers.find((each) => each.id === id);
  return offer?.by === state.peer && isPlanned(offer.seed) && firstMove !== '';
}

function draftAccept(state: Negotiation, place: Place, offer: Offer, alternative: number, now: number, n: number): readonly Labelled[] {
  const plan = planAccept(state, offer, alternative, locksOf(place, `accept ${n}`), now);
  if (plan === undefined) return [];
  const signature = sign(place, plan.template);
  const body = { v: 1, type: 'accept', offer: offer.id, alternative, agreement: plan.agreement, signature } as const;
  return [[`accepts ${short(offer.id)}/${alternative}`, { type: 'accept', body, signature, secrets: plan.secrets }]];
}

function draftConfirm({ state, place }: Node, now: number): readonly Labelled[] {
  const { pending } = state;
  if (pending === undefined) return [];
  // One accept, one confirmation: its locks are its own.
  const plan = planConfirm(pending, locksOf(place, `confirm ${pending.id}`), now);
  const signature = sign(place, plan.template);
  const body = { v: 1, type: 'confirm', accept: pending.id, agreement: plan.agreement, signature } as const;
  return [[`confirms ${short(pending.id)}`, { type: 'confirm', body, signature, secrets: plan.secrets }]];
}

/** The terms of an explored offer. */
export function termsAt(sats: number, framework?: Terms['framework']): Terms {
  const price = makeFixedPrice(BigInt(sats) * 1_000n);
  const terms: Terms = { service: { capability: 'translation' }, scope: { summary: 'Translate it.' }, price };
  return framework === undefined ? terms : { ...terms, framework };
}

const SEEDS = [0, 1].map((place) => Array.from({ length: 6 }, (_, n) => sha256Hex(`planned offer ${place} ${n}`)));
const PLANNED = new Set(SEEDS.flat());

/** The salt seed of a side's n-th offer. */
export function seedOf(place: Place, n: number): Hex {
  return SEEDS[place]?.[n] ?? sha256Hex(`planned offer ${place} ${n}`);
}

function isPlanned(seed: Hex): boolean {
  return PLANNED.has(seed);
}

/** Two lock values for one signature of a side. */
export function locksOf(place: Place, label: string): LockValues {
  return { yes: sha256Hex(`yes ${place} ${label}`), no: sha256Hex(`no ${place} ${label}`) };
}

function short(id: Hex): string {
  return id.slice(0, 6);
}
