// A disk without room: how the system says it, and what to do.

import { isNegotiateError, NegotiateError } from './errors.ts';

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** True when the system says that a disk is full, or that a user has used up his share of it. */
export function isFullDiskFault(error: unknown): boolean {
  return typeof error === 'object' && error !== null && FULL.has((error as { readonly code?: unknown }).code);
}

/** The error for it: nothing is lost, and trying again may help. */
export function explainFullDisk(cause: unknown): NegotiateError {
  const message =
    'The disk is full: nothing was saved now, and nothing that was saved before is lost. Make room (agent-negotiate doctor says how much there is) and run it again.';
  return new NegotiateError('store/unavailable', message, { cause, details: { isDiskFull: true } });
}

/** True for the error of {@link explainFullDisk}, also where it comes from a daemon. */
export function isFullDiskError(error: unknown): boolean {
  return isNegotiateError(error) && error.details['isDiskFull'] === true;
}
