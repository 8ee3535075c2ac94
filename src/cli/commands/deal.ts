// `deal`: buys a service from first search to attestation; run again after a break, it goes on where it stopped.

import { basename } from 'node:path';
import type { Agent, InputOf } from '../../agent/api.ts';
import { isForOwner } from '../../agent/jobs/jobProblem.ts';
import { describeEnding, readEnding, type Ending } from '../../agent/jobs/readEnding.ts';
import type { LimitName } from '../../agent/jobs/orderLimits.ts';
import type { JobView } from '../../agent/jobs/viewJob.ts';
import type { RfqView } from '../../agent/rfq/viewRfq.ts';
import { readChoice } from '../../agent/strategies/readChoice.ts';
import { NegotiateError } from '../../core/errors.ts';
import { parseSats } from '../../core/money.ts';
import { displayText } from '../../core/text.ts';
import { printJson, printLines, printRemark, readBytes, readTextArgument, type CommonOptions } from '../io.ts';
import { requireFolder, saveResult } from '../jobs/saveResult.ts';
import { renderAsked } from '../jobs/renderRfq.ts';
import { createTeller, type Teller } from '../jobs/tellJobs.ts';
import { retryLater } from '../jobs/retryLater.ts';
import { untilStopped } from '../jobs/untilStopped.ts';
import { openSomewhere, type OpenedAgent } from '../openFor.ts';
import { parseDuration, parseJsonText, parseScore, parseWeights } from '../parseValues.ts';
import { approveCommand, describeAsk, shortId } from '../render.ts';

/** Options of `deal`. */
export interface DealOptions extends CommonOptions {
  readonly find?: string;
  readonly peer?: readonly string[];
  readonly ask?: string;
  readonly weigh?: string;
  readonly collect?: string;
  readonly input?: readonly string[];
  readonly about?: string;
  readonly answer?: string;
  readonly max?: string;
  readonly bid?: string;
  readonly strategy?: string;
  readonly rounds?: string;
  readonly within?: string;
  readonly minTrust?: string;
  readonly attest?: true;
  readonly again?: true;
  readonly out?: string;
  readonly wait?: string;
}

/** How a deal is watched: who tells, until when (milliseconds of the process's clock), and what ends it. */
interface Sight {
  readonly teller: Teller;
  readonly endsAt: number;
  readonly options: DealOptions;
  readonly signal: AbortSignal;
}

/** The options by which limits are named. */
const OPTIONS: Readonly<Record<LimitName, string>> = {
  maxMsat: '--max',
  bidMsat: '--bid',
  withinS: '--within',
  minTrust: '--min-trust',
  strategy: '--strategy',
  rounds: '--rounds',
  mayAttest: '--attest',
  answer: '--answer',
  askProviders: '--ask',
  askWeights: '--weigh',
  askCollectS: '--collect',
};

const EXIT_NO_DEAL = 65;
const EXIT_LATER = 75;
const DEFAULT_WAIT = '10m';
const ROUND_S = 30;
const MAX_INPUT_BYTES = 4_194_304;

/** Orders, or takes up, a job and sees it through. The exit code is 0 for a completed one, 65 for no deal or a dispute, 75 for "not yet". */
export async function runDeal(nid: string | undefined, options: DealOptions): Promise<number> {
  const order = nid === undefined ? readOrder(options) : undefined;
  const waitS = parseDuration(options.wait ?? DEFAULT_WAIT);
  // Before anything is ordered or paid.
  requireFolder(options.out ?? '.');
  return untilStopped(async (signal) => {
    const opened = await openSomewhere(options);
    const { agent } = opened;
    signal.addEventListener('abort', () => void agent.close(), { once: true });
    try {
      const job = order === undefined ? await findJob(agent, nid ?? '') : await placeOrder(agent, order, options);
      const endsAt = performance.now() + waitS * 1_000;
      const sight = { teller: createTeller(options.json === true), endsAt, options, signal };
      const chosen = job.rfq === undefined ? job : await chooseAmong(opened, job, sight);
      return chosen === undefined ? EXIT_LATER : await seeThrough(opened, chosen, sight);
    } finally {
      await agent.close();
    }
  });
}

