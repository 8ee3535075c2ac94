// `rfq`: asks several providers for offers, each in private, and signs the best one; run again after a break, it goes on.

import type { InputOf } from '../../agent/api.ts';
import type { RfqView } from '../../agent/rfq/viewRfq.ts';
import { NegotiateError } from '../../core/errors.ts';
import { parseSats } from '../../core/money.ts';
import { printResult, readTextArgument, type CommonOptions } from '../io.ts';
import { retryLater } from '../jobs/retryLater.ts';
import { createTeller } from '../jobs/tellJobs.ts';
import { untilStopped } from '../jobs/untilStopped.ts';
import { openSomewhere, type OpenedAgent } from '../openFor.ts';
import { parseDuration, parseScore, parseWeights } from '../parseValues.ts';
import { renderRfq } from '../jobs/renderRfq.ts';

/** Options of `rfq`. */
export interface RfqOptions extends CommonOptions {
  readonly service?: string;
  readonly about?: string;
  readonly max?: string;
  readonly within?: string;
  readonly answer?: string;
  readonly weigh?: string;
  readonly minTrust?: string;
  readonly collect?: string;
  readonly for?: string;
  readonly again?: true;
  readonly wait?: string;
}

const EXIT_NO_DEAL = 65;
const EXIT_LATER = 75;
const DEFAULT_WAIT = '10m';
const ROUND_S = 30;

/** Asks, or goes on with what was asked. The exit code is 0 when every request has its deal, 65 for no deal, 75 for "not yet". */
export async function runRfq(peers: readonly string[], options: RfqOptions): Promise<number> {
  const request = peers.length === 0 ? undefined : readRequest(peers, options);
  const waitS = parseDuration(options.wait ?? DEFAULT_WAIT);
  return untilStopped(async (signal) => {
    const opened = await openSomewhere(options);
    const { agent } = opened;
    signal.addEventListener('abort', () => void agent.close(), { once: true });
    try {
      const started = request === undefined ? undefined : await agent.startRfq(request);
      const rfqs = await seeThrough(opened, started, waitS, signal);
      printResult(options, { rfqs }, () =>
        rfqs.length === 0 ? ['No request runs. Start one with: agent-negotiate rfq NPUB…'] : rfqs.flatMap(renderRfq),
      );
      return exitCodeOf(rfqs);
    } finally {
      await agent.close();
    }
  });
}

function readRequest(peers: readonly string[], options: RfqOptions): InputOf<'startRfq'> {
  const { service, about, max, within, answer, weigh, minTrust, collect, for: life, again } = options;
  if (service === undefined || max === undefined)
    throw new NegotiateError('input/invalid', 'A request needs --service CAPABILITY and --max SATS.');
  return {
    peers: [...peers],
    service,
    requirements: about === undefined ? `I need: ${service}` : readTextArgument(about),
    maxMsat: parseSats(max),
    ...(within === undefined ? {} : { withinS: parseDuration(within) }),
    ...(answer === undefined ? {} : { answer: readTextArgument(answer) }),
    ...(weigh === undefined ? {} : { weights: parseWeights(weigh) }),
    ...(minTrust === undefined ? {} : { minTrust: parseScore(minTrust) }),
    ...(collect === undefined ? {} : { collectS: parseDuration(collect) }),
    ...(life === undefined ? {} : { lifeS: parseDuration(life) }),
    again: again === true,
  };
}

async function seeThrough(
  { agent, isServed }: OpenedAgent,
  started: RfqView | undefined,
  waitS: number,
  signal: AbortSignal,
): Promise<readonly RfqView[]> {
  // With --json stdout has one document: what keeps a request waiting is told on stderr.
  const teller = createTeller(false);
  const endsAt = performance.now() + waitS * 1_000;
  const named = started === undefined ? {} : { rfq: started.id };
  let current: readonly RfqView[] = started === undefined ? [] : [started];
  for (;;) {
    const leftS = Math.max(0, (endsAt - performance.now()) / 1_000);
    const report = await retryLater(agent.advanceRfq({ ...named, waitS: Math.min(ROUND_S, leftS), known: teller.known() }), signal);
    teller.problems(report?.problems ?? []);
    teller.unopened(report?.unopened ?? 0);
    current = report?.rfqs ?? current;
    const isDone = current.every(({ state }) => state === 'agreed' || state === 'no-deal');
    // Whoever says yes needs the home.
    const isOwnersTurn = report?.isForOwner === true && !isServed;
    if (isDone || isOwnersTurn || leftS <= 0 || signal.aborted) return current;
  }
}

function exitCodeOf(rfqs: readonly RfqView[]): number {
  if (rfqs.some(({ state }) => state === 'collecting' || state === 'signing')) return EXIT_LATER;
  return rfqs.some(({ state }) => state === 'no-deal') ? EXIT_NO_DEAL : 0;
}
