// The two errors by which the owner's mandate says no, or not without him. They name codes and places, never a value.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import type { Reason } from '../../decide/mandateVerdict.ts';

/** It is not allowed. */
export function mandateDenied(reasons: readonly Reason[]): NegotiateError {
  const message = 'Your policy does not allow this, so nothing was done. See what it permits: agent-negotiate policy show';
  return new NegotiateError('mandate/denied', message, { details: { reasons: codesOf(reasons) } });
}

/** The owner is asked first; `digest` names what he would say yes to. */
export function approvalNeeded(digest: Hex, reasons: readonly Reason[]): NegotiateError {
  const message = `Your policy asks you first, so nothing was done. To say yes to exactly this: agent-negotiate approve ${digest.slice(0, 12)}`;
  return new NegotiateError('mandate/approval-needed', message, { details: { reasons: codesOf(reasons), digest } });
}

/** True for an error that says no in the mandate's name, or that the owner is to be asked. */
export function isMandateError(error: unknown): boolean {
  return isNegotiateError(error) && (error.code === 'mandate/denied' || error.code === 'mandate/approval-needed');
}

/** Codes and places in the mandate; no value of it, and nothing of the peer's. */
function codesOf(reasons: readonly Reason[]): string {
  return reasons.map(({ code, path }) => (path === '' ? code : `${code} (${path})`)).join(', ');
}
