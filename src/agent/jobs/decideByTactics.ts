// Asks a job's strategy for the next move, within the job's limits and the mandate in force, and writes down why.

import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { bargainByStrategy, decideWithout, makeQuestion } from '../../decide/bargainByStrategy.ts';
import { listBargainIssues, makeBargainTable, type BargainIssue, type BargainLimits } from '../../decide/bargainIssues.ts';
import type { Decision, SeenMove } from '../../decide/haggle.ts';
import { buildStrategy, type OwnStrategy, type StrategySpec } from '../../decide/strategies/buildStrategy.ts';
import type { StrategyFault } from '../../decide/strategies/runStrategy.ts';
import type { Strategy, StrategyInput } from '../../decide/strategies/strategy.ts';
import type { AgentContext } from '../context.ts';
import { readMandate } from '../mandate/mandateSetting.ts';
import { explainFault, explainOwnFault } from '../strategies/openStrategy.ts';
import { think } from '../strategies/thoughts.ts';
import { updateJob, type Job } from './job.ts';
import type { Plan, Tactics } from './plan.ts';
import { keepDecision, saveOffers } from './savedDecision.ts';

/**
 * The next move; none while a strategy of the owner's own thinks about it. What the strategy decided is saved with the job before anything
 * is sent. Throws `negotiation/refused` for a strategy whose answer must not be sent, `store/…`.
 */
export function decideByTactics(
  context: AgentContext,
  moves: readonly SeenMove[],
  job: Job,
  plan: Plan & { readonly tactics: Tactics },
): Decision {
  const { strategy, rounds, seed } = plan.tactics;
  const asksFirst = plan.role === 'provider' && plan.limits.asksFirst === true;
  const table = makeBargainTable(listIssues(context, plan));
  const input = { role: plan.role, table, rounds, seed, asksFirst };
  const plain = decideWithout(moves, input);
  if (plain !== undefined) return plain;
  const voice = strategy.kind === 'own' ? hear(context, job.record.nid, strategy, makeQuestion(moves, input)) : speakFor(strategy);
  if (voice === undefined) return { kind: 'wait' };
  const bargained = bargainByStrategy(moves, { ...input, strategy: voice.give });
  if (bargained.kind === 'refused') {
    keepFault(context, job, voice.nameFault(bargained.fault));
    throw new NegotiateError('negotiation/refused', voice.explain(bargained.fault), { details: { reason: 'strategy' } });
  }
  if (bargained.record !== undefined) {
    const decisions = keepDecision(job.body.decisions ?? [], bargained.record);
    const isNew = decisions.length !== job.body.decisions?.length || decisions.at(-1) !== job.body.decisions.at(-1);
    if (isNew || job.body.fault !== undefined)
      context.store.save([updateJob(job, { decisions, offers: saveOffers(moves), fault: undefined })]);
  }
  return bargained.decision;
}

/** The owner may ask later why nothing was decided. */
function keepFault(context: AgentContext, job: Job, fault: string): void {
  if (job.body.fault !== fault) context.store.save([updateJob(job, { fault })]);
}

/** What decides, and what to say when that must not be sent. */
interface Voice {
  readonly give: Strategy;
  readonly explain: (fault: StrategyFault) => string;
  /** What was wrong, in a word. */
  readonly nameFault: (fault: StrategyFault) => string;
}

function speakFor(spec: StrategySpec): Voice {
  return { give: buildStrategy(spec), explain: explainFault, nameFault: (fault) => fault };
}

/** The answer of a module to the question as it is now; undefined while it thinks. */
function hear(context: AgentContext, nid: Hex, own: OwnStrategy, question: StrategyInput): Voice | undefined {
  const answer = think(context, nid, own, question);
  if (answer === undefined) return undefined;
  const { give, state } = answer;
  return {
    give,
    explain: (fault) => explainOwnFault(state, fault),
    nameFault: (fault) => (state.kind === 'refused' ? state.problem : fault),
  };
}

/** What a plan bargains about, by its own limits and the mandate in force. */
export function listIssues({ store }: AgentContext, plan: Plan): readonly BargainIssue[] {
  const limits: BargainLimits =
    plan.role === 'buyer'
      ? { ...plan.wants, role: plan.role, bestMsat: plan.limits.bidMsat, worstMsat: plan.limits.maxMsat }
      : { ...plan.sells, role: plan.role, bestMsat: plan.limits.listMsat, worstMsat: plan.limits.minMsat };
  return listBargainIssues(limits, readMandate(store));
}
