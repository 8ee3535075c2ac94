// A request as its owner sees it: whom it went to, what each offers, and which offer is best.

import type { Hex } from '../../core/bytes.ts';
import { findObjection } from '../../decide/fitTerms.ts';
import { rankBids, type Bid, type Judged, type Request } from '../../decide/rankOffers.ts';
import { findOfferObstacle } from '../../negotiate/issueSignature.ts';
import type { Negotiation, Offer } from '../../negotiate/negotiation.ts';
import { readPhase, type Phase } from '../../negotiate/phase.ts';
import { formatPrice } from '../../negotiate/priceWords.ts';
import { findHeld } from '../../negotiate/slot.ts';
import { encodeNpub } from '../../nostr/npub.ts';
import type { Store } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { findJob } from '../jobs/job.ts';
import { planOf, type BuyerPlan } from '../jobs/plan.ts';
import { readState } from '../negotiationState.ts';
import { termsOfCommitment } from '../viewAgreement.ts';
import type { Rfq, RfqBody } from './rfqRecord.ts';

/** Which offer, or which alternative of it, in which negotiation. */
export interface OfferRef {
  readonly nid: Hex;
  readonly offer: Hex;
  readonly alternative: number;
}

/** One provider of a request. */
export interface AskedView {
  /** npub. */
  readonly peer: string;
  readonly trust: number;
  readonly nid?: Hex;
  readonly phase?: Phase;
  /** The price of what was signed, or of its best offer on the table, with the utility of that from 0 to 1; `unfit` names what rules it out. */
  readonly price?: string;
  readonly utility?: number;
  readonly unfit?: string;
  /** Why it could not be asked. */
  readonly problem?: string;
}

/** A request. Times are unix seconds. */
export interface RfqView {
  readonly id: Hex;
  readonly service: string;
  readonly state: 'collecting' | 'signing' | 'agreed' | 'no-deal';
  readonly collectUntil: number;
  readonly endsAt: number;
  /** Best offer first. */
  readonly asked: readonly AskedView[];
  /** The negotiation that has become the deal. */
  readonly chosen?: Hex;
  /** It is a job: what was agreed is requested and paid by itself. */
  readonly isJob: boolean;
}

/** Shows a request. */
export function viewRfq({ store, clock }: Pick<AgentContext, 'store' | 'clock'>, { record, body }: Rfq): RfqView {
  const now = clock.now();
  const states = readStates(store, body);
  const ranked = rankOffers(store, body, states, now);
  const chosen = states.find((state) => readPhase(state) === 'agreed')?.nid;
  const isSigning = states.some((state) => ['accepting', 'sealing'].includes(readPhase(state)));
  const asked = body.asked.map((each) => viewAsked(each, states, ranked));
  return {
    id: record.id,
    service: body.service,
    state: chosen !== undefined ? 'agreed' : body.outcome === 'no-deal' ? 'no-deal' : isSigning ? 'signing' : 'collecting',
    collectUntil: body.collectUntil,
    endsAt: body.endsAt,
    asked: asked.sort((a, b) => (b.utility ?? -1) - (a.utility ?? -1)),
    ...(chosen === undefined ? {} : { chosen }),
    isJob: findWants(store, body) !== undefined,
  };
}

/** The negotiations of a request. */
export function readStates(store: Store, { asked }: RfqBody): readonly Negotiation[] {
  return asked.flatMap(({ nid }) => {
    const record = nid === undefined ? undefined : store.findNegotiation(nid);
    return record === undefined ? [] : [readState(record)];
  });
}

/** Every offer that could be accepted now, best first. */
export function rankOffers(store: Store, body: RfqBody, states: readonly Negotiation[], now: number): readonly Judged<OfferRef>[] {
  const bids = states.flatMap((state) => state.offers.flatMap((offer) => listBids(body, state, offer, now)));
  return rankBids(bids, readRequest(store, body));
}

/** What a request asks for. What is to become a job has more in its terms, and they are looked at as those of a job. */
export function readRequest(store: Store, body: RfqBody): Request {
  const { service: capability, requirements: summary, withinS, weights } = body;
  const wants = findWants(store, body);
  return {
    capability,
    summary,
    maxMsat: BigInt(body.maxMsat),
    withinS,
    weights,
    ...(wants === undefined ? {} : { findObjection: (terms) => findObjection(terms, wants) }),
  };
}

/** What the jobs of a request want; the same for all. Undefined for a request that ends with its deal. */
function findWants(store: Store, { asked }: RfqBody): BuyerPlan['wants'] | undefined {
  const nid = asked.find((each) => each.nid !== undefined)?.nid;
  const job = nid === undefined ? undefined : findJob(store, nid);
  return job?.body.role === 'buyer' && job.body.rfq !== undefined ? planOf(job.body).wants : undefined;
}

/** How far the provider of a negotiation is trusted (ai.wot, 0 to 100). */
export function trustOf({ asked }: RfqBody, nid: Hex): number {
  return asked.find((each) => each.nid === nid)?.trust ?? 0;
}

function listBids(body: RfqBody, state: Negotiation, offer: Offer, now: number): readonly Bid<OfferRef>[] {
  const { nid } = state;
  const trust = trustOf(body, nid);
  return [offer.terms, ...(offer.alternatives ?? [])].flatMap((terms, alternative) =>
    findOfferObstacle(state, offer, alternative, now) === undefined ? [{ of: { nid, offer: offer.id, alternative }, terms, trust }] : [],
  );
}

function viewAsked(
  { peer, nid, trust, problem }: RfqBody['asked'][number],
  states: readonly Negotiation[],
  ranked: readonly Judged<OfferRef>[],
): AskedView {
  const state = states.find((each) => each.nid === nid);
  const best = ranked.find(({ of }) => of.nid === nid);
  const held = state === undefined ? undefined : findHeld(state);
  const terms = state === undefined || held === undefined ? best?.terms : termsOfCommitment(state, held);
  return {
    peer: encodeNpub(peer),
    trust,
    ...(nid === undefined ? {} : { nid }),
    ...(state === undefined ? {} : { phase: readPhase(state) }),
    ...(terms === undefined ? {} : { price: formatPrice(terms.price) }),
    ...(best?.kind === 'fit' ? { utility: best.utility } : {}),
    ...(best?.kind === 'unfit' ? { unfit: best.leaf } : {}),
    ...(problem === undefined ? {} : { problem }),
  };
}
