// The two errors by which the owner's mandate says no, or not without him. They name codes and places, never a value.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError, NegotiateError, type ErrorDetails } from '../../core/errors.ts';
import { isPassing, type Reason, type ReasonCode } from '../../decide/mandateVerdict.ts';

/** It is not allowed. */
export function mandateDenied(reasons: readonly Reason[]): NegotiateError {
  const message = `Your policy does not allow this, so nothing was done: ${codesOf(reasons)}. See what it permits: agent-negotiate policy show`;
  return new NegotiateError('mandate/denied', message, { details: detailsOf(reasons) });
}

/** A service may not be announced, the so-manieth of those that were to be. */
export function announcementDenied(reasons: readonly Reason[], place: number): NegotiateError {
  const advice = reasons.map(({ code }) => ADVICE.get(code)).find((text) => text !== undefined) ?? 'see: agent-negotiate policy show';
  const message = `Your policy does not let service ${place} of the file be announced (${codesOf(reasons)}): ${advice}. Nothing was announced.`;
  return new NegotiateError('mandate/denied', message, { details: { ...detailsOf(reasons), place } });
}

const ADVICE: ReadonlyMap<ReasonCode, string> = new Map<ReasonCode, string>([
  ['role', 'it is for an agent that only buys'],
  ['service', 'each of its capabilities has to be among services.capabilities'],
  ['announcement', 'its id has to be among services.announcements'],
  ['not-public', 'add "announcement" to disclosure.public if everybody may read it'],
  ['peer-not-allowed', 'only named peers may be dealt with; add "announcement" to disclosure.public if everybody may read it'],
  ['term-undisclosed', 'add to disclosure.terms what it names'],
  ['reserve', 'its list_sats is below the least that you agree to: ask for more, or lower that'],
  ['free-text', 'it may say nothing in words of its own: name it like its capability, without a description'],
  ['text-too-long', 'shorten its name and description'],
  ['expired', 'the policy has ended: set another one'],
]);

/** The owner is asked first; `digest` names what he would say yes to. */
export function approvalNeeded(digest: Hex, reasons: readonly Reason[]): NegotiateError {
  const message = `Your policy asks you first, so nothing was done. To say yes to exactly this: agent-negotiate approve ${digest.slice(0, 12)}`;
  return new NegotiateError('mandate/approval-needed', message, { details: { reasons: codesOf(reasons), digest } });
}

/** True for an error that may be none in a while: once the owner has said yes, or the hour has come. */
export function mayYetBeAllowed(error: unknown): boolean {
  if (!isNegotiateError(error)) return false;
  return error.code === 'mandate/approval-needed' || (error.code === 'mandate/denied' && error.details['passes'] === true);
}

/** True for an error that says no in the mandate's name, or that the owner is to be asked. */
export function isMandateError(error: unknown): boolean {
  return isNegotiateError(error) && (error.code === 'mandate/denied' || error.code === 'mandate/approval-needed');
}

/** `passes` where nothing but the time has to change. */
function detailsOf(reasons: readonly Reason[]): ErrorDetails {
  return { reasons: codesOf(reasons), ...(isPassing({ verdict: 'deny', reasons }) ? { passes: true } : {}) };
}

/** Codes and places in the mandate; no value of it, and nothing of the peer's. */
export function codesOf(reasons: readonly Reason[]): string {
  return reasons.map(({ code, path }) => (path === '' ? code : `${code} (${path})`)).join(', ');
}
