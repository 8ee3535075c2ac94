// The thread that opens gift wraps (see unwrapper.ts): gets the secret key when it starts, then batch after batch.

import { parentPort, workerData } from 'node:worker_threads';
import { loadSchnorr } from './schnorr.ts';
import { createKeySigner } from './signer.ts';
import { createUnwrapper, type UnwrapAnswer, type UnwrapRequest } from './unwrapper.ts';

const signer = createKeySigner((workerData as { readonly secretKey: Uint8Array }).secretKey);
const unwrapper = createUnwrapper(() => Promise.resolve(signer));
const loading = loadSchnorr();

parentPort?.on('message', ({ wraps }: UnwrapRequest) => void answer(wraps));

async function answer(wraps: UnwrapRequest['wraps']): Promise<void> {
  await loading;
  const results = (await unwrapper.open(wraps)).map(({ opened, tookMs }) => ({ opened, tookMs }));
  parentPort?.postMessage({ results } satisfies UnwrapAnswer);
}
