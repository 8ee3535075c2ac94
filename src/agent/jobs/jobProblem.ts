// What keeps a job, or any negotiation, from going on by itself, as its owner is told.

import type { Hex } from '../../core/bytes.ts';
import type { ErrorCode, NegotiateError } from '../../core/errors.ts';
import { findConfirmObstacle } from '../confirmOwnOffers.ts';
import type { AgentContext } from '../context.ts';
import { findOpenAsks } from '../mandate/openAsks.ts';
import type { AskView } from '../mandate/viewAsk.ts';

/** Why a job cannot go on at the moment; nothing is lost. The message advises and holds no text of the peer. */
export interface JobProblem {
  readonly nid: Hex;
  readonly code: ErrorCode;
  readonly message: string;
  /** Codes and places of the owner's mandate, such as `above-day (limits.per_day_msat)`. */
  readonly reasons?: string;
  /** Unix seconds: when it is worth another try, where that is known. */
  readonly retryAt?: number;
  /** What waits for the owner's yes, and for how much. */
  readonly ask?: AskView;
}

/** The problem that an error is to a negotiation. */
export function describeProblem({ store, clock }: AgentContext, nid: Hex, { code, message, details }: NegotiateError): JobProblem {
  const { reasons, retryAt, digest } = details;
  const ask = digest === undefined ? undefined : findOpenAsks(store, nid, clock.now()).find((each) => each.digest === digest);
  return {
    nid,
    code,
    message,
    ...(typeof reasons === 'string' ? { reasons } : {}),
    ...(typeof retryAt === 'number' ? { retryAt } : {}),
    ...(ask === undefined ? {} : { ask }),
  };
}

/** What our second signature waits for in a negotiation, if it is due: the owner's yes, or its time. */
export async function findConfirmProblem(context: AgentContext, nid: Hex): Promise<JobProblem | undefined> {
  const obstacle = await findConfirmObstacle(context, nid);
  return obstacle === undefined ? undefined : describeProblem(context, nid, obstacle);
}

/** Names a problem: one that has the same name has been told. */
export function nameProblem({ nid, code, reasons = '', ask }: JobProblem): string {
  return [nid, code, ask?.digest ?? reasons].join(':');
}

/** True where one of them has not been told. `known` are the names of those that have; undefined for a caller who does not want to know at once. */
export function isUntold(problems: readonly JobProblem[], known: readonly string[] | undefined): boolean {
  return known !== undefined && problems.some((problem) => !known.includes(nameProblem(problem)));
}

/** True where nothing can be done but by the owner's yes. */
export function isForOwner({ code }: JobProblem): boolean {
  return code === 'mandate/approval-needed';
}
