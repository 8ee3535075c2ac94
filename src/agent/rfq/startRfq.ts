// Puts one request to several providers, to each in private and as if it were the only one.

import { z } from 'zod';
import { bytesToHex, sha256Hex, type Hex } from '../../core/bytes.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { isNegotiateError, NegotiateError, type ErrorCode } from '../../core/errors.ts';
import { MAX_MSAT } from '../../core/money.ts';
import type { Rng } from '../../core/ports.ts';
import { capability, talkText } from '../../negotiate/fields.ts';
import type { Terms } from '../../negotiate/terms.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import type { AgentContext } from '../context.ts';
import { finishStep } from '../finishStep.ts';
import { beginStart } from '../start.ts';
import { trust, type TrustView } from '../trust.ts';
import { beginWork, type Work } from '../work.ts';
import { DEFAULT_COLLECT_S, listRfqs, saveRfq, weightsSchema, type Rfq, type RfqBody } from './rfqRecord.ts';
import { viewRfq, type RfqView } from './viewRfq.ts';

// What is wrong with one provider is no reason not to ask the others; asked again, it gets another chance.
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set([
  'peer/no-key-package',
  'peer/unusable-key-package',
  'negotiation/refused',
  'mandate/denied',
  'mandate/approval-needed',
]);
const MAX_PEERS = 16;
const SUMMARY_CHARS = 4_000;
const LONGEST_S = 90 * 86_400;
const DEFAULT_LIFE_S = 86_400;

/** Whom to ask for what, within which limits. */
export const startRfqInput = z.strictObject({
  /** npubs or hex keys, one to sixteen. */
  peers: z.array(z.string()).min(1).max(MAX_PEERS),
  service: capability,
  /** What is wanted, in words; it becomes part of the agreement. */
  requirements: talkText.max(SUMMARY_CHARS),
  /** What to answer whoever asks. */
  answer: talkText.optional(),
  /** The most that is paid. */
  maxMsat: z.bigint().min(1n).max(MAX_MSAT),
  /** Latest delivery in seconds after payment. */
  withinS: z.int().min(1).optional(),
  weights: weightsSchema.default({ price: 1, time: 0, trust: 0 }),
  /** Ask nobody who scores less (ai.wot, 0 to 100). */
  minTrust: z.number().min(0).max(100).default(0),
  /** Seconds for which offers are gathered, unless all have answered before. */
  collectS: z.int().min(0).max(LONGEST_S).default(DEFAULT_COLLECT_S),
  /** Seconds after which the request is given up. */
  lifeS: z.int().min(60).max(LONGEST_S).default(DEFAULT_LIFE_S),
  /** Ask once more what was asked before; otherwise the same request is the same one. */
  again: z.boolean().default(false),
});

type StartInput = z.output<typeof startRfqInput>;

/**
 * Starts a request; asked again, it is the one that runs. Whoever cannot be reached is noted and left out. Throws `input/invalid`,
 * `relay/unreachable` when nobody could be asked, `negotiation/refused` when the owner's trust limit leaves nobody.
 */
export async function startRfq(context: AgentContext, input: StartInput): Promise<RfqView> {
  const peers = [...new Set(input.peers.map(parsePublicKey))];
  if (peers.includes(context.pubkey)) throw new NegotiateError('input/invalid', 'This is your own npub. Name the npubs of providers.');
  const asks = shuffle(context.rng, peers).map((peer) => ({ peer }));
  return viewRfq(context, await openRequest(context, { ...input, key: requestId(input, peers), most: peers.length }, asks));
}

function requestId({ service, requirements, maxMsat }: StartInput, peers: readonly Hex[]): Hex {
  const domain = 'agent-negotiate/rfq/1';
  return sha256Hex(canonicalJson({ domain, service, requirements, maxMsat: maxMsat.toString(), peers: [...peers].sort() }));
}

/** A request as it is opened: `key` names it, `most` is how many are asked. */
export type RequestInput = Omit<StartInput, 'peers'> & { readonly key: Hex; readonly most: number };

/** Whom to ask, and what its opening says once it is known how far it is trusted. */
export interface Ask {
  readonly peer: Hex;
  readonly prepare?: (seen: TrustView) => Opening;
}

/** How one provider is asked. */
export interface Opening {
  readonly terms: Terms;
  /** Identifier of the announcement by which it was found. */
  readonly announcement: string;
  /** What else belongs into the step that asks. */
  readonly add: (work: Work, nid: Hex, rfq: Hex) => void;
}

