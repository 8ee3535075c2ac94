// Opens gift wraps in batches: on this thread, or on a worker's when there are many, so that a flood of them stalls nothing else.

import { Worker } from 'node:worker_threads';
import { programUrl } from '../core/programUrl.ts';
import type { NostrEvent } from './event.ts';
import { unwrapGift, type Unwrapped } from './giftWrap.ts';
import type { Signer } from './signer.ts';

/** What came of a wrap, and the milliseconds that it took. */
export interface OpenedWrap {
  readonly wrap: NostrEvent;
  readonly opened: Unwrapped;
  readonly tookMs: number;
}

/** Opens wraps addressed to one identity. */
export interface Unwrapper {
  /** In the order given. Rejects with the faults of the signer; hostile wraps are outcomes. */
  open(wraps: readonly NostrEvent[]): Promise<readonly OpenedWrap[]>;
  close(): Promise<void>;
}

/** What the worker is sent. */
export interface UnwrapRequest {
  readonly wraps: readonly NostrEvent[];
}

/** What it sends back, in the same order. */
export interface UnwrapAnswer {
  readonly results: readonly Pick<OpenedWrap, 'opened' | 'tookMs'>[];
}

// Below this a thread is not worth its memory; a worker with nothing to do ends.
const WORTH_A_WORKER = 32;
const IDLE_MS = 30_000;
const WORKER_HEAP_MB = { old: 48, young: 8 } as const;

/** Opens wraps one by one on this thread: for a signer that is elsewhere. */
export function createUnwrapper(signer: () => Promise<Signer>): Unwrapper {
  const open: Unwrapper['open'] = async (wraps) => {
    const results: OpenedWrap[] = [];
    for (const wrap of wraps) {
      const startedMs = performance.now();
      const opened = await unwrapGift(await signer(), wrap);
      results.push({ wrap, opened, tookMs: performance.now() - startedMs });
    }
    return results;
  };
  return { open, close: async () => undefined };
}

/**
 * Opens small batches on this thread and large ones on a worker that has a copy of the secret key (32 bytes); where there can be no worker,
 * or it fails, on this thread.
 */
export function createThreadedUnwrapper(signer: () => Promise<Signer>, readSecretKey: () => Uint8Array): Unwrapper {
  const here = createUnwrapper(signer);
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  };
  const open: Unwrapper['open'] = async (wraps) => {
    if (wraps.length < WORTH_A_WORKER && worker === undefined) return here.open(wraps);
    clearTimeout(idle);
    try {
      worker ??= startWorker(readSecretKey());
      const { results } = await ask(worker, { wraps });
      idle = setTimeout(() => void end(), IDLE_MS).unref();
      return wraps.map((wrap, i) => ({ wrap, ...(results[i] ?? { opened: { kind: 'unreadable', reason: 'rumor' }, tookMs: 0 }) }));
    } catch {
      await end();
      return here.open(wraps);
    }
  };
  return { open, close: end };
}

function startWorker(secretKey: Uint8Array): Worker {
  // Neither arguments nor environment of this process: they may hold what a worker need not know.
  const worker = new Worker(programUrl(import.meta.url, './unwrapWorker'), {
    workerData: { secretKey },
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB.old, maxYoungGenerationSizeMb: WORKER_HEAP_MB.young },
  });
  // Each question listens for itself; a worker that fails between two must not take the process along.
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

function ask(worker: Worker, request: UnwrapRequest): Promise<UnwrapAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UnwrapAnswer>();
  const onExit = (): void => reject(new Error('The worker has ended.'));
  worker.once('message', resolve).once('error', reject).once('exit', onExit);
  worker.postMessage(request);
  return promise.finally(() => worker.off('message', resolve).off('error', reject).off('exit', onExit));
}
