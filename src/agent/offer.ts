// Makes an offer, or a counter-offer: the terms on the table with the changes named.

import { z } from 'zod';
import { bytesToHex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import { longText, unixSeconds, wholeNumber } from '../negotiate/fields.ts';
import { MAX_ALTERNATIVES } from '../negotiate/agreementSchema.ts';
import { describeOffer } from '../decide/mandateAction.ts';
import type { Draft } from '../negotiate/draft.ts';
import type { BodyOf } from '../negotiate/moveBody.ts';
import { MAX_WINDOW_S, type Negotiation } from '../negotiate/negotiation.ts';
import { planPresigned } from '../negotiate/planSignature.ts';
import { findDeal } from '../negotiate/slot.ts';
import type { Terms } from '../negotiate/terms.ts';
import { parseTerms, termsSchema } from '../negotiate/termsSchema.ts';
import { applyTick, issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { openNamed } from './openNamed.ts';
import { subjectOf } from './mandate/facts.ts';
import { readMandate } from './mandate/mandateSetting.ts';
import { foresee } from './mandate/permit.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { refusalError } from './refusalError.ts';
import { makeLockValues, signAgreement } from './signAgreement.ts';
import { atPresent, beginWork, openNegotiation, type Work } from './work.ts';

const DEFAULT_LIFE_S = 86_400;
const LONGEST_LIFE_S = 90 * 86_400;
const SUMMARY_CHARS = 4_000;

/** What to offer. Everything left out is as in `terms`, else as in the newest offer of either side, else as in the opening. */
export const offerInput = z.strictObject({
  nid: z.string(),
  /** The whole terms document to start from. */
  terms: termsSchema.optional(),
  priceMsat: z.bigint().optional(),
  summary: longText.optional(),
  output: longText.optional(),
  /** Seconds after payment. */
  deliverWithinS: wholeNumber.optional(),
  /** Unix seconds. */
  deliverBy: unixSeconds.optional(),
  /** Seconds for which the offer can be accepted: a day unless named, two hours for one that we sign. */
  lifeS: z.int().min(60).max(LONGEST_LIFE_S).optional(),
  /** Other terms that we like as well, each a change of the main ones. */
  alternatives: z
    .array(z.strictObject({ terms: termsSchema.optional(), priceMsat: z.bigint().optional() }))
    .max(MAX_ALTERNATIVES)
    .optional(),
  /** Sign it at once: then the peer's accept seals it. */
  isPresigned: z.boolean().optional(),
  /** What it is to the deal that is made: a change of it, or a job under it. */
  to: z.enum(['amend', 'call-off']).optional(),
  /** The owner says yes to what his mandate would ask him about. */
  isApproved: z.boolean().optional(),
});

type OfferInput = z.infer<typeof offerInput>;

/** Makes an offer; one that is accepted in time is confirmed without asking. Throws `input/…`, `negotiation/refused`, `mandate/…`. */
export async function offer(context: AgentContext, input: OfferInput): Promise<MoveResult> {
  const work = beginWork(context, input.isApproved);
  const { nid } = openNamed(work, input.nid).state;
  const named = openNegotiation(work, nid);
  // What time has made due goes first: a signature is about the very next move.
  if (named !== undefined) await applyTick(work, named);
  const open = openNegotiation(work, nid);
  if (open === undefined) throw refusalError('ended');
  const draft = await draftOffer(work, open.state, input);
  // A person may have taken a while to approve the signature. It is about the move as it was drafted, unless that is over by now.
  if (draft.body.expires_at <= atPresent(work).now) throw refusalError('expired');
  await issueMove(work, open, draft);
  return finishStep(work, nid);
}

async function draftOffer(work: Work, state: Negotiation, input: OfferInput): Promise<Extract<Draft, { type: 'offer' }>> {
  const { context, now } = work;
  const countered = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open')?.id;
  const terms = buildTerms(state, input);
  const lifeS = input.lifeS ?? (input.isPresigned === true ? MAX_WINDOW_S : DEFAULT_LIFE_S);
  const alternatives = (input.alternatives ?? []).map((each) => buildTerms(state, { ...input, ...each, terms: each.terms ?? terms }));
  const body: BodyOf<'offer'> = {
    v: 1,
    type: 'offer',
    terms,
    salt_seed: bytesToHex(context.rng.bytes(32)),
    expires_at: now + Math.min(lifeS, longestLife(work, input)),
    ...(countered === undefined ? {} : { re: countered }),
    ...(alternatives.length === 0 ? {} : { alternatives }),
    ...nameHead(state, input.to),
  };
  return input.isPresigned === true ? sign(work, state, body) : { type: 'offer', body };
}

/** For how long the owner's mandate lets an offer stand: one that would stand longer is shortened. */
function longestLife({ context }: Work, { isPresigned }: OfferInput): number {
  const windows = readMandate(context.store)?.windows;
  if (windows === undefined) return LONGEST_LIFE_S;
  return isPresigned === true ? Math.min(windows.offer_s, windows.signature_s) : windows.offer_s;
}

async function sign(work: Work, state: Negotiation, body: BodyOf<'offer'>): Promise<Extract<Draft, { type: 'offer' }>> {
  const { context, now } = work;
  if (body.alternatives !== undefined) throw new NegotiateError('input/invalid', 'An offer with alternatives cannot be signed in advance.');
  const plan = planPresigned(state, body, makeLockValues(context, state, body.salt_seed, now), now);
  if (plan === undefined) throw refusalError('invalid');
  await foresee(work, subjectOf(state), describeOffer(body, true));
  const signature = await signAgreement(context, plan.template);
  return { type: 'offer', body: { ...body, presigned: signature }, signature, secrets: plan.secrets };
}

/** The rules let plain offers go on after a deal, but nobody could accept one that is about nothing. */
function nameHead(state: Negotiation, to: OfferInput['to']): { readonly amends?: Hex; readonly under?: Hex } {
  const head = findDeal(state)?.agreement;
  if (to === undefined && head === undefined) return {};
  if (to === undefined) throw refusalError('agreed');
  if (head === undefined) throw refusalError('stale');
  return to === 'amend' ? { amends: head } : { under: head };
}

function buildTerms(state: Negotiation, input: Omit<OfferInput, 'alternatives'>): Terms {
  const base = input.terms ?? findBase(state);
  const price = input.priceMsat === undefined ? base?.price : makeFixedPrice(input.priceMsat);
  if (price === undefined)
    throw new NegotiateError('input/invalid', 'An offer needs a price. Name one, such as --sats 900, or give whole terms.');
  const summary = input.summary ?? base?.scope.summary ?? state.open.requirements.slice(0, SUMMARY_CHARS);
  const delivery = buildDelivery(base, input);
  const built = parseTerms({
    ...base,
    service: base?.service ?? { capability: state.open.service },
    scope: { ...base?.scope, summary, ...(input.output === undefined ? {} : { output: input.output }) },
    price,
    ...(delivery === undefined ? {} : { delivery }),
  });
  if (built.kind === 'ok') return built.terms;
  const where = built.pointer === '' ? '' : ` at ${built.pointer}`;
  throw new NegotiateError('input/invalid', `The terms are not valid${where} (${built.problem}). Correct them and offer again.`);
}

function findBase(state: Negotiation): Terms | undefined {
  return (
    (state.offers.findLast(({ by, status }) => by === state.peer && status === 'open') ?? state.offers.at(-1))?.terms ?? state.open.terms
  );
}

function buildDelivery(
  base: Terms | undefined,
  { deliverWithinS, deliverBy }: Pick<OfferInput, 'deliverWithinS' | 'deliverBy'>,
): Terms['delivery'] {
  if (deliverWithinS === undefined && deliverBy === undefined) return base?.delivery;
  const channel = base?.delivery?.channel;
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(deliverWithinS === undefined ? {} : { within_s: deliverWithinS }),
    ...(deliverBy === undefined ? {} : { deadline: deliverBy }),
  };
}
