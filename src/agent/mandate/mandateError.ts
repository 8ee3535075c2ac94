// The two errors by which the owner's mandate says no, or not without him. They name codes and places, never a value.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError, NegotiateError, type ErrorDetails } from '../../core/errors.ts';
import { DENIALS, isPassing, QUESTIONS, type Reason, type ReasonCode } from '../../decide/mandateVerdict.ts';

/** What was refused, and when it is worth another try (unix seconds), where that is known. */
export interface Denied {
  readonly reasons: readonly Reason[];
  readonly retryAt?: number;
}

/** It is not allowed; what only has to wait for its time is told as that. */
export function mandateDenied(denied: Denied): NegotiateError {
  const { reasons } = denied;
  const message = isPassing({ verdict: 'deny', reasons })
    ? `Not now, so nothing was done: your policy holds it back for a while (${codesOf(reasons)}). ${describeRetry(denied)}`
    : `Your policy does not allow this, so nothing was done: ${codesOf(reasons)}. See what it permits: agent-negotiate policy show`;
  return new NegotiateError('mandate/denied', message, { details: detailsOf(denied) });
}

function describeRetry({ retryAt }: Denied): string {
  if (retryAt === undefined) return 'Try it again later; see: agent-negotiate policy show';
  return `It can be tried again from ${new Date(retryAt * 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC on.`;
}

/** A service may not be announced, the so-manieth of those that were to be. */
export function announcementDenied(denied: Denied, place: number): NegotiateError {
  const { reasons } = denied;
  const isLater = isPassing({ verdict: 'deny', reasons });
  const advice = reasons.map(({ code }) => ADVICE.get(code)).find((text) => text !== undefined) ?? 'see: agent-negotiate policy show';
  const message = isLater
    ? `Your policy does not let service ${place} of the file be announced now (${codesOf(reasons)}). Nothing was announced. ${describeRetry(denied)}`
    : `Your policy does not let service ${place} of the file be announced (${codesOf(reasons)}): ${advice}. Nothing was announced.`;
  return new NegotiateError('mandate/denied', message, { details: { ...detailsOf(denied), place } });
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
  const message = `Your policy asks you first (${codesOf(reasons)}), so nothing was done. To say yes to exactly this: agent-negotiate approve ${digest.slice(0, 12)}`;
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
function detailsOf({ reasons, retryAt }: Denied): ErrorDetails {
  const isLater = isPassing({ verdict: 'deny', reasons });
  return { reasons: codesOf(reasons), ...(isLater ? { passes: true } : {}), ...(retryAt === undefined ? {} : { retryAt }) };
}

/** Codes and places in the mandate; no value of it, and nothing of the peer's. */
export function codesOf(reasons: readonly Reason[]): string {
  return reasons.map(({ code, path }) => (path === '' ? code : `${code} (${path})`)).join(', ');
}

/** The codes among reasons in words, as {@link codesOf} writes them; anything else is left out. */
export function listReasonCodes(reasons: string): readonly ReasonCode[] {
  const words = new Set(reasons.split(', ').map((each) => each.split(' ', 1)[0]));
  return [...DENIALS, ...QUESTIONS].filter((code) => words.has(code));
}
