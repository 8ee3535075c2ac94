// Does the owner's policy let the agent do anything now?

import { isNegotiateError } from '../../core/errors.ts';
import type { AgentContext } from '../context.ts';
import { openLedger } from '../mandate/ledgerRecord.ts';
import { readSavedMandate } from '../mandate/mandateSetting.ts';
import { viewTerm } from '../mandate/viewTerm.ts';
import { fail, pass, splitMessage, warn, type Check } from './check.ts';

const ID = 'policy';
const ADVICE = 'Set one that holds now (agent-negotiate policy set FILE), or none (agent-negotiate policy unset).';

/** Looks at the dates of the policy in force; what it permits is for `policy show`. */
export function checkPolicy({ store, clock }: Pick<AgentContext, 'store' | 'clock'>): Check {
  try {
    const mandate = readSavedMandate(store)?.mandate;
    if (mandate === undefined) return pass(ID, 'No policy is in force.');
    const { term, remark = '' } = viewTerm(mandate, clock.now(), openLedger(store, {}, mandate).latestAt);
    if (term === 'holds') return pass(ID, 'A policy is in force and has not ended.');
    return term === 'ended' ? fail(ID, remark, ADVICE) : warn(ID, remark, ADVICE);
  } catch (error) {
    if (!isNegotiateError(error)) throw error;
    const { finding, advice } = splitMessage(error.message);
    return fail(ID, finding, advice);
  }
}
