// `rfq`: asks several providers for offers, each in private, and signs the best one; run again after a break, it goes on.

import type { Agent, InputOf } from '../../agent/api.ts';
import type { AskedView, RfqView } from '../../agent/rfq/viewRfq.ts';
import { NegotiateError } from '../../core/errors.ts';
import { parseSats } from '../../core/money.ts';
import { printResult, readTextArgument, type CommonOptions } from '../io.ts';
import { retryLater } from '../jobs/retryLater.ts';
import { untilStopped } from '../jobs/untilStopped.ts';
import { openFor } from '../openFor.ts';
import { parseDuration, parseScore } from '../parseValues.ts';
import { shortId, shortNpub } from '../render.ts';

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
    const agent = await openFor(options);
    signal.addEventListener('abort', () => void agent.close(), { once: true });
    try {
      const started = request === undefined ? undefined : await agent.startRfq(request);
      const rfqs = await seeThrough(agent, started, waitS, signal);
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
    ...(weigh === undefined ? {} : { weights: readWeights(weigh) }),
    ...(minTrust === undefined ? {} : { minTrust: parseScore(minTrust) }),
    ...(collect === undefined ? {} : { collectS: parseDuration(collect) }),
    ...(life === undefined ? {} : { lifeS: parseDuration(life) }),
    again: again === true,
  };
}

/** `price=3,time=1`: what is not named counts nothing. */
function readWeights(text: string): { price: number; time: number; trust: number } {
  const weights = { price: 0, time: 0, trust: 0 };
  for (const part of text.split(',')) {
    const [, name, value] = /^(price|time|trust)=(\d{1,6}(?:\.\d{1,6})?)$/.exec(part.trim()) ?? [];
    if (name === undefined) throw new NegotiateError('input/invalid', 'Expected weights such as price=3,time=1,trust=1.');
    weights[name as keyof typeof weights] = Number(value);
  }
  if (weights.price + weights.time + weights.trust > 0) return weights;
  throw new NegotiateError('input/invalid', 'At least one weight must be above zero.');
}

async function seeThrough(agent: Agent, started: RfqView | undefined, waitS: number, signal: AbortSignal): Promise<readonly RfqView[]> {
  const endsAt = performance.now() + waitS * 1_000;
  const named = started === undefined ? {} : { rfq: started.id };
  let current: readonly RfqView[] = started === undefined ? [] : [started];
  for (;;) {
    const leftS = Math.max(0, (endsAt - performance.now()) / 1_000);
    const report = await retryLater(agent.advanceRfq({ ...named, waitS: Math.min(ROUND_S, leftS) }), signal);
    current = report?.rfqs ?? current;
    const isDone = current.every(({ state }) => state === 'agreed' || state === 'no-deal');
    if (isDone || leftS <= 0 || signal.aborted) return current;
  }
}

function exitCodeOf(rfqs: readonly RfqView[]): number {
  if (rfqs.some(({ state }) => state === 'collecting' || state === 'signing')) return EXIT_LATER;
  return rfqs.some(({ state }) => state === 'no-deal') ? EXIT_NO_DEAL : 0;
}

function renderRfq({ id, service, state, asked, chosen }: RfqView): readonly string[] {
  const next = chosen === undefined ? [] : [`Next: agent-negotiate status ${shortId(chosen)} --bundle deal.json`];
  return [`Request ${shortId(id)} for ${service} (${state})`, ...asked.map((each) => renderAsked(each, chosen)), ...next];
}

function renderAsked({ peer, nid, phase, price, utility, unfit, problem }: AskedView, chosen: string | undefined): string {
  const words = problem ?? unfit;
  const remark = problem !== undefined ? words : unfit !== undefined ? `not taken by itself: look at ${words}` : undefined;
  const worth = utility === undefined ? '' : utility.toFixed(3);
  const mark = nid !== undefined && nid === chosen ? '*' : ' ';
  return [
    `${mark} ${nid === undefined ? '-'.padEnd(8) : shortId(nid)}`,
    shortNpub(peer),
    (phase ?? 'not asked').padEnd(10),
    (price ?? '').padEnd(14),
    worth,
    remark ?? '',
  ]
    .join('  ')
    .trimEnd();
}
