// NIP-42: proves to a relay who we are, only when it asks and only with the signer that the caller handed in.

import { orAborted, withDeadline } from './deadline.ts';
import type { EventTemplate, NostrEvent } from './event.ts';
import { askRelay } from './relayAsk.ts';
import type { RelayConnection } from './relayConnection.ts';
import type { Signer } from './signer.ts';

/** Kind of the event that answers a challenge (NIP-42). */
export const AUTH_KIND = 22_242;

/** Whether the relay took the proof. `no-answer` also covers a relay that never sent a challenge. */
export type AuthResult = 'authenticated' | 'refused' | 'signer-failed' | 'no-answer';

// One proof per connection and challenge, however many requests need it. A connection has one signer at most.
const proofs = new WeakMap<RelayConnection, { readonly challenge: string; readonly result: Promise<AuthResult> }>();

/**
 * Runs a request; when the relay refused it with `auth-required:` and there is a signer, authenticates and runs it once more.
 * Without a signer, or when the proof fails, the refusal stands.
 */
export async function retryWithAuth<T>(
  connection: RelayConnection,
  auth: Signer | undefined,
  deadline: AbortSignal,
  request: () => Promise<T>,
  needsAuth: (result: T) => boolean,
): Promise<T> {
  const first = await request();
  if (auth === undefined || !needsAuth(first)) return first;
  const proof = await orAborted(authenticate(connection, auth), deadline);
  return proof === 'authenticated' && !deadline.aborted ? request() : first;
}

/** Answers the relay's challenge, waiting for one if need be, within the pool's `authTimeoutMs`. Never rejects. */
export async function authenticate(connection: RelayConnection, signer: Signer): Promise<AuthResult> {
  return withDeadline(connection.limits.authTimeoutMs, undefined, async (deadline) => {
    if (connection.challenge === undefined) await askRelay(connection, 'auth', undefined, deadline);
    const { challenge } = connection;
    if (challenge === undefined) return 'no-answer';
    const known = proofs.get(connection);
    if (known?.challenge === challenge) return (await orAborted(known.result, deadline)) ?? 'no-answer';
    const result = prove(connection, signer, challenge, deadline);
    proofs.set(connection, { challenge, result });
    if ((await result) !== 'authenticated') proofs.delete(connection);
    return result;
  });
}

async function prove(connection: RelayConnection, signer: Signer, challenge: string, deadline: AbortSignal): Promise<AuthResult> {
  const template = makeAuthTemplate(connection.relay, challenge, connection.clock.now());
  const event = await orAborted(signOrNot(signer, template), deadline);
  if (event === undefined) return 'signer-failed';
  const answer = await askRelay(connection, `ok:${event.id}`, ['AUTH', event], deadline);
  if (answer.type !== 'ok') return 'no-answer';
  return answer.accepted ? 'authenticated' : 'refused';
}

/** The unsigned answer to a challenge (NIP-42): it names the relay, so that no other relay can make use of it. */
export function makeAuthTemplate(relay: string, challenge: string, now: number): EventTemplate {
  const tags = [
    ['relay', relay],
    ['challenge', challenge],
  ];
  return { kind: AUTH_KIND, created_at: now, tags, content: '' };
}

async function signOrNot(signer: Signer, template: EventTemplate): Promise<NostrEvent | undefined> {
  try {
    return await signer.signEvent(template);
  } catch {
    // A signer may refuse, or its bunker be away: the relay's refusal then is the outcome.
    return undefined;
  }
}
