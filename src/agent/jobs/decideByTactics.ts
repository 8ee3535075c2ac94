// Asks a job's strategy for the next move, within the job's limits and the mandate in force, and writes down why.

import { NegotiateError } from '../../core/errors.ts';
import { bargainByStrategy } from '../../decide/bargainByStrategy.ts';
import { listBargainIssues, makeBargainTable, type BargainIssue, type BargainLimits } from '../../decide/bargainIssues.ts';
import type { Decision, SeenMove } from '../../decide/haggle.ts';
import type { AgentContext } from '../context.ts';
import { readMandate } from '../mandate/mandateSetting.ts';
import { explainFault, openStrategy } from '../strategies/openStrategy.ts';
import { updateJob, type Job } from './job.ts';
import type { Plan, Tactics } from './plan.ts';
import { keepDecision, saveOffers } from './savedDecision.ts';

/**
 * The next move. What the strategy decided is saved with the job before anything is sent. Throws `negotiation/refused` for a strategy
 * whose answer must not be sent, `store/…`.
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
  const bargained = bargainByStrategy(moves, { role: plan.role, table, strategy: openStrategy(strategy), rounds, seed, asksFirst });
  if (bargained.kind === 'refused')
    throw new NegotiateError('negotiation/refused', explainFault(strategy, bargained.fault), { details: { reason: 'strategy' } });
  if (bargained.record !== undefined) {
    const decisions = keepDecision(job.body.decisions ?? [], bargained.record);
    if (decisions.length !== job.body.decisions?.length || decisions.at(-1) !== job.body.decisions.at(-1))
      context.store.save([updateJob(job, { decisions, offers: saveOffers(moves) })]);
  }
  return bargained.decision;
}

/** What a plan bargains about, by its own limits and the mandate in force. */
export function listIssues({ store }: AgentContext, plan: Plan): readonly BargainIssue[] {
  const limits: BargainLimits =
    plan.role === 'buyer'
      ? { ...plan.wants, role: plan.role, bestMsat: plan.limits.bidMsat, worstMsat: plan.limits.maxMsat }
      : { ...plan.sells, role: plan.role, bestMsat: plan.limits.listMsat, worstMsat: plan.limits.minMsat };
  return listBargainIssues(limits, readMandate(store));
}
