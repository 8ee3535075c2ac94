// Makes an offer, or a counter-offer: the terms on the table with the changes named.

import { z } from 'zod';
import { bytesToHex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import { longText, unixSeconds, wholeNumber } from '../negotiate/fields.ts';
import { readPhase, type Negotiation } from '../negotiate/negotiation.ts';
import { parseTerms, termsSchema, type Terms } from '../negotiate/terms.ts';
import { issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { openNamed } from './openNamed.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { refusalError } from './refusalError.ts';
import { beginWork } from './work.ts';

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
  /** Seconds for which the offer can be accepted. */
  lifeS: z.int().min(60).max(LONGEST_LIFE_S).default(DEFAULT_LIFE_S),
});

type OfferInput = z.infer<typeof offerInput>;

/** Makes an offer; one that is accepted in time is confirmed without asking. Throws `input/…`, `negotiation/refused`. */
export async function offer(context: AgentContext, input: OfferInput): Promise<MoveResult> {
  const work = beginWork(context);
  const open = openNamed(work, input.nid);
  const { state } = open;
  // The rules let talk and plain offers go on, but nobody could accept this one.
  if (readPhase(state) === 'agreed') throw refusalError('agreed');
  const countered = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open')?.id;
  await issueMove(work, open, {
    type: 'offer',
    body: {
      v: 1,
      type: 'offer',
      terms: buildTerms(state, input),
      salt_seed: bytesToHex(context.rng.bytes(32)),
      expires_at: work.now + input.lifeS,
      ...(countered === undefined ? {} : { re: countered }),
    },
  });
  return finishStep(work, state.nid);
}

function buildTerms(state: Negotiation, input: OfferInput): Terms {
  const base = input.terms ?? findBase(state);
  const price = input.priceMsat === undefined ? base?.price : makeFixedPrice(input.priceMsat);
  if (price === undefined) throw new NegotiateError('input/invalid', 'An offer needs a price. Name one, such as --sats 900.');
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

function buildDelivery(base: Terms | undefined, { deliverWithinS, deliverBy }: OfferInput): Terms['delivery'] {
  if (deliverWithinS === undefined && deliverBy === undefined) return base?.delivery;
  const channel = base?.delivery?.channel;
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(deliverWithinS === undefined ? {} : { within_s: deliverWithinS }),
    ...(deliverBy === undefined ? {} : { deadline: deliverBy }),
  };
}