function readOrder(options: DealOptions): InputOf<'buy'> {
  const { find, peer = [], input = [], about, answer, max, bid, within, minTrust, attest, again } = options;
  const [onlyPeer] = peer;
  if (find === undefined || max === undefined) {
    throw new NegotiateError('input/invalid', 'A deal needs --find CAPABILITY and --max SATS, or the negotiation to go on with.');
  }
  return {
    find,
    about: about === undefined ? `I need: ${find}` : readTextArgument(about),
    inputs: input.map((path) => ({ name: basename(path), data: new Uint8Array(readBytes(path, MAX_INPUT_BYTES)) })),
    maxMsat: parseSats(max),
    ...(onlyPeer === undefined ? {} : { peer: peer.length === 1 ? onlyPeer : [...peer] }),
    ...readAsk(options),
    ...(answer === undefined ? {} : { answer: readTextArgument(answer) }),
    ...(bid === undefined ? {} : { bidMsat: parseSats(bid) }),
    ...(within === undefined ? {} : { withinS: parseDuration(within) }),
    ...(minTrust === undefined ? {} : { minTrust: parseScore(minTrust) }),
    ...readTactics(options),
    mayAttest: attest === true,
    again: again === true,
  };
}

/** Several are asked where their number is said, or several are named. */
function readAsk({ ask, peer = [], weigh, collect }: DealOptions): Pick<InputOf<'buy'>, 'ask'> {
  if (ask === undefined && peer.length < 2) {
    if (weigh === undefined && collect === undefined) return {};
    throw new NegotiateError('input/invalid', '--weigh and --collect are for several providers: say how many with --ask.');
  }
  const providers = ask === undefined ? peer.length : Number(ask);
  return {
    ask: {
      providers,
      ...(weigh === undefined ? {} : { weights: parseWeights(weigh) }),
      ...(collect === undefined ? {} : { collectS: parseDuration(collect) }),
    },
  };
}

// Names and ranges are checked where the order is.
function readTactics({ strategy, rounds }: DealOptions): Pick<InputOf<'buy'>, 'strategy' | 'rounds'> {
  const spec = readChoice(strategy?.trimStart().startsWith('{') === true ? parseJsonText(strategy) : strategy, process.cwd());
  return {
    ...(strategy === undefined ? {} : { strategy: spec as NonNullable<InputOf<'buy'>['strategy']> }),
    ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
  };
}

async function placeOrder(agent: Agent, order: InputOf<'buy'>, options: DealOptions): Promise<JobView> {
  const { job, isResumed, unused } = await agent.buy(order);
  const left = unused.map((name) => OPTIONS[name]);
  if (options.json === true)
    printJson({ event: 'job', nid: job.nid, peer: job.peer, resumed: isResumed, ...(isResumed ? { unused: left } : {}) });
  else if (isResumed) {
    printLines([
      `This was ordered before: going on with ${shortId(job.nid)} (to order it once more: --again)`,
      ...(left.length === 0 ? [] : [`It keeps the limits that it was ordered with. Not used: ${left.join(', ')}`]),
    ]);
  }
  return job;
}

async function findJob(agent: Agent, nid: string): Promise<JobView> {
  const [job] = (await agent.jobs({ nid })).jobs;
  if (job !== undefined) return job;
  throw new NegotiateError('input/not-found', 'This negotiation is not a job that runs by itself. See: agent-negotiate jobs');
}

/** Sees a request to several through until one is the deal; undefined while none is. Without a deal it is the job that was asked for. */
async function chooseAmong(
  { agent, isServed }: OpenedAgent,
  job: JobView & { readonly rfq?: string },
  { teller, endsAt, options, signal }: Sight,
): Promise<JobView | undefined> {
  let told = '';
  for (;;) {
    const leftS = Math.max(0, (endsAt - performance.now()) / 1_000);
    const report = await retryLater(agent.advanceRfq({ rfq: job.rfq, waitS: Math.min(ROUND_S, leftS), known: teller.known() }), signal);
    teller.problems(report?.problems ?? []);
    teller.unopened(report?.unopened ?? 0);
    const [view] = report?.rfqs ?? [];
    told = view === undefined ? told : tellRequest(view, told, options);
    if (view?.chosen !== undefined) return findJob(agent, view.chosen);
    if (view?.state === 'no-deal') return findJob(agent, job.nid);
    const asks = (report?.problems ?? []).flatMap(({ ask }) => ask ?? []);
    // Whoever says yes needs the home.
    const isOwnersTurn = report?.isForOwner === true && !isServed;
    if (leftS > 0 && !signal.aborted && !isOwnersTurn) continue;
    tellLater({ nid: job.nid, phase: view?.state ?? 'collecting', asks }, options);
    return undefined;
  }
}

