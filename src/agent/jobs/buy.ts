// Orders a job: finds a service, looks at its provider, and starts the negotiation, all remembered so that it can be seen through.

import { bytesToHex, sha256Hex, type Hex } from '../../core/bytes.ts';
import { isNegotiateError, NegotiateError, type ErrorCode } from '../../core/errors.ts';
import type { Announcement } from '../../discover/announcement.ts';
import { chooseTactics } from '../../decide/chooseTactics.ts';
import { searchServices } from '../../discover/searchServices.ts';
import type { FileRef } from '../../negotiate/files.ts';
import { makeFixedPrice } from '../../negotiate/price.ts';
import { PUBLISH_ATTESTATION, type Terms } from '../../negotiate/terms.ts';
import type { RailInfo } from '../../pay/rail.ts';
import type { AgentContext } from '../context.ts';
import { keepFile } from '../dealFiles.ts';
import { fetchPublic } from '../fetchPublic.ts';
import { finishStep } from '../finishStep.ts';
import { readMandate } from '../mandate/mandateSetting.ts';
import { openRequest, type Ask, type Opening } from '../rfq/startRfq.ts';
import { beginStart } from '../start.ts';
import { settleChoice } from '../strategies/openStrategy.ts';
import { trust, type TrustView } from '../trust.ts';
import { beginWork, type Work } from '../work.ts';
import { findEarlier } from './earlierOrder.ts';
import { newJob, readJob, type Purchase } from './job.ts';
import {
  checkOrder,
  describeInputs,
  findOrdered,
  LIFE_S,
  listPeers,
  orderKey,
  readAsk,
  type AskSeveral,
  type BuyInput,
  type BuyResult,
} from './order.ts';
import { limitsOf } from './orderLimits.ts';
import { viewJob } from './viewJob.ts';

const MAX_CANDIDATES = 5;
const NOBODY_TRUSTED =
  'Nobody who offers this reaches the trust that you ask for. Lower --min-trust, or look with: agent-negotiate trust NPUB';
// What is wrong with one provider is no reason not to try the next.
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set(['peer/no-key-package', 'peer/unusable-key-package', 'mandate/denied']);

/**
 * Orders a job; `pursue` sees it through. Throws `wallet/…`, `relay/unreachable`, `input/not-found` when nobody offers it,
 * `input/invalid` for limits that contradict each other and when the module of an own strategy cannot be used, `negotiation/refused` when the owner's trust limit leaves nobody, and what `start` throws.
 */
export async function buy(context: AgentContext, wanted: BuyInput): Promise<BuyResult> {
  const inputs = describeInputs(wanted);
  const key = orderKey(wanted, inputs);
  const ask = readAsk(wanted);
  const ordered = findOrdered(context, wanted);
  if (ordered !== undefined) return ordered;
  checkOrder(wanted, ask);
  const limits = limitsOf(wanted, ask);
  const isResumed = !wanted.again && findEarlier(context, key, limits) !== undefined;
  const input = { ...wanted, strategy: wanted.strategy === undefined ? undefined : await settleChoice(context, wanted.strategy) };
  const tactics = drawTactics(context, input);
  const info = await (await context.rail()).describe();
  const candidates = await findCandidates(context, input);
  const order = { inputs, info, key, candidates, told: { ...tactics, limits } };
  const nid = ask === undefined ? await startWithOne(context, input, order) : await startWithSeveral(context, input, ask, order);
  const record = context.store.findJob(nid);
  if (record === undefined) throw new NegotiateError('internal/bug', 'A job vanished while it was saved. Please report this.');
  return { job: viewJob(context.store, readJob(record)), isResumed, unused: [] };
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
