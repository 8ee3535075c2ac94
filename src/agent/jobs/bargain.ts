// Haggles for the owner, within the owner's limits: looks at the moves so far, decides, and makes the move.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import { isWithin } from '../../decide/bargainIssues.ts';
import { readPackage, writePackage, writePackages, type BargainTerm, type Package } from '../../decide/bargainTerms.ts';
import { areSameButPrice, buildProviderTerms, findObjection, type ProviderSells } from '../../decide/fitTerms.ts';
import { decideAsBuyer, decideAsProvider, type Decision, type SeenMove } from '../../decide/haggle.ts';
import type { Negotiation, Offer } from '../../negotiate/negotiation.ts';
import { readFixedAmount } from '../../negotiate/price.ts';
import { findHeld, termsOf } from '../../negotiate/slot.ts';
import type { Terms } from '../../negotiate/terms.ts';
import type { TermsLeaf } from '../../negotiate/termsLeaves.ts';
import { accept } from '../accept.ts';
import type { AgentContext } from '../context.ts';
import { offer } from '../offer.ts';
import { reject } from '../reject.ts';
import { send } from '../send.ts';
import { listSpoken } from '../spokenMoves.ts';
import { decideByTactics, listIssues } from './decideByTactics.ts';
import type { Job } from './job.ts';
import type { Plan } from './plan.ts';

const OFFER_LIFE_S = 3_600;

/** Makes the next move, if it is ours to make. Returns whether one was made; a move that the rules refuse by now is left. */
export async function bargain(context: AgentContext, state: Negotiation, job: Job, plan: Plan): Promise<boolean> {
  return isFree(state) && actIfAllowed(context, state, plan, decide(context, state, job, plan));
}

/** Where one of several negotiations stands. `content`: it would take what is offered. `out`: it would end, as things are. */
export type Stance = 'moved' | 'waits' | 'content' | 'out';

/**
 * Makes the next move like {@link bargain}, but neither accepts nor ends: which of several to take is not decided in one of them. An offer
 * goes out only with `mayBid`.
 */
export async function bargainOpenly(context: AgentContext, state: Negotiation, job: Job, plan: Plan, mayBid: boolean): Promise<Stance> {
  if (!isFree(state)) return 'waits';
  const decision = decide(context, state, job, plan);
  if (decision.kind === 'accept') return 'content';
  if (decision.kind === 'reject') return 'out';
  if (decision.kind === 'offer' && !mayBid) return 'waits';
  return (await actIfAllowed(context, state, plan, decision)) ? 'moved' : 'waits';
}

/** True while nothing is signed in it, and nothing waits for our signature. */
export function isFree(state: Negotiation): boolean {
  return state.ended === undefined && findHeld(state) === undefined && state.pending === undefined;
}

async function actIfAllowed(context: AgentContext, state: Negotiation, plan: Plan, decision: Decision): Promise<boolean> {
  try {
    return await act(context, state, plan, decision);
  } catch (error) {
    if (isNegotiateError(error) && error.code === 'negotiation/refused') return false;
    throw error;
  }
}

function decide(context: AgentContext, state: Negotiation, job: Job, plan: Plan): Decision {
  const moves = listSeenMoves(context, state, plan);
  if (plan.tactics !== undefined) return decideByTactics(context, moves, job, { ...plan, tactics: plan.tactics });
  // The owner's mandate narrows the limit: what it would refuse is neither offered nor taken.
  const worst = listIssues(context, plan).find(({ term }) => term === '/price')?.worst;
  if (plan.role === 'buyer') return decideAsBuyer(moves, { ...plan.limits, maxMsat: worst ?? plan.limits.maxMsat });
  return decideAsProvider(moves, { ...plan.limits, minMsat: worst ?? plan.limits.minMsat });
}

async function act(context: AgentContext, state: Negotiation, plan: Plan, decision: Decision): Promise<boolean> {
  const { nid } = state;
  const theirs = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open');
  const { fit, objection } = theirs === undefined ? NOTHING : sift(context, state, plan, theirs);
  if (theirs !== undefined && objection !== undefined && decision.kind !== 'wait')
    return done(reject(context, { nid, offer: theirs.id, keepTalking: false, code: 'terms', text: objection }));
  switch (decision.kind) {
    case 'wait':
      return false;
    case 'ask':
    case 'answer':
      return done(send(context, { nid, text: plan.role === 'buyer' ? plan.answer : plan.question }));
    case 'offer': {
      const base = plan.role === 'provider' ? offeredTerms(state, plan.sells) : fit;
      const [terms, ...others] = base === undefined ? [] : writePackages(base, decision.packages);
      const alternatives = others.map((each) => ({ terms: each }));
      return terms === undefined ? false : done(offer(context, { nid, terms, alternatives, lifeS: OFFER_LIFE_S }));
    }
    case 'accept':
      return theirs === undefined ? false : take(context, nid, theirs, decision);
    case 'reject':
      return done(reject(context, { nid, keepTalking: false, code: decision.reason }));
    default:
      return decision satisfies never;
  }
}

