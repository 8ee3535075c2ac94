// The jobs of this agent: all of them, or one.

import { z } from 'zod';
import type { AgentContext } from '../context.ts';
import { findNegotiation } from '../findNegotiation.ts';
import { readAskBook } from '../mandate/askBook.ts';
import { readJob } from './job.ts';
import { viewJob, type JobView } from './viewJob.ts';

/** All jobs, or the one of this negotiation. */
export const jobsInput = z.strictObject({ nid: z.string().optional() });

/** Newest first. Throws `input/…` for a negotiation that does not exist. */
export async function jobs(context: AgentContext, { nid }: z.infer<typeof jobsInput>): Promise<{ readonly jobs: readonly JobView[] }> {
  const { store } = context;
  const wanted = nid === undefined ? undefined : findNegotiation(store, nid).nid;
  const records = store.listJobs().filter((record) => wanted === undefined || record.nid === wanted);
  const asks = await readAskBook(context);
  return { jobs: records.map((record) => viewJob(store, readJob(record), asks.get(record.nid))) };
}
