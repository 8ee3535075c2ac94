// The commitment slot of one side: what fills it, which agreement is the head, what a call-off may still cost (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import { parseMsat } from '../core/money.ts';
import { ceilingOf } from './ceiling.ts';
import type { Commitment, FirstCommitment, Negotiation, Offer } from './negotiation.ts';
import type { Terms } from './terms.ts';

/** Why an offer that amends or calls off cannot become a deal now; also the code of the `error` that an accept of it deserves. */
export type HeadProblem = 'stale' | 'framework' | 'cap';

/** True for the first signature of an offer's own maker. */
export function isPresigned({ firstMove, offer }: Commitment): boolean {
  return firstMove === offer;
}

/** My presigned offers that nobody has decided. They fill no slot. */
export function listPresigned({ commitments }: Negotiation): readonly FirstCommitment[] {
  return commitments.filter((each): each is FirstCommitment => each.side === 'first' && each.state === 'undecided' && isPresigned(each));
}

/** The signature of mine that waits for the other side: an undecided accept, a closing without its acknowledgement, a sealing signature. */
export function findUndecided({ commitments }: Negotiation): Commitment | undefined {
  return commitments.find(
    (each) => each.state === 'sealing' || each.state === 'closed' || (each.state === 'undecided' && !isPresigned(each)),
  );
}

/**
 * The head: the last closed base agreement, which is the first deal or the latest amendment of it. It is derived, so that an amendment
 * that is refused as late gives the head back.
 */
export function findHead(state: Negotiation): Commitment | undefined {
  const base = state.commitments.filter((each) => isClosed(each) && findOfferOf(state, each)?.under === undefined);
  return base.find(({ agreement }) => !base.some((other) => findOfferOf(state, other)?.amends === agreement));
}

/** The newest agreement that both sides hold and that is no call-off: the one to act on. */
export function findDeal(state: Negotiation): Commitment | undefined {
  const held = state.commitments.filter((each) => each.state === 'agreed' && findOfferOf(state, each)?.under === undefined);
  return held.find(({ agreement }) => !held.some((other) => findOfferOf(state, other)?.amends === agreement));
}

/** Whatever fills my slot, were it for a new deal: an undecided signature or the held agreement. */
export function findHeld(state: Negotiation): Commitment | undefined {
  return findUndecided(state) ?? findHead(state);
}

/** What fills my slot against this offer: the held agreement does not stand in the way of what amends it or calls off from it. */
export function findSlotHolder(state: Negotiation, { amends, under }: Pick<Offer, 'amends' | 'under'>): Commitment | undefined {
  const undecided = findUndecided(state);
  const head = undecided === undefined ? findHead(state) : undefined;
  return undecided ?? (head === undefined || amends === head.agreement || under === head.agreement ? undefined : head);
}

/** Why the offer's `amends` or `under` does not fit the head at `now` (unix seconds), if it does not. */
export function findHeadProblem(state: Negotiation, offer: Offer, alternative: number, now: number): HeadProblem | undefined {
  const named = offer.amends ?? offer.under;
  if (named === undefined) return undefined;
  const head = findHead(state);
  if (head === undefined || head.agreement !== named) return 'stale';
  return offer.under === undefined ? undefined : findCallOffProblem(state, head, termsOf(offer, alternative), now);
}

/** The terms of an offer or of one of its alternatives. */
export function termsOf(offer: Offer, alternative: number): Terms | undefined {
  return alternative === 0 ? offer.terms : offer.alternatives?.[alternative - 1];
}

/** Where an offer stands. `taken`: a signature of mine is about it. `suspended`: it is mine, and waits until my slot is free. */
export function readOfferStatus(state: Negotiation, offer: Offer): Offer['status'] | 'taken' | 'suspended' {
  const isTaken = state.commitments.some((each) => each.offer === offer.id && isLive(each));
  if (isTaken) return 'taken';
  if (offer.status !== 'open' || offer.by !== state.me || offer.presigned !== undefined) return offer.status;
  return findSlotHolder(state, offer) === undefined ? 'open' : 'suspended';
}

/** The latest commitment about this agreement: an offer that is accepted again in one window makes the same one as before. */
export function findCommitment({ commitments }: Negotiation, agreement: Hex): Commitment | undefined {
  return commitments.findLast((each) => each.agreement === agreement);
}

function findCallOffProblem(state: Negotiation, head: Commitment, terms: Terms | undefined, now: number): HeadProblem | undefined {
  const offered = findOfferOf(state, head);
  const framework = offered === undefined ? undefined : termsOf(offered, head.alternative)?.framework;
  if (framework === undefined || terms === undefined || terms.framework !== undefined) return 'framework';
  const { ends_at: endsAt, max_calls: maxCalls, cap_msat: cap } = framework;
  if (endsAt !== undefined && now > endsAt) return 'framework';
  const calls = listCallOffs(state);
  if (maxCalls !== undefined && calls.length >= maxCalls) return 'cap';
  if (cap === undefined) return undefined;
  const costs = [terms, ...calls].map(({ price }) => ceilingOf(price));
  // What has no upper limit fits under none.
  const isWithin =
    costs.every((cost) => cost !== undefined) && costs.reduce<bigint>((sum, cost) => sum + (cost ?? 0n), 0n) <= parseMsat(cap);
  return isWithin ? undefined : 'cap';
}

/** The terms of every call-off that counts against the cap: closed ones, and the one in my slot. */
function listCallOffs(state: Negotiation): readonly Terms[] {
  return state.commitments.flatMap((each) => {
    const offer = isLive(each) ? findOfferOf(state, each) : undefined;
    return offer?.under === undefined ? [] : (termsOf(offer, each.alternative) ?? []);
  });
}

/** True for a signature that is out or holds; not for a presigned offer that waits. */
function isLive(each: Commitment): boolean {
  switch (each.state) {
    case 'undecided':
      return !isPresigned(each);
    case 'closed':
    case 'sealing':
    case 'agreed':
      return true;
    case 'cancelled':
    case 'given-up':
    case 'late':
      return false;
    default:
      return each satisfies never;
  }
}

function isClosed({ state }: Commitment): boolean {
  return state === 'closed' || state === 'agreed';
}

function findOfferOf({ offers }: Negotiation, { offer }: Commitment): Offer | undefined {
  return offers.find(({ id }) => id === offer);
}
