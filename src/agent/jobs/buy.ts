// Orders a job: finds a service, looks at its provider, and starts the negotiation, all remembered so that it can be seen through.

import { z } from 'zod';
import { bytesToHex, sha256Hex, type Hex } from '../../core/bytes.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { isNegotiateError, NegotiateError, type ErrorCode } from '../../core/errors.ts';
import { MAX_MSAT } from '../../core/money.ts';
import type { Announcement } from '../../discover/announcement.ts';
import { chooseTactics } from '../../decide/chooseTactics.ts';
import { searchServices } from '../../discover/searchServices.ts';
import { capability, lineText, longText, talkText } from '../../negotiate/fields.ts';
import { MAX_FILE_BYTES, MAX_FILES, type FileRef } from '../../negotiate/files.ts';
import { makeFixedPrice } from '../../negotiate/price.ts';
import { PUBLISH_ATTESTATION, type Terms } from '../../negotiate/terms.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import type { RailInfo } from '../../pay/rail.ts';
import type { AgentContext } from '../context.ts';
import { keepFile } from '../dealFiles.ts';
import { fetchPublic } from '../fetchPublic.ts';
import { finishStep } from '../finishStep.ts';
import { choiceSchema, roundsSchema } from '../../decide/strategies/strategySchema.ts';
import { readMandate } from '../mandate/mandateSetting.ts';
import { DEFAULT_COLLECT_S, weightsSchema } from '../rfq/rfqRecord.ts';
import { countAsked, findRunning, openRequest, type Ask, type Opening } from '../rfq/startRfq.ts';
import { beginStart } from '../start.ts';
import { settleChoice } from '../strategies/openStrategy.ts';
import { trust, type TrustView } from '../trust.ts';
import { beginWork, type Work } from '../work.ts';
import { findEarlier, type EarlierOrder } from './earlierOrder.ts';
import { newJob, readJob, type Purchase } from './job.ts';
import { limitsOf, type LimitName, type OrderLimits } from './orderLimits.ts';
import { viewJob, type JobView } from './viewJob.ts';

const MAX_CANDIDATES = 5;
const MAX_ASKED = 16;
const NOBODY_TRUSTED =
  'Nobody who offers this reaches the trust that you ask for. Lower --min-trust, or look with: agent-negotiate trust NPUB';
// What is wrong with one provider is no reason not to try the next.
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set(['peer/no-key-package', 'peer/unusable-key-package', 'mandate/denied']);
const LIFE_S = 7 * 86_400;

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
    .array(z.strictObject({ name: lineText, data: z.instanceof(Uint8Array).refine(({ length }) => length <= MAX_FILE_BYTES) }))
    .max(MAX_FILES)
    .refine((inputs) => new Set(inputs.map(({ name }) => name)).size === inputs.length)
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

type BuyInput = z.output<typeof buyInput>;

/** The job, and whether it was there before: then nothing was ordered, and `unused` names the limits that it does not have. */
export interface BuyResult {
  readonly job: JobView;
  readonly isResumed: boolean;
  readonly unused: readonly LimitName[];
}

/**
 * Orders a job; `pursue` sees it through. Throws `wallet/…`, `relay/unreachable`, `input/not-found` when nobody offers it,
 * `input/invalid` for limits that contradict each other and when the module of an own strategy cannot be used, `negotiation/refused` when the owner's trust limit leaves nobody, and what `start` throws.
 */
export async function buy(context: AgentContext, wanted: BuyInput): Promise<BuyResult> {
  const inputs = wanted.inputs.map(({ name, data }): FileRef => ({ name, sha256: sha256Hex(data), size: data.length }));
  const key = orderKey(wanted, inputs);
  const ask = readAsk(wanted);
  const limits = limitsOf(wanted, ask);
  const earlier = wanted.again ? undefined : findEarlier(context, key, limits);
  if (earlier !== undefined && !(earlier.changed.every((name) => name === 'askProviders') && isCutShort(context, key, ask)))
    return resume(context, earlier, limits);
  checkOrder(wanted, ask);
  const input = { ...wanted, strategy: wanted.strategy === undefined ? undefined : await settleChoice(context, wanted.strategy) };
  const tactics = drawTactics(context, input);
  const info = await (await context.rail()).describe();
  const candidates = await findCandidates(context, input);
  const order = { inputs, info, key, candidates, told: { ...tactics, limits } };
  const nid = ask === undefined ? await startWithOne(context, input, order) : await startWithSeveral(context, input, ask, order);
  const record = context.store.findJob(nid);
  if (record === undefined) throw new NegotiateError('internal/bug', 'A job vanished while it was saved. Please report this.');
  return { job: viewJob(context.store, readJob(record)), isResumed: earlier !== undefined, unused: [] };
}

