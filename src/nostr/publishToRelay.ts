// Publishes one event to one relay and says exactly how far it got.

import { orAborted, whyEnded, type Ended } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import { askRelay, type Answer } from './relayAsk.ts';
import { retryWithAuth } from './relayAuth.ts';
import type { DownReason, RelayConnection } from './relayConnection.ts';
import { prefixOf } from './relayMessage.ts';
import type { Signer } from './signer.ts';

/**
 * How far an event got at one relay.
 * - `accepted`, `duplicate`: the relay says it has the event (no promise that anyone will ever read it there);
 * - `rejected`: the relay says it does not;
 * - `unknown`: sent, but no answer: the event may be there, so retry with the same bytes;
 * - `unreachable`: not sent.
 */
export interface PublishOutcome {
  /** Normalised URL of the relay (as given when it is no relay URL). */
  readonly relay: string;
  readonly outcome: 'accepted' | 'duplicate' | 'rejected' | 'unknown' | 'unreachable';
  /** Whether sending the same bytes again later may change the outcome. */
  readonly retryable: boolean;
  /** A word of ours for `unknown` and `unreachable`; for `rejected` the relay's own text, cleaned and cut: do not log it. */
  readonly reason?: string;
}

// NIP-01 prefixes of refusals that pass with time.
const PASSING: ReadonlySet<string> = new Set(['rate-limited', 'error']);
const PASSING_WITH_AUTH: ReadonlySet<string> = new Set([...PASSING, 'auth-required']);

/** Publishes an event on a connection. Never rejects. */
export async function publishToRelay(
  connection: RelayConnection,
  event: NostrEvent,
  auth: Signer | undefined,
  deadline: AbortSignal,
): Promise<PublishOutcome> {
  const { relay } = connection;
  await orAborted(connection.opened, deadline);
  if (connection.downReason !== undefined) return failTo(relay, 'unreachable', connection.downReason);
  if (deadline.aborted) return failTo(relay, 'unreachable', whyEnded(deadline));
  const send = (): Promise<Answer> => askRelay(connection, `ok:${event.id}`, ['EVENT', event], deadline);
  const answer = await retryWithAuth(connection, auth, deadline, send, isAuthRequired);
  // Our proof may have failed for a passing reason: the signer was away, the challenge replaced.
  return judge(relay, answer, auth === undefined ? PASSING : PASSING_WITH_AUTH);
}

function isAuthRequired(answer: Answer): boolean {
  return answer.type === 'ok' && !answer.accepted && prefixOf(answer.text) === 'auth-required';
}

function judge(relay: string, answer: Answer, passing: ReadonlySet<string>): PublishOutcome {
  switch (answer.type) {
    case 'ok':
      return judgeOk(relay, answer.accepted, answer.text, passing);
    case 'down':
      return failTo(relay, 'unknown', answer.reason);
    case 'ended':
      return failTo(relay, 'unknown', answer.why);
    case 'event':
    case 'eose':
    case 'closed':
    case 'auth':
    case 'notice':
    case 'junk':
      // Never routed to a publish.
      return failTo(relay, 'unknown', 'connection-lost');
    default:
      return answer satisfies never;
  }
}

function judgeOk(relay: string, accepted: boolean, text: string, passing: ReadonlySet<string>): PublishOutcome {
  const prefix = prefixOf(text);
  if (prefix === 'duplicate') return { relay, outcome: 'duplicate', retryable: false };
  if (accepted) return { relay, outcome: 'accepted', retryable: false };
  return { relay, outcome: 'rejected', retryable: passing.has(prefix), reason: text };
}

function failTo(relay: string, outcome: 'unknown' | 'unreachable', reason: DownReason | Ended): PublishOutcome {
  return { relay, outcome, retryable: true, reason };
}