/** Opens a request, or goes on with the one of this key that runs: asks in this order until so many have been asked. Throws as {@link startRfq}. */
export async function openRequest(context: AgentContext, input: RequestInput, asks: readonly Ask[]): Promise<Rfq> {
  const known = input.again ? undefined : findRunning(context, input.key);
  const rfq = await askAll(context, known ?? create(context, input), asks, input);
  const { asked } = rfq.body;
  if (asked.some(({ nid }) => nid !== undefined)) return rfq;
  const problem = asked.find((each) => each.problem !== undefined)?.problem;
  throw new NegotiateError('negotiation/refused', `Nobody could be asked. ${problem ?? ''}`.trim(), { details: { asked: asked.length } });
}

/** The request of this key that runs. */
export function findRunning({ store }: AgentContext, key: Hex): Rfq | undefined {
  return listRfqs(store).find(({ record, body }) => record.key === key && body.outcome === undefined);
}

function create(context: AgentContext, input: RequestInput): Rfq {
  const { key, service, requirements, answer, maxMsat, withinS, weights, collectS, lifeS } = input;
  const now = context.clock.now();
  const body: RfqBody = {
    service,
    requirements,
    ...(answer === undefined ? {} : { answer }),
    maxMsat: maxMsat.toString(),
    ...(withinS === undefined ? {} : { withinS }),
    weights,
    collectUntil: now + collectS,
    endsAt: now + lifeS,
    asked: [],
  };
  return { record: { id: bytesToHex(context.rng.bytes(32)), key, body: '', createdAt: now, version: 0 }, body };
}

/** Each is asked in a step of its own, and the step says so: after a crash those who were asked are not asked again. */
async function askAll(context: AgentContext, rfq: Rfq, asks: readonly Ask[], { minTrust, most }: RequestInput): Promise<Rfq> {
  let current = rfq;
  for (const ask of asks) {
    if (countAsked(current) >= most) return current;
    if (current.body.asked.some(({ peer, nid }) => peer === ask.peer && nid !== undefined)) continue;
    current = await askOne(context, current, ask, minTrust);
  }
  return current;
}

/** How many have been asked. */
export function countAsked({ body }: Rfq): number {
  return body.asked.filter(({ nid }) => nid !== undefined).length;
}

async function askOne(context: AgentContext, rfq: Rfq, { peer, prepare }: Ask, minTrust: number): Promise<Rfq> {
  const work = beginWork(context);
  const { service, requirements, endsAt } = rfq.body;
  const others = rfq.body.asked.filter((each) => each.peer !== peer);
  let score = 0;
  try {
    const seen = await trust(context, { peer, blockBelow: minTrust });
    score = seen.score;
    if (seen.verdict.kind === 'block') throw new NegotiateError('negotiation/refused', 'It is trusted less than you ask for.');
    const lifeS = Math.max(60, endsAt - work.now);
    const opening = prepare?.(seen);
    const start = { peer, service, requirements, role: 'buyer', lifeS, terms: opening?.terms } as const;
    const nid = await beginStart(work, start, { trust: seen.score, announcement: opening?.announcement });
    const next = { ...rfq.body, asked: [...others, { peer, nid, trust: seen.score }] };
    work.changes.push(saveRfq(rfq.record, next));
    opening?.add(work, nid, rfq.record.id);
    await finishStep(work, nid);
    return { record: { ...rfq.record, version: rfq.record.version + 1 }, body: next };
  } catch (error) {
    // Relays that are gone are told to whoever asks nobody yet; in the middle the request goes on with those who were asked.
    const isLeftOut = isNegotiateError(error) && (LEFT_OUT.has(error.code) || (error.code === 'relay/unreachable' && countAsked(rfq) > 0));
    if (!isLeftOut) throw error;
    const next = { ...rfq.body, asked: [...others, { peer, trust: score, problem: error.message }] };
    context.store.save([saveRfq(rfq.record, next)]);
    return { record: { ...rfq.record, version: rfq.record.version + 1 }, body: next };
  }
}

/** In an order that says nothing. */
function shuffle(rng: Rng, peers: readonly Hex[]): readonly Hex[] {
  return peers
    .map((peer) => ({ peer, place: bytesToHex(rng.bytes(8)) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ peer }) => peer);
}
