// One writer: whatever changes the home runs in here, one after the other.

/** A queue of steps. */
export interface StepQueue {
  /** Runs `step` once all before it have ended. One whose signal is aborted before its turn is not run: `undefined` then. */
  run<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T | undefined>;
  /** Resolves when everything that has been queued so far is done. Never rejects. */
  idle(): Promise<unknown>;
}

/** Makes an empty queue. */
export function createQueue(): StepQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (step, signal) => {
      const result = last.then(() => (signal?.aborted === true ? undefined : step()));
      last = result.catch(() => undefined);
      return result;
    },
    idle: () => last,
  };
}
