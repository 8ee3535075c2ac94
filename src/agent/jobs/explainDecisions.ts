// Why a job bargained as it did: each decision of its strategy with its figures, decided again from what it was decided from.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { findReplayQuestion, replayBargain, type BargainRecord } from '../../decide/bargainByStrategy.ts';
import type { BargainIssue } from '../../decide/bargainIssues.ts';
import { describeNumber, describeRange } from '../../decide/bargainWords.ts';
import type { SeenMove } from '../../decide/haggle.ts';
import type { Replay } from '../../decide/strategies/replayDecision.ts';
import { nameOfStrategy } from '../../decide/strategies/namedStrategies.ts';
import type { Decision } from '../../decide/strategies/strategy.ts';
import { ownStrategySchema, strategySchema } from '../../decide/strategies/strategySchema.ts';
import type { Outcome } from '../../decide/utility.ts';
import type { AgentContext } from '../context.ts';
import { findNegotiation } from '../findNegotiation.ts';
import { askModule } from '../strategies/openStrategy.ts';
import { findJob } from './job.ts';
import { outcomesOf, readDecision, readOffers } from './savedDecision.ts';

/** Which job. */
export const explainDecisionsInput = z.strictObject({ nid: z.string() });

/** One decision, for its owner alone: it holds what the other side must not know. */
export interface DecisionView {
  /** Own offers before this decision, and the most that there are. */
  readonly round: number;
  readonly rounds: number;
  /** The name of the strategy, or its kind. */
  readonly strategy: string;
  readonly kind: Decision['kind'];
  /** What was offered or accepted, each package in words. */
  readonly packages: readonly string[];
  /** Of an accept: which package of the offer, from 0. */
  readonly alternative?: number;
  /** Why it ended. */
  readonly reason?: string;
  /** From what is asked for first to what is taken in the end. */
  readonly ranges: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** How it comes out when it is decided again now. */
  readonly replay: Replay['kind'];
}

/** The decisions of a job, oldest first; at most the latest 32. */
export interface DecisionsView {
  readonly nid: Hex;
  readonly decisions: readonly DecisionView[];
  /** What was wrong with the strategy when it was last asked, in a word; nothing was sent then. */
  readonly fault?: string;
  /** The strategy that a purchase was given. */
  readonly strategy?: string;
}

/** Explains them. Throws `input/…` for a negotiation that does not exist or is no job. */
export async function explainDecisions(context: AgentContext, { nid }: z.infer<typeof explainDecisionsInput>): Promise<DecisionsView> {
  const record = findNegotiation(context.store, nid);
  const job = findJob(context.store, record.nid);
  if (job === undefined)
    throw new NegotiateError('input/not-found', 'This negotiation is no job that runs by itself: every decision in it was yours.');
  const { decisions = [], offers, fault } = job.body;
  const moves = offers === undefined ? undefined : readOffers(offers);
  const views: DecisionView[] = [];
  for (const saved of decisions) views.push(await viewDecision(context, readDecision(saved), moves));
  const tactics = job.body.role === 'buyer' ? job.body.tactics : undefined;
  return {
    nid: record.nid,
    decisions: views,
    ...(fault === undefined ? {} : { fault }),
    ...(tactics === undefined ? {} : { strategy: nameOf(tactics) }),
  };
}

async function viewDecision(
  context: AgentContext,
  { issues, decision }: BargainRecord,
  moves: readonly SeenMove[] | undefined,
): Promise<DecisionView> {
  const { because, kind } = decision;
  return {
    round: because.timing.round,
    rounds: because.timing.rounds,
    strategy: nameOf(because),
    kind,
    packages: outcomesOf(decision).map((outcome) => describePackage(issues, outcome)),
    ...(kind === 'accept' ? { alternative: decision.alternative } : {}),
    ...(kind === 'end' ? { reason: decision.reason } : {}),
    ranges: issues.map(describeRange),
    figures: because.figures,
    replay: await replay(context, { issues, decision }, moves),
  };
}

async function replay(context: AgentContext, record: BargainRecord, moves: readonly SeenMove[] | undefined): Promise<Replay['kind']> {
  // A job of an earlier version kept no offers.
  if (moves === undefined) return 'other-input';
  const own = ownStrategySchema.safeParse(record.decision.because.strategy);
  if (!own.success) return replayBargain(record, moves).kind;
  const question = findReplayQuestion(record, moves);
  if (question === undefined) return 'other-input';
  return replayBargain(record, moves, (await askModule(context, own.data, question)).give).kind;
}

function nameOf({ strategy }: { readonly strategy: { readonly kind: string } }): string {
  const own = ownStrategySchema.safeParse(strategy);
  if (own.success) return own.data.export ?? own.data.kind;
  const spec = strategySchema.safeParse(strategy);
  return (spec.success ? nameOfStrategy(spec.data) : undefined) ?? strategy.kind;
}

function describePackage(issues: readonly BargainIssue[], outcome: Outcome): string {
  return issues.map(({ term }) => `${term} ${describeNumber(term, BigInt(outcome[term] ?? 0n))}`).join(', ');
}
