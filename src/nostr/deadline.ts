// Waiting that always ends: time-outs and the caller's signal become one AbortSignal whose timer is cleared in the end.

/** Why a wait ended without its result. */
export type Ended = 'timed-out' | 'aborted';

const TIMED_OUT = 'timed-out';

/** Runs work under a deadline of `timeoutMs` that the caller's signal may shorten. The timer is gone when the work is done. */
export async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  run: (deadline: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(TIMED_OUT), timeoutMs);
  const abort = (): void => controller.abort('aborted');
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Why a deadline from {@link withDeadline} has passed. */
export function whyEnded(deadline: AbortSignal): Ended {
  return deadline.reason === TIMED_OUT ? 'timed-out' : 'aborted';
}

/** Calls `listener` once when the signal aborts, at once if it has already; returns how to take that back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** The promise's value, or undefined when the signal aborts first. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let stopListening: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    stopListening = onAbort(signal, () => resolve(undefined));
  });
  return Promise.race([promise, aborted]).finally(() => stopListening());
}

/** Waits `delayMs`, less when the signal aborts. */
export async function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await orAborted(new Promise<void>((resolve) => (timer = setTimeout(resolve, delayMs))), signal);
  clearTimeout(timer);
}
