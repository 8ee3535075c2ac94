// What is ordered: how an order is given and named, and whether it was placed before.

import { z } from 'zod';
import { sha256Hex, type Hex } from '../../core/bytes.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { NegotiateError } from '../../core/errors.ts';
import { MAX_MSAT } from '../../core/money.ts';
import { choiceSchema, roundsSchema } from '../../decide/strategies/strategySchema.ts';
import { capability, lineText, longText, talkText } from '../../negotiate/fields.ts';
import { MAX_FILE_BYTES, MAX_FILES, type FileRef } from '../../negotiate/files.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import type { AgentContext } from '../context.ts';
import { DEFAULT_COLLECT_S, weightsSchema } from '../rfq/rfqRecord.ts';
import { countAsked, findRunning } from '../rfq/startRfq.ts';
import { findEarlier, type EarlierOrder } from './earlierOrder.ts';
import { limitsOf, type LimitName, type OrderLimits } from './orderLimits.ts';
import { viewJob, type JobView } from './viewJob.ts';

const MAX_ASKED = 16;
/** Seconds for which an order stands. */
export const LIFE_S = 7 * 86_400;

const askSchema = z.strictObject({
  /** How many: the first that the search finds and that can be reached. */
  providers: z.int().min(1).max(MAX_ASKED),
  /** What makes an offer good; only the shares count. */
  weights: weightsSchema.default({ price: 1, time: 0, trust: 0 }),
  /** Seconds for which offers are gathered, unless nobody has more to say before. */
  collectS: z.int().min(0).max(LIFE_S).default(DEFAULT_COLLECT_S),
});

/** What to buy and within which limits. */
export const buyInput = z.strictObject({
  /** A capability, as providers announce it. */
  find: capability,
  /** Only from this provider (npub or hex key), or from one of these. */
  peer: z.union([z.string(), z.array(z.string()).min(1).max(MAX_ASKED)]).optional(),
  /** Ask several providers, each in private, bargain with all of them, and take the best offer. Without it all are asked where several are named. */
  ask: askSchema.optional(),
  /** What is wanted, in words; part of the agreement. */
  about: longText,
  /** What to answer when the provider asks. */
  answer: talkText.optional(),
  /** What to hand over once the deal is made. */
  inputs: z
    .array(
      z.strictObject({
        name: lineText,
        data: z.instanceof(Uint8Array).refine(({ length }) => length <= MAX_FILE_BYTES, 'is too large for a file of a deal'),
      }),
    )
    .max(MAX_FILES)
    .refine(
      (inputs) => new Set(inputs.map(({ name }) => name)).size === inputs.length,
      'must have different names: two files have the same',
    )
    .default([]),
  /** The most that is paid. */
  maxMsat: z.bigint().min(1n).max(MAX_MSAT),
  /** What is bid first; two thirds of the most by default. */
  bidMsat: z.bigint().min(1n).max(MAX_MSAT).optional(),
  /** Latest delivery in seconds after payment. */
  withinS: z.int().min(1).optional(),
  /** Whether to attest the work in public, if the provider agrees. */
  mayAttest: z.boolean().default(false),
  /** How to bargain between the bid and the most: by name, as a spec, or a module of one's own; unless named as the policy in force says, else by fixed rules. */
  strategy: choiceSchema.optional(),
  /** How many offers the strategy has, the policy's too. */
  rounds: roundsSchema.optional(),
  /** Deal with nobody who scores less (ai.wot, 0 to 100). */
  minTrust: z.number().min(0).max(100).default(0),
  /** Order once more what was ordered before; otherwise the same order is the same job, unless that is over without a deal and had other limits. */
  again: z.boolean().default(false),
});

/** An order, checked. */
export type BuyInput = z.output<typeof buyInput>;

/** The job, and whether it was there before: then nothing was ordered, and `unused` names the limits that it does not have. */
export interface BuyResult {
  readonly job: JobView;
  readonly isResumed: boolean;
  readonly unused: readonly LimitName[];
}

function resume({ store }: AgentContext, { job, changed }: EarlierOrder, limits: OrderLimits): BuyResult {
  return { job: viewJob(store, job), isResumed: true, unused: changed.filter((name) => limits[name] !== undefined) };
}

/** Throws `input/invalid` for an order that cannot be meant as it is. */
export function checkOrder({ maxMsat, bidMsat, peer }: BuyInput, ask: AskSeveral | undefined): void {
  if (bidMsat !== undefined && bidMsat > maxMsat)
    throw new NegotiateError('input/invalid', 'The bid is higher than the most that you pay. Lower --bid, or raise --max.');
  const named = listPeers(peer).length;
  if (ask === undefined || named === 0 || ask.providers <= named) return;
  const message = 'You ask more providers than you name. Name as many with --peer as --ask says, or none to search for them.';
  throw new NegotiateError('input/invalid', message, { details: { asked: ask.providers, named } });
}

/** The job that this order is already, so that nothing is ordered; undefined for a new order, and for one that was cut off while it was placed. */
export function findOrdered(context: AgentContext, wanted: BuyInput): BuyResult | undefined {
  const ask = readAsk(wanted);
  const key = orderKey(wanted, describeInputs(wanted));
  const limits = limitsOf(wanted, ask);
  const earlier = wanted.again ? undefined : findEarlier(context, key, limits);
  if (earlier === undefined) return undefined;
  const isCutOff = earlier.changed.every((name) => name === 'askProviders') && isCutShort(context, key, ask);
  return isCutOff ? undefined : resume(context, earlier, limits);
}

/** What is handed over, by name, digest and size (bytes). */
export function describeInputs({ inputs }: BuyInput): readonly FileRef[] {
  return inputs.map(({ name, data }) => ({ name, sha256: sha256Hex(data), size: data.length }));
}

/** How several are asked. */
export type AskSeveral = z.output<typeof askSchema>;

/** Whether several are asked: where the owner says so, or names several. */
export function readAsk({ ask, peer }: BuyInput): AskSeveral | undefined {
  if (!Array.isArray(peer) || peer.length < 2) return ask;
  return { ...askSchema.parse({ providers: peer.length }), ...ask };
}

/** True while a request of this order gathers offers and fewer have been asked than were to be: the process that asked has been cut off. */
function isCutShort(context: AgentContext, key: Hex, ask: AskSeveral | undefined): boolean {
  const rfq = ask === undefined ? undefined : findRunning(context, key);
  return rfq !== undefined && ask !== undefined && countAsked(rfq) < ask.providers && context.clock.now() < rfq.body.collectUntil;
}

/** The name of an order: the same words, files and providers have the same. */
export function orderKey({ find, peer, about }: BuyInput, inputs: readonly FileRef[]): Hex {
  const peers = listPeers(peer);
  const provider = peers.length < 2 ? (peers[0] ?? null) : peers;
  return sha256Hex(canonicalJson({ domain: 'agent-negotiate/order/1', find, provider, about, inputs }));
}

/** Keys without doubles, in an order of their own. */
export function listPeers(peer: BuyInput['peer']): readonly Hex[] {
  const named = peer === undefined ? [] : typeof peer === 'string' ? [peer] : peer;
  return [...new Set(named.map(parsePublicKey))].sort();
}