/** Accepts a package of an offer; one whose time is over is offered back as it was, one whose price is another than the decided one is left. */
async function take(context: AgentContext, nid: Hex, theirs: Offer, { alternative, priceMsat }: Take): Promise<boolean> {
  const terms = termsOf(theirs, alternative);
  if (terms === undefined || readFixedAmount(terms.price) !== priceMsat) return false;
  if (context.clock.now() > theirs.expiresAt) return done(offer(context, { nid, terms, lifeS: OFFER_LIFE_S }));
  return done(accept(context, { nid, offer: theirs.id, alternative, priceMsat }));
}

type Take = Extract<Decision, { kind: 'accept' }>;

/** What a buyer makes of an offer: the first terms of it that fit, which it counters with other numbers; else what it objects to in the main ones. */
interface Sifted {
  readonly fit?: Terms;
  readonly objection?: TermsLeaf | undefined;
}

const NOTHING: Sifted = {};

function sift(context: AgentContext, state: Negotiation, plan: Plan, theirs: Offer): Sifted {
  if (plan.role === 'provider') return NOTHING;
  const open = listOpen(context, plan);
  const packages = see(context, state, { plan, open }, theirs);
  const fit = listTerms(theirs).find((_, i) => packages[i]?.['/price'] !== undefined);
  return fit === undefined ? { objection: findObjection(theirs.terms, plan.wants, open) } : { fit };
}

function listTerms({ terms, alternatives = [] }: Offer): readonly Terms[] {
  return [terms, ...alternatives];
}

/** What a provider offers, before a price is named. */
function offeredTerms(state: Negotiation, sells: ProviderSells): Terms {
  return buildProviderTerms(state.open.terms, state.open.requirements.slice(0, 4_000), sells, 0n);
}

/** The moves so far as decisions are made from them, oldest first. */
export function listSeenMoves(context: AgentContext, state: Negotiation, plan: Plan): readonly SeenMove[] {
  const { store } = context;
  const open = listOpen(context, plan);
  const packages = new Map(state.offers.map((each) => [each.id, see(context, state, { plan, open }, each)]));
  return listSpoken(store, state.nid).map(({ id, author, type }): SeenMove => {
    const offered = packages.get(id);
    const seen = { by: author === state.me ? 'me' : 'peer', type } as const;
    return offered === undefined ? seen : { ...seen, packages: offered };
  });
}

interface Eyes {
  readonly plan: Plan;
  readonly open: readonly BargainTerm[];
}

/** The packages of an offer. What may not be taken keeps its place, and is worth nothing. */
function see(context: AgentContext, state: Negotiation, { plan, open }: Eyes, each: Offer): readonly Package[] {
  if (each.by === state.me) return listTerms(each).map(readPackage);
  const isFit = (terms: Terms): boolean =>
    plan.role === 'buyer' ? findObjection(terms, plan.wants, open) === undefined : isOnOwnTerms(state, plan.sells, open, terms);
  const packages = listTerms(each).map((terms) => (isFit(terms) ? readPackage(terms) : {}));
  return leaveRefused(context, plan, packages);
}

// The fixed rules look at prices alone: where the mandate permits some packages of an offer and not others, they see those.
function leaveRefused(context: AgentContext, plan: Plan, packages: readonly Package[]): readonly Package[] {
  if (plan.tactics !== undefined || packages.length === 1) return packages;
  const numbers = listIssues(context, plan).filter(({ term }) => term !== '/price');
  const isPermitted = (values: Package): boolean => values['/price'] !== undefined && isWithin(numbers, values);
  return packages.some(isPermitted) ? packages.map((values) => (isPermitted(values) ? values : {})) : packages;
}

// A bid on other terms than the provider's own is worth nothing to it: it is answered with the provider's terms.
function isOnOwnTerms(state: Negotiation, sells: ProviderSells, open: readonly BargainTerm[], terms: Terms): boolean {
  const bid = readPackage(terms);
  const numbers = open.map((term) => [term, bid[term]] as const);
  return areSameButPrice(terms, writePackage(offeredTerms(state, sells), Object.fromEntries(numbers)));
}

/** What is bargained about, so that no value of it is a reason to end; by the fixed rules the price alone. */
function listOpen(context: AgentContext, plan: Plan): readonly BargainTerm[] {
  return plan.tactics === undefined ? ['/price'] : listIssues(context, plan).map(({ term }) => term);
}

async function done(move: Promise<unknown>): Promise<boolean> {
  await move;
  return true;
}
