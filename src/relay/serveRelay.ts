// Runs a relay until it is told to stop: what a command does.

import { startRelay, type RelayOptions, type RunningRelay } from './startRelay.ts';

/** Options of a relay that runs for a while. */
export interface ServeOptions extends RelayOptions {
  /** Stops the relay. */
  readonly signal: AbortSignal;
  /** Called once the relay listens; when it throws, the relay closes and the error is passed on. */
  readonly onReady: (relay: RunningRelay) => void;
}

/**
 * Starts a relay, runs it until the signal aborts and resolves once it is closed. Throws what {@link startRelay} throws.
 *
 * @example await serveRelay({ port: 4869, signal, onReady: ({ url }) => console.log(url) });
 */
export async function serveRelay({ signal, onReady, ...options }: ServeOptions): Promise<void> {
  if (signal.aborted) return;
  const relay = await startRelay(options);
  try {
    if (!isAborted(signal)) onReady(relay);
    await untilAborted(signal);
  } finally {
    await relay.close();
  }
}

// A function, since the compiler takes the first look at `aborted` for the last.
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
