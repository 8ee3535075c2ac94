// Puts one request to several providers, to each in private and as if it were the only one.

import { z } from 'zod';
import { bytesToHex, sha256Hex, type Hex } from '../../core/bytes.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { isNegotiateError, NegotiateError, type ErrorCode } from '../../core/errors.ts';
import { MAX_MSAT } from '../../core/money.ts';
import type { Rng } from '../../core/ports.ts';
import { capability, talkText } from '../../negotiate/fields.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import type { AgentContext } from '../context.ts';
import { finishStep } from '../finishStep.ts';
import { beginStart } from '../start.ts';
import { trust } from '../trust.ts';
import { beginWork } from '../work.ts';
import { listRfqs, saveRfq, weightsSchema, type Rfq, type RfqBody } from './rfqRecord.ts';
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
const DEFAULT_COLLECT_S = 600;
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
  const id = requestId(input, peers);
  const known = listRfqs(context.store).find(({ record, body }) => record.key === id && body.outcome === undefined);
  const rfq = known !== undefined && !input.again ? known : create(context, input, id);
  return viewRfq(context, await askAll(context, rfq, shuffle(context.rng, peers), input.minTrust));
}

function requestId({ service, requirements, maxMsat }: StartInput, peers: readonly Hex[]): Hex {
  const domain = 'agent-negotiate/rfq/1';
  return sha256Hex(canonicalJson({ domain, service, requirements, maxMsat: maxMsat.toString(), peers: [...peers].sort() }));
}

function create(context: AgentContext, input: StartInput, key: Hex): Rfq {
  const { service, requirements, answer, maxMsat, withinS, weights, collectS, lifeS } = input;
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
async function askAll(context: AgentContext, rfq: Rfq, peers: readonly Hex[], minTrust: number): Promise<Rfq> {
  let current = rfq;
  for (const peer of peers) {
    if (current.body.asked.some((each) => each.peer === peer && each.nid !== undefined)) continue;
    current = await askOne(context, current, peer, minTrust);
  }
  const { asked } = current.body;
  const problem = asked.find((each) => each.problem !== undefined)?.problem;
  if (asked.some(({ nid }) => nid !== undefined)) return current;
  throw new NegotiateError('negotiation/refused', `Nobody could be asked. ${problem ?? ''}`.trim(), { details: { asked: asked.length } });
}

async function askOne(context: AgentContext, rfq: Rfq, peer: Hex, minTrust: number): Promise<Rfq> {
  const work = beginWork(context);
  const { service, requirements, endsAt } = rfq.body;
  const others = rfq.body.asked.filter((each) => each.peer !== peer);
  const seen = await trust(context, { peer, blockBelow: minTrust });
  try {
    if (seen.verdict.kind === 'block') throw new NegotiateError('negotiation/refused', 'It is trusted less than you ask for.');
    const lifeS = Math.max(60, endsAt - work.now);
    const nid = await beginStart(work, { peer, service, requirements, role: 'buyer', lifeS }, { trust: seen.score });
    const next = { ...rfq.body, asked: [...others, { peer, nid, trust: seen.score }] };
    work.changes.push(saveRfq(rfq.record, next));
    await finishStep(work, nid);
    return { record: { ...rfq.record, version: rfq.record.version + 1 }, body: next };
  } catch (error) {
    if (!isNegotiateError(error) || !LEFT_OUT.has(error.code)) throw error;
    const next = { ...rfq.body, asked: [...others, { peer, trust: seen.score, problem: error.message }] };
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
