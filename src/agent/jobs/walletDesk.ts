// Calls of the wallet that go on beside the steps of a daemon: for each negotiation one at a time, and its answer wakes the job.

import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/ports.ts';
import type { AgentContext, CallResult, WalletCall, WalletDesk } from '../context.ts';

// Enough for a wallet that answers. One that is silent is not asked more than this at a time, however many jobs wait for it.
const MAX_CALLS = 4;
// As long as a job waits after a fault: whoever looks meanwhile is told the same, and the wallet is not asked again.
const TELL_AGAIN_S = 5;

/** Makes a desk without calls. */
export function createWalletDesk(wake: (nid: Hex) => void): WalletDesk {
  return { calls: new Map(), held: new Set(), wake };
}

/**
 * Asks the wallet for a job. In a daemon the call goes on beside the steps, and this gives `undefined` until its answer is there, which is given
 * once; elsewhere it is waited for. `question` says all that the call depends on. Throws what the call throws.
 */
export async function consult<T>(context: AgentContext, nid: Hex, question: string, call: () => Promise<T>): Promise<T | undefined> {
  const { wallets: desk, clock } = context;
  if (desk === undefined) return call();
  const known = desk.calls.get(nid);
  if (isUnderWay(known)) return undefined;
  if (known?.question === question && known.result?.kind === 'answered') {
    desk.calls.delete(nid);
    return known.result.value as T;
  }
  if (known?.question === question && known.result?.kind === 'failed' && clock.now() < known.result.at + TELL_AGAIN_S) {
    throw known.result.error;
  }
  if (hasRoom(context, nid)) begin(desk, clock, { nid, question, call });
  return undefined;
}

/** True when this was asked and its answer was not taken yet. */
export function isAsked({ wallets }: AgentContext, nid: Hex, question: string): boolean {
  return wallets?.calls.get(nid)?.question === question;
}

/** True when the wallet can be asked at once. Otherwise the job is woken when it can. */
export function hasRoom({ wallets: desk }: AgentContext, nid: Hex): boolean {
  if (desk === undefined || [...desk.calls.values()].filter(isUnderWay).length < MAX_CALLS) return true;
  desk.held.add(nid);
  return false;
}

/** True while one of these jobs waits for the wallet, or has an answer that it did not take yet; a failure is an end. */
export function isConsulting({ wallets }: AgentContext, nids: readonly Hex[]): boolean {
  if (wallets === undefined) return false;
  const isWaited = (call: WalletCall | undefined): boolean => call !== undefined && call.result?.kind !== 'failed';
  return nids.some((nid) => wallets.held.has(nid) || isWaited(wallets.calls.get(nid)));
}

/** Forgets the answer that a job did not take before it was over. */
export function forgetAnswer({ wallets }: AgentContext, nid: Hex): void {
  if (!isUnderWay(wallets?.calls.get(nid))) wallets?.calls.delete(nid);
  wallets?.held.delete(nid);
}

function isUnderWay(call: WalletCall | undefined): boolean {
  return call !== undefined && call.result === undefined;
}

interface Order {
  readonly nid: Hex;
  readonly question: string;
  readonly call: () => Promise<unknown>;
}

function begin(desk: WalletDesk, clock: Clock, { nid, question, call }: Order): void {
  const begun: WalletCall = { question };
  desk.calls.set(nid, begun);
  const run = call().then(
    (value): CallResult => ({ kind: 'answered', value }),
    (error: unknown): CallResult => ({ kind: 'failed', error, at: clock.now() }),
  );
  void run.then((result) => {
    begun.result = result;
    const next = [nid, ...desk.held];
    desk.held.clear();
    for (const each of next) desk.wake(each);
  });
}
