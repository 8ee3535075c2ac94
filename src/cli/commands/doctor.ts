// The verb `doctor`: what keeps this agent, or a peer, from negotiating, and what to do about it.

import type { OutputOf } from '../../agent/api.ts';
import { ERROR_CODES } from '../../core/errors.ts';
import { isFullDiskError } from '../../core/fullDisk.ts';
import { findHome } from '../findHome.ts';
import { printResult, type CommonOptions } from '../io.ts';
import { useAgent } from '../useAgent.ts';

type Diagnosis = OutputOf<'doctor'>;

const SIGNS = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' } as const;

/** Runs the checks and prints them. Returns the exit code: 0 when nothing is a problem, 69 when relays alone are, else 65. */
export async function runDoctor(peer: string | undefined, options: CommonOptions): Promise<number> {
  const diagnosis = await diagnose(peer, options);
  printResult(options, diagnosis.checks, () => render(diagnosis));
  if (diagnosis.state !== 'problem') return 0;
  return ERROR_CODES[diagnosis.isRelaysOnly ? 'relay/unreachable' : 'negotiation/refused'].exit;
}

async function diagnose(peer: string | undefined, options: CommonOptions): Promise<Diagnosis> {
  try {
    return await useAgent(options, 'read', (agent) => agent.doctor(peer === undefined ? {} : { peer }));
  } catch (error) {
    if (!isFullDiskError(error)) throw error;
    return (await import('../../agent/composeHome.ts')).diagnoseWithoutRoom(findHome(options.home));
  }
}

function render({ checks, state }: Diagnosis): readonly string[] {
  const lines = checks.flatMap(({ id, state: each, finding, advice }) => [
    `${SIGNS[each]} ${id}: ${finding}`,
    ...(advice === '' ? [] : [`          ${advice}`]),
  ]);
  return [...lines, '', summarize(checks, state)];
}

function summarize(checks: Diagnosis['checks'], state: Diagnosis['state']): string {
  const count = (wanted: Diagnosis['state']): number => checks.filter((check) => check.state === wanted).length;
  if (state === 'ok') return 'All is well.';
  return `${count('problem')} to solve, ${count('warning')} to look at, ${count('ok')} as they should be.`;
}
