// Does the work of a sale: hands the inputs to the provider's command or endpoint and takes what comes back as the result.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { explainFullDisk, isFullDiskFault } from '../../core/fullDisk.ts';
import { callEndpoint } from '../../request/callEndpoint.ts';
import { runCommand, type JobOutcome } from '../../request/runCommand.ts';
import type { AgentContext, BackgroundWork } from '../context.ts';
import type { Service } from './service.ts';

/** What a run gets: the words of the agreement and the inputs, in the order of the terms. */
export interface WorkOrder {
  readonly nid: Hex;
  readonly service: Service;
  readonly summary: string;
  readonly inputs: readonly Uint8Array[];
}

/** Starts the work, to go on in the background of this agent; its outcome is in `context.background` once it is there. */
export function startWork(context: AgentContext, order: WorkOrder): void {
  const run = doWork(context, order).catch((): JobOutcome => ({ kind: 'failed', reason: 'not-started' }));
  const work: BackgroundWork = {
    ended: run.then((outcome) => {
      work.outcome = outcome;
    }),
  };
  context.background.set(order.nid, work);
}

/**
 * Runs it. The command finds the inputs as `input-1`, `input-2` … and the words as `request.txt` in its folder, which is emptied before
 * and removed after; nothing of the buyer's is an argument, a file name or a variable. Throws `home/unreadable`.
 */
async function doWork({ jobs, closing }: AgentContext, { nid, service, summary, inputs }: WorkOrder): Promise<JobOutcome> {
  const { command, endpoint, timeout_s, max_output_bytes: maxOutputBytes } = service;
  const body = inputs[0] ?? new TextEncoder().encode(summary);
  const limits = { timeoutMs: timeout_s * 1_000, maxOutputBytes, signal: closing };
  if (endpoint !== undefined) return callEndpoint({ url: endpoint, body, ...limits });
  const cwd = join(jobs, nid);
  try {
    prepare(cwd, summary, inputs);
    return await runCommand({ argv: command ?? [], cwd, stdin: body, ...limits });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function prepare(cwd: string, summary: string, inputs: readonly Uint8Array[]): void {
  try {
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd, { recursive: true, mode: 0o700 });
    writeFileSync(join(cwd, 'request.txt'), summary, { mode: 0o600 });
    inputs.forEach((bytes, i) => writeFileSync(join(cwd, `input-${i + 1}`), bytes, { mode: 0o600 }));
  } catch (cause) {
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
    throw new NegotiateError('home/unreadable', 'The folder for jobs cannot be written. Check the home’s folder and the disk.', { cause });
  }
}