function resume({ store }: AgentContext, { job, changed }: EarlierOrder, limits: OrderLimits): BuyResult {
  return { job: viewJob(store, job), isResumed: true, unused: changed.filter((name) => limits[name] !== undefined) };
}

/** Throws `input/invalid` for an order that cannot be meant as it is. */
function checkOrder({ maxMsat, bidMsat, peer }: BuyInput, ask: AskSeveral | undefined): void {
  if (bidMsat !== undefined && bidMsat > maxMsat)
    throw new NegotiateError('input/invalid', 'The bid is higher than the most that you pay. Lower --bid, or raise --max.');
  const named = listPeers(peer).length;
  if (ask === undefined || named === 0 || ask.providers <= named) return;
  const message = 'You ask more providers than you name. Name as many with --peer as --ask says, or none to search for them.';
  throw new NegotiateError('input/invalid', message, { details: { asked: ask.providers, named } });
}

type AskSeveral = z.output<typeof askSchema>;

/** Whether several are asked: where the owner says so, or names several. */
function readAsk({ ask, peer }: BuyInput): AskSeveral | undefined {
  if (!Array.isArray(peer) || peer.length < 2) return ask;
  return { ...askSchema.parse({ providers: peer.length }), ...ask };
}

/** True while a request of this order gathers offers and fewer have been asked than were to be: the process that asked has been cut off. */
function isCutShort(context: AgentContext, key: Hex, ask: AskSeveral | undefined): boolean {
  const rfq = ask === undefined ? undefined : findRunning(context, key);
  return rfq !== undefined && ask !== undefined && countAsked(rfq) < ask.providers && context.clock.now() < rfq.body.collectUntil;
}

interface Preparation {
  readonly inputs: readonly FileRef[];
  readonly info: RailInfo;
  readonly key: Hex;
  readonly candidates: readonly Candidate[];
  /** How it bargains, and which limits it was given. */
  readonly told: Pick<Purchase, 'tactics' | 'limits'>;
}

