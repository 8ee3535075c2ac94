// What is bargained about in words, in units that people read.

import { formatSats, MAX_MSAT } from '../core/money.ts';
import { renderSeconds } from '../negotiate/renderTime.ts';
import type { BargainIssue } from './bargainIssues.ts';

/** The range of an issue, from what is asked for first to what is taken in the end. @example '/price from 600 sats to 900 sats' */
export function describeRange({ term, best, worst }: BargainIssue): string {
  const [from, to] = [describeNumber(term, best), describeNumber(term, worst)];
  return best === worst ? `${term} fixed at ${from}` : `${term} from ${from} to ${to}`;
}

/** A number of a term: amounts as sats, spans of time as days, hours and so on, others as they are. */
export function describeNumber(term: string, value: bigint): string {
  if ((term === '/price' || term.endsWith('_msat')) && value >= 0n && value <= MAX_MSAT) return formatSats(value);
  return term.endsWith('_s') && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? renderSeconds(Number(value)) : value.toString();
}