/** Tells what has become of a request, if anything new has. */
function tellRequest(view: RfqView, told: string, options: DealOptions): string {
  const { id, state, asked, chosen } = view;
  const now = JSON.stringify([state, asked]);
  if (now === told) return told;
  if (options.json === true) printJson({ event: 'request', id, state, asked, chosen });
  else if (told === '')
    printLines([`Asking ${asked.filter(({ nid }) => nid !== undefined).length}, each in private. The best offer is taken.`]);
  if (options.json !== true && (state === 'agreed' || state === 'no-deal')) printLines(asked.map((each) => renderAsked(each, chosen)));
  return now;
}

async function seeThrough({ agent, isServed }: OpenedAgent, job: JobView, { teller, endsAt, options, signal }: Sight): Promise<number> {
  let current = job;
  await teller.jobs(agent, [current]);
  while (!current.isOver) {
    const leftS = (endsAt - performance.now()) / 1_000;
    if (leftS <= 0 || signal.aborted) return tellLater(current, options);
    const report = await retryLater(agent.pursue({ nid: current.nid, waitS: Math.min(ROUND_S, leftS), known: teller.known() }), signal);
    teller.problems(report?.problems ?? [], report?.signer);
    teller.unopened(report?.unopened ?? 0);
    current = report?.jobs[0] ?? current;
    await teller.jobs(agent, [current]);
    // Whoever says yes needs the home.
    if (!isServed && report?.problems.some(isForOwner) === true) return tellLater(current, options);
  }
  return conclude(agent, current, options);
}

function tellLater({ nid, phase, asks = [] }: Pick<JobView, 'nid' | 'asks'> & { readonly phase: string }, options: DealOptions): number {
  if (options.json === true) printJson({ event: 'waiting', nid, phase, ...(asks.length === 0 ? {} : { asks }) });
  const isAsked = asks.map((ask) => `It waits for your yes to ${describeAsk(ask)}: ${approveCommand(ask)}. `).join('');
  const next = `${asks.length === 0 ? 'go' : 'after that go'} on with: agent-negotiate deal ${shortId(nid)}`;
  printRemark(`Not finished yet (${phase}). ${isAsked}Nothing is lost; ${next}`);
  return EXIT_LATER;
}

async function conclude(agent: Agent, job: JobView, options: DealOptions): Promise<number> {
  const { nid, outcome, price, agreement, attestation, dispute, payment } = job;
  const isDone = outcome === 'completed';
  const files = isDone ? saveResult(options.out ?? `deal-${shortId(nid)}`, (await agent.result({ nid })).files) : [];
  const ending = outcome === 'no-deal' ? readEnding(job.phase, (await agent.history({ nid })).moves) : undefined;
  if (options.json === true) printJson({ event: 'done', nid, outcome, ...ending, price, agreement, payment, dispute, attestation, files });
  else
    printLines(
      isDone ? ['', `Done: ${price ?? ''}${payment?.isTestMoney === true ? ' of test money' : ''}.`, ...files] : describeEnd(job, ending),
    );
  return isDone ? 0 : EXIT_NO_DEAL;
}

function describeEnd({ nid, dispute, payment }: JobView, ending: Ending | undefined): readonly string[] {
  const history = `See what was said: agent-negotiate history ${shortId(nid)}`;
  if (dispute === undefined) {
    return [...(ending === undefined ? [] : [describeEnding(ending)]), 'No deal was made; nothing was signed or paid.', history];
  }
  const paid = payment?.state === 'settled' ? `You have paid ${payment.amount}.` : 'You have paid nothing.';
  return [`The deal ended in a dispute (${displayText(dispute.code)}). ${paid}`, history];
}
