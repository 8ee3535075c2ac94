// Finds the order that was placed before with the same words, and says whether a new one with other limits may take its place.

import type { Hex } from '../../core/bytes.ts';
import type { AgentContext } from '../context.ts';
import { findRunning } from '../rfq/startRfq.ts';
import { readJob, type Job, type Purchase } from './job.ts';
import { listChanged, type LimitName, type OrderLimits } from './orderLimits.ts';
import { viewJob } from './viewJob.ts';

/** The order that stands, and which of the limits are others now. */
export interface EarlierOrder {
  readonly job: Job<Purchase>;
  readonly changed: readonly LimitName[];
}

/**
 * The latest order of this key that the limits belong to, or that stands whatever they are: it runs, or has a deal. Undefined where there is none, or it
 * is over without a deal and had other limits: no money was moved, and none will be.
 */
export function findEarlier(context: AgentContext, key: Hex, limits: OrderLimits): EarlierOrder | undefined {
  const latest = listLatest(context, key).map((job) => ({ job, changed: listChanged(job.body, limits) }));
  const isRunning = findRunning(context, key) !== undefined;
  const standing = latest.filter(({ job }) => isRunning || viewJob(context.store, job).outcome !== 'no-deal');
  const isSame = ({ changed }: EarlierOrder): boolean => changed.length === 0;
  return standing.find(isSame) ?? standing[0] ?? latest.find(isSame);
}

/** The jobs of the order that was placed last: of one with several providers all. Orders of the same second count together. */
function listLatest({ store }: AgentContext, key: Hex): readonly Job<Purchase>[] {
  const jobs = store.listJobs({ key }).map(readJob).filter(isPurchase);
  const [newest] = jobs;
  return jobs.filter(
    ({ record, body }) => record.createdAt === newest?.record.createdAt || (body.rfq !== undefined && body.rfq === newest?.body.rfq),
  );
}

function isPurchase(job: Job): job is Job<Purchase> {
  return job.body.role === 'buyer';
}