/** Starts with the first provider that the owner's limit allows and that can be reached, in the order of the search. */
async function startWithOne(context: AgentContext, input: BuyInput, { inputs, info, key, candidates, told }: Preparation): Promise<Hex> {
  let failure = new NegotiateError('negotiation/refused', NOBODY_TRUSTED, { details: { reason: 'trust' } });
  for (const service of candidates.slice(0, MAX_CANDIDATES)) {
    const seen = await trust(context, { peer: service.pubkey, blockBelow: input.minTrust });
    if (seen.verdict.kind === 'block') continue;
    const body = { ...describePurchase(input, inputs, info, { service, found: candidates.length, seen }), ...told };
    try {
      return await startWith(context, input, body, key, service);
    } catch (error) {
      if (!isNegotiateError(error) || !LEFT_OUT.has(error.code)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Asks several, each with a job of its own, of which the request makes at most one a deal. Returns the negotiation of the first. */
async function startWithSeveral(context: AgentContext, input: BuyInput, ask: AskSeveral, order: Preparation): Promise<Hex> {
  const { inputs, info, key, candidates, told } = order;
  const asks = listEachOnce(candidates).map((service): Ask => {
    const prepare = (seen: TrustView): Opening => {
      const body = {
        ...describePurchase(input, inputs, info, { service, found: candidates.length, seen }),
        ...told,
        ...drawTactics(context, input),
      };
      return {
        terms: openingTerms(body, service),
        announcement: service.service,
        add: (work, nid, rfq) => {
          keepInputs(work, input);
          work.changes.push(newJob(nid, { ...body, rfq }, work.now, key));
        },
      };
    };
    return { peer: service.pubkey, prepare };
  });
  const { find: service, about: requirements, maxMsat, withinS, minTrust, again } = input;
  const request = { service, requirements, maxMsat, withinS, minTrust, again, ...ask, most: ask.providers, lifeS: LIFE_S, key };
  const { body } = await openRequest(context, request, asks);
  const first = body.asked.find(({ nid }) => nid !== undefined)?.nid;
  if (first === undefined) throw new NegotiateError('internal/bug', 'A request has asked nobody. Please report this.');
  return first;
}

/** The first service of each provider: who offers several is asked once. */
function listEachOnce(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ pubkey }, i) => candidates.findIndex((other) => other.pubkey === pubkey) === i);
}

async function startWith(context: AgentContext, input: BuyInput, body: Purchase, key: Hex, service: Candidate): Promise<Hex> {
  const work = beginWork(context);
  const order = {
    peer: service.pubkey,
    service: input.find,
    requirements: input.about,
    role: 'buyer',
    terms: openingTerms(body, service),
    lifeS: LIFE_S,
  } as const;
  const nid = await beginStart(work, order, { announcement: service.service, trust: body.trust.score });
  keepInputs(work, input);
  work.changes.push(newJob(nid, body, work.now, key));
  await finishStep(work, nid);
  return nid;
}

function keepInputs(work: Work, { inputs }: BuyInput): void {
  for (const { data } of inputs) keepFile(work, sha256Hex(data), data);
}

/** Names an order: what is wanted of whom, and with which inputs; limits may change between two calls. */
function orderKey({ find, peer, about }: BuyInput, inputs: readonly FileRef[]): Hex {
  const peers = listPeers(peer);
  const provider = peers.length < 2 ? (peers[0] ?? null) : peers;
  return sha256Hex(canonicalJson({ domain: 'agent-negotiate/order/1', find, provider, about, inputs }));
}

/** Keys without doubles, in an order of their own. */
function listPeers(peer: BuyInput['peer']): readonly Hex[] {
  const named = peer === undefined ? [] : typeof peer === 'string' ? [peer] : peer;
  return [...new Set(named.map(parsePublicKey))].sort();
}

type Candidate = Pick<Announcement, 'pubkey' | 'service' | 'name' | 'price'>;

async function findCandidates(context: AgentContext, { find, peer }: BuyInput): Promise<readonly Candidate[]> {
  const peers = listPeers(peer);
  const found = await searchServices(fetchPublic(context), { capability: find, onlyNegotiable: true });
  const services: readonly Candidate[] = found
    .map(({ announcement }) => announcement)
    .filter(({ pubkey }) => pubkey !== context.pubkey && (peers.length === 0 || peers.includes(pubkey)));
  // Somebody the owner names need not announce anything.
  const unannounced = peers.filter((each) => !services.some(({ pubkey }) => pubkey === each));
  const candidates = [...services, ...unannounced.map((pubkey) => ({ pubkey, service: '', name: '' }))];
  if (candidates.length > 0) return candidates;
  throw new NegotiateError('input/not-found', 'Nobody on your relays offers this and negotiates. See: agent-negotiate find CAPABILITY', {
    details: { found: found.length },
  });
}

function describePurchase(
  input: BuyInput,
  inputs: readonly FileRef[],
  { id: rail, isTestMoney }: RailInfo,
  { service, found, seen }: { readonly service: Candidate; readonly found: number; readonly seen: TrustView },
): Purchase {
  const { find, about, answer, maxMsat, bidMsat, withinS, mayAttest } = input;
  const { kind } = seen.verdict;
  return {
    role: 'buyer',
    find,
    service: { id: service.service, name: service.name, provider: service.pubkey },
    found: service.service === '' ? 0 : found,
    trust: { score: seen.score, verdict: seen.verdict.kind === 'ok' ? kind : `${kind}, ${seen.verdict.reason}` },
    about,
    ...(answer === undefined ? {} : { answer }),
    inputs: [...inputs],
    maxMsat: maxMsat.toString(),
    bidMsat: (bidMsat ?? defaultBid(maxMsat)).toString(),
    ...(withinS === undefined ? {} : { withinS }),
    mayAttest,
    rail,
    isTestMoney,
  };
}

/** Decided once, when the order is placed: another policy later does not change how this job bargains. */
function drawTactics({ rng, store }: AgentContext, { strategy, rounds }: BuyInput): Pick<Purchase, 'tactics'> {
  const chosen = chooseTactics({ strategy, rounds }, readMandate(store));
  if (chosen !== undefined) return { tactics: { ...chosen, seed: bytesToHex(rng.bytes(16)) } };
  if (rounds === undefined) return {};
  const message = '--rounds says how many offers a strategy has: name one with --strategy, or in your policy under [bargain].';
  throw new NegotiateError('input/invalid', message);
}

/** Two thirds, in whole sats where there are any. */
function defaultBid(maxMsat: bigint): bigint {
  const bid = (maxMsat * 2n) / 3n;
  return bid >= 1_000n ? bid - (bid % 1_000n) : bid > 0n ? bid : maxMsat;
}

/** What the buyer says it would like; binds nobody. The price is the announced one, so that it tells nothing of the buyer's limit. */
function openingTerms({ find, about, inputs, bidMsat, mayAttest, rail, withinS }: Purchase, { price }: Candidate): Terms {
  const announced = price === undefined || price.amountMsat === 0n ? BigInt(bidMsat) : price.amountMsat;
  return {
    service: { capability: find },
    scope: { summary: about, ...(inputs.length === 0 ? {} : { inputs }) },
    price: makeFixedPrice(announced),
    ...(withinS === undefined ? {} : { delivery: { within_s: withinS } }),
    payment: { rail, when: 'before' },
    ...(mayAttest ? { confidentiality: { publish: [PUBLISH_ATTESTATION] } } : {}),
  };
}
