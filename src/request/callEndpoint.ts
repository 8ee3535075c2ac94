// Hands a job to a program of the provider's that listens on this machine: one POST, bounded in time and size.

import { NegotiateError } from '../core/errors.ts';
import type { JobOutcome } from './runCommand.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** One call. */
export interface EndpointInput {
  /** An http URL of this machine. */
  readonly url: string;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal?: AbortSignal;
}

/** Checks that a URL leads to this machine. Throws `input/invalid`. */
export function checkEndpoint(url: string): string {
  const parsed = URL.parse(url);
  if (parsed !== null && parsed.protocol === 'http:' && LOOPBACK.has(parsed.hostname) && parsed.username === '' && parsed.password === '')
    return parsed.href;
  throw new NegotiateError('input/invalid', 'A service’s endpoint must be an http URL of this machine, such as http://127.0.0.1:8080/job.');
}

/** Posts the body and returns what a 2xx answer holds; redirects are not followed. Throws only for a URL that {@link checkEndpoint} refuses. */
export async function callEndpoint({ url, body, timeoutMs, maxOutputBytes, signal }: EndpointInput): Promise<JobOutcome> {
  const target = checkEndpoint(url);
  const deadline = AbortSignal.timeout(timeoutMs);
  const ending = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  try {
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await fetch(target, { method: 'POST', body: Buffer.from(body), headers, redirect: 'error', signal: ending });
    if (!response.ok) return { kind: 'failed', reason: 'exit-code' };
    return await readBody(response, maxOutputBytes);
  } catch {
    if (deadline.aborted) return { kind: 'failed', reason: 'timeout' };
    return { kind: 'failed', reason: signal?.aborted === true ? 'aborted' : 'not-started' };
  }
}

async function readBody(response: Response, maxOutputBytes: number): Promise<JobOutcome> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > maxOutputBytes) return { kind: 'failed', reason: 'too-much-output' };
    chunks.push(chunk as Uint8Array);
  }
  return { kind: 'done', output: new Uint8Array(Buffer.concat(chunks)) };
}
