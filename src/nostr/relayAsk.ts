// Sends one message on a connection and waits for the one answer to it.

import { onAbort, whyEnded, type Ended } from './deadline.ts';
import type { ConnectionSignal, RelayConnection } from './relayConnection.ts';

/** The first signal on the key, or why the wait for it ended. */
export type Answer = ConnectionSignal | { readonly type: 'ended'; readonly why: Ended };

/** Waits for the first signal on `key` (see `keyOf`), sending `message` once it listens. Never rejects. */
export function askRelay(
  connection: RelayConnection,
  key: string,
  message: readonly unknown[] | undefined,
  deadline: AbortSignal,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const stopListening = connection.listen(key, resolve);
  const stopWaiting = onAbort(deadline, () => resolve({ type: 'ended', why: whyEnded(deadline) }));
  if (message !== undefined && !deadline.aborted) connection.send(message);
  return promise.finally(() => {
    stopListening();
    stopWaiting();
  });
}
