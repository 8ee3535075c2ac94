// Gathers what a judgement needs: the ledger, the peer, what is known of its standing, and what the negotiation is about.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import { parseMsat, type Msat } from '../../core/money.ts';
import type { Facts, GroupFacts, PublicFacts } from '../../decide/mandateFacts.ts';
import { countActs, sumHeld, sumSpent, type Ledger } from '../../decide/mandateLedger.ts';
import { listWords } from '../../decide/mandateSpeech.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import type { Role } from '../../negotiate/agreement.ts';
import { findOffer, type Negotiation } from '../../negotiate/negotiation.ts';
import { findDeal } from '../../negotiate/slot.ts';
import type { Store } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { findPayment } from '../jobs/findPayment.ts';
import { findJob } from '../jobs/job.ts';
import { readState } from '../negotiationState.ts';
import { readRestored } from '../restoredNote.ts';
import { findRfqOf } from '../rfq/rfqRecord.ts';
import { trust } from '../trust.ts';

/** What a judgement is about: a negotiation, or one that is to be begun. */
export interface Subject {
  readonly nid: Hex | undefined;
  readonly peer: Hex;
  readonly role: Role;
  readonly service: string;
  /** The announcement that led to it, where the caller knows one. */
  readonly announcement?: string | undefined;
  /** How the peer scored, where the caller knows; 0 is not known. */
  readonly trust?: number | undefined;
  readonly isFirstMove: boolean;
  /** Texts that stand in it already. */
  readonly heard?: readonly string[] | undefined;
}

/** Moves that are not counted: answers that are due, not acts of our own. */
const ANSWERS = new Set(['receipt', 'error', 'close', 'cancel']);
// What is needed becomes the scope of an offer as far as there is room for it.
const SUMMARY_CHARS = 4_000;

/** The subject of a negotiation. */
export function subjectOf(state: Negotiation): Subject {
  const { nid, peer, role, open, chain } = state;
  return {
    nid,
    peer,
    role,
    service: open.service,
    isFirstMove: chain.sent.every(({ type }) => ANSWERS.has(type)),
    heard: listHeard(state),
  };
}

/** What its opening and the offers in it say in words, of either side. */
function listHeard({ open, offers }: Negotiation): readonly string[] {
  const { requirements, terms } = open;
  const named = [...(terms === undefined ? [] : [terms]), ...offers.flatMap((each) => [each.terms, ...(each.alternatives ?? [])])];
  return [requirements, requirements.slice(0, SUMMARY_CHARS), ...named.flatMap(listWords)];
}

/** Gathers the facts. Asks relays for the standing of the peer only where the mandate depends on it; nobody's answer is an unknown score. */
export async function gatherFacts(
  context: AgentContext,
  mandate: Mandate,
  ledger: Ledger,
  subject: Subject,
  { now, agreement, amends }: { readonly now: number; readonly agreement?: Hex | undefined; readonly amends?: Hex | undefined },
): Promise<Facts> {
  const { store } = context;
  const { nid, peer, role, service, isFirstMove, heard = [] } = subject;
  const job = nid === undefined ? undefined : findJob(store, nid)?.body;
  return {
    now,
    latestAt: ledger.latestAt,
    peer,
    trust: await findTrust(context, mandate, subject),
    role,
    service,
    announcement: subject.announcement ?? (job?.role === 'buyer' ? job.service.id : job?.service),
    heard,
    ...sumHeld(ledger),
    spentMsat: sumSpent(ledger, now),
    paidBeforeMsat: amends === undefined ? 0n : sumPaid(store, ledger, nid, amends),
    restoredAt: readRestored(store)?.at,
    holdMsat: ledger.open.find((hold) => hold.agreement === agreement)?.msat,
    dealsWithPeer: mandate.approval.when.includes('first-deal') ? countDeals(store, peer) : undefined,
    isFirstMove,
    all: countActs(ledger, now),
    ofPeer: countActs(ledger, now, peer),
  };
}

/** What is known where everybody is spoken to. */
export function gatherPublicFacts(ledger: Ledger, now: number): PublicFacts {
  return { now, latestAt: ledger.latestAt, all: countActs(ledger, now) };
}

/** What is known where a group is spoken to; each count is that of the member with whom it is highest. */
export function gatherGroupFacts(ledger: Ledger, members: readonly Hex[], now: number): GroupFacts {
  const counts = members.map((member) => countActs(ledger, now, member));
  const most = (name: keyof Facts['ofPeer']): number => Math.max(0, ...counts.map((each) => each[name]));
  return {
    now,
    latestAt: ledger.latestAt,
    isFirstMove: false,
    all: countActs(ledger, now),
    ofPeer: { movesInMinute: most('movesInMinute'), movesInHour: most('movesInHour'), newInHour: most('newInHour') },
  };
}

/** What was paid, or may have been, for an agreement and for those that it has changed one after the other. */
function sumPaid(store: Store, { spent }: Ledger, nid: Hex | undefined, agreement: Hex): Msat {
  const record = nid === undefined ? undefined : store.findNegotiation(nid);
  const state = record === undefined ? undefined : readState(record);
  const changed = new Set<Hex>();
  for (let named: Hex | undefined = agreement; named !== undefined && !changed.has(named);) {
    changed.add(named);
    const current: Hex = named;
    const made = state?.commitments.find((each) => each.agreement === current);
    named = state === undefined || made === undefined ? undefined : findOffer(state, made.offer)?.amends;
  }
  return [...changed].reduce((sum, each) => {
    const payment = findPayment(store, each)?.payment;
    if (payment !== undefined && payment.state !== 'failed') return sum + parseMsat(payment.amountMsat);
    // Paid by hand, as the owner has said.
    return spent.reduce((all, { agreement: of, msat }) => (of === each ? all + msat : all), sum);
  }, 0n);
}

async function findTrust(context: AgentContext, { peers, approval }: Mandate, subject: Subject): Promise<number | undefined> {
  if (peers.min_trust === 0 && !approval.when.includes('unknown-trust')) return undefined;
  const known = subject.trust ?? knownTrust(context.store, subject);
  if (known !== undefined && known > 0) return known;
  try {
    const { score, attestations } = await trust(context, { peer: subject.peer, blockBelow: 0 });
    return attestations === 0 ? undefined : score;
  } catch (error) {
    if (isNegotiateError(error)) return undefined;
    throw error;
  }
}

/** The score that was looked up when the job or the request began. */
function knownTrust(store: Store, { nid, peer }: Subject): number | undefined {
  const job = nid === undefined ? undefined : findJob(store, nid)?.body;
  if (job?.role === 'buyer') return job.trust.score;
  return nid === undefined ? undefined : findRfqOf(store, nid)?.body.asked.find((each) => each.peer === peer)?.trust;
}

function countDeals(store: Store, peer: Hex): number {
  const states = store.listNegotiations().flatMap((record) => (record.peer === peer ? [readState(record)] : []));
  return states.filter((state) => findDeal(state) !== undefined).length;
}
