// Goes on after a fault that may pass.

import { isNegotiateError } from '../../core/errors.ts';
import { printRemark } from '../io.ts';
import { pause } from './untilStopped.ts';

const AFTER_FAULT_MS = 3_000;

/** What may go well later is no reason to give up: the relays may be back by then. */
export async function retryLater<T>(work: Promise<T>, signal: AbortSignal, remark = printRemark): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!isNegotiateError(error) || (!error.retryable && !signal.aborted)) throw error;
    if (!signal.aborted) remark(error.message);
    await pause(AFTER_FAULT_MS, signal);
    return undefined;
  }
}
