// Answers EVENT and AUTH messages: stores and passes on what is admitted, notes who has proven to be whom.

import type { Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { admitEvent } from './admitEvent.ts';
import { encodeEvent, encodeOk, type Refusal } from './answer.ts';
import { checkAuth } from './checkAuth.ts';
import { mayRead, send, sendChallenge, type Connection, type RelayContext } from './connection.ts';
import { matchesAny } from './filter.ts';
import { classifyKind } from './kinds.ts';
import { takeToken } from './tokenBucket.ts';

interface Verdict {
  readonly accepted: boolean;
  readonly text: Refusal | '';
}

const RATE_LIMITED: Refusal = 'rate-limited: too many events; wait a second and send it again';

/** Answers `["EVENT", event]` with OK, after everyone who asked for such events has it (NIP-01). */
export function answerEvent(context: RelayContext, connection: Connection, id: Hex, event: object): void {
  const { accepted, text } = publish(context, connection, event);
  if (text.startsWith('auth-required:')) sendChallenge(connection);
  send(connection, encodeOk(id, accepted, text));
}

/** Answers `["AUTH", event]` with OK (NIP-42). */
export function answerAuth(context: RelayContext, connection: Connection, id: Hex, event: object): void {
  const { accepted, text } = authenticate(context, connection, event);
  send(connection, encodeOk(id, accepted, text));
}

function publish(context: RelayContext, connection: Connection, value: object): Verdict {
  const { limits, clock } = context;
  const now = clock.now();
  if (!takeToken(connection.eventBucket, now)) return refuse(RATE_LIMITED);
  const admission = admitEvent(value, { limits, now, authenticatedKeys: connection.authenticatedKeys });
  if (admission.kind === 'refused') return refuse(admission.reason);
  const { event, json } = admission;
  const verdict = classifyKind(event.kind) === 'ephemeral' ? { accepted: true, text: '' as const } : keep(context, event, json, now);
  if (verdict.accepted && verdict.text === '') broadcast(context, event, json);
  return verdict;
}

function keep({ store }: RelayContext, event: NostrEvent, json: string, now: number): Verdict {
  try {
    const result = store.put(event, json, now);
    switch (result) {
      case 'stored':
        return { accepted: true, text: '' };
      case 'duplicate':
        return { accepted: true, text: 'duplicate: the relay has this event' };
      case 'superseded':
        return refuse('blocked: the relay has a newer version of this event');
      case 'deleted':
        return refuse('blocked: the deletion of this event was requested');
      default:
        return result satisfies never;
    }
  } catch {
    // A full disk or a broken file is the relay's trouble, not a reason to fall over.
    return refuse('error: the relay cannot store events now; try again later');
  }
}

/** Sends an event to every subscription that it matches and whose owner may read it. */
function broadcast(context: RelayContext, event: NostrEvent, json: string): void {
  for (const connection of context.connections) {
    if (!mayRead(context, connection, event)) continue;
    for (const [id, { filters }] of connection.subscriptions) {
      if (matchesAny(filters, event)) send(connection, encodeEvent(id, json));
    }
  }
}

function authenticate({ limits, clock, ownUrls }: RelayContext, connection: Connection, value: object): Verdict {
  const now = clock.now();
  if (!takeToken(connection.eventBucket, now)) return refuse(RATE_LIMITED);
  const check = checkAuth(value, { challenge: connection.challenge, ownUrls, now });
  if (check.kind === 'refused') return refuse(check.reason);
  const { authenticatedKeys } = connection;
  if (!authenticatedKeys.has(check.pubkey) && authenticatedKeys.size >= limits.maxAuthenticatedKeys) {
    return refuse(`restricted: a connection may authenticate as ${limits.maxAuthenticatedKeys} keys at most; open another one`);
  }
  authenticatedKeys.add(check.pubkey);
  return { accepted: true, text: '' };
}

function refuse(text: Refusal): Verdict {
  return { accepted: false, text };
}
