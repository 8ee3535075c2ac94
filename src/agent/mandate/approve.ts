// The owner's yes to exactly one thing that his mandate asks about; it is used up by that thing, or forgotten after a day.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { closeBooks, isLive, type Ask } from '../../decide/mandateLedger.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { findNegotiation } from '../findNegotiation.ts';
import { letTimePass } from '../runTimers.ts';
import { unlessSignerFails } from '../signerFaults.ts';
import { openLedger, writeLedger, type LedgerCell } from './ledgerRecord.ts';
import { readMandate } from './mandateSetting.ts';
import { viewAsk, type AskView } from './viewAsk.ts';

const MIN_DIGITS = 8;
const MIN_GROUP_DIGITS = 4;

/** What to say yes to: the first digits of its digest, or the negotiation or the group where it is the only thing that waits. */
export const approveInput = z.strictObject({ what: z.string() });

/** What was approved. `isDone`: it has been done by now; otherwise it is done by its job, or when its verb is run again. */
export interface ApproveResult {
  readonly approved: AskView;
  readonly isDone: boolean;
}

/** Says yes. Throws `input/not-found` when nothing waits, `input/ambiguous`, `input/invalid`. */
export async function approve(context: AgentContext, { what }: z.infer<typeof approveInput>): Promise<ApproveResult> {
  const { store, clock } = context;
  const mandate = readMandate(store);
  const now = clock.now();
  const cell: LedgerCell = {};
  const ledger = mandate === undefined ? undefined : openLedger(store, cell, mandate);
  const ask =
    ledger === undefined
      ? undefined
      : findAsk(
          context,
          ledger.asks.filter((each) => isLive(each, now)),
          what,
        );
  if (ledger === undefined || ask === undefined)
    throw new NegotiateError('input/not-found', 'Nothing waits for your yes here. See: agent-negotiate policy show');
  const approved = [...ledger.approved.filter(({ digest }) => digest !== ask.digest), { digest: ask.digest, at: now }];
  store.save([writeLedger(closeBooks({ ...ledger, approved }, now), cell.opened?.version ?? 0)]);
  if (ask.what === 'confirm' && ask.nid !== undefined) await confirmNow(context, ask.nid);
  const later = mandate === undefined ? undefined : openLedger(store, {}, mandate);
  return { approved: viewAsk(ask), isDone: later?.approved.some(({ digest }) => digest === ask.digest) === false };
}

/** A confirmation waits in its negotiation: it goes out at once. */
async function confirmNow(context: AgentContext, nid: Hex): Promise<void> {
  await unlessSignerFails(() => letTimePass(context, nid));
  await drainOutbox(context, { force: true });
}

function findAsk(context: AgentContext, asks: readonly Ask[], what: string): Ask | undefined {
  const digits = what.toLowerCase();
  const byDigest = what.length >= MIN_DIGITS ? asks.filter(({ digest }) => digest.startsWith(digits)) : [];
  const found = byDigest.length > 0 ? byDigest : findByPlace(context, asks, digits);
  if (found.length <= 1) return found[0];
  const message = 'Several things wait here. Name one by the first digits of its digest; see: agent-negotiate policy show';
  throw new NegotiateError('input/ambiguous', message, { details: { candidates: found.length } });
}

/** What waits in a group or a negotiation that begins so. */
function findByPlace(context: AgentContext, asks: readonly Ask[], digits: string): readonly Ask[] {
  if (asks.length === 0) return [];
  const isInGroup = digits.length >= MIN_GROUP_DIGITS && asks.some(({ group }) => group?.startsWith(digits) === true);
  if (isInGroup) return asks.filter(({ group, nid }) => (group ?? nid)?.startsWith(digits) === true);
  if (!/^npub1|^[0-9a-f]{4,}$/.test(digits)) {
    const message =
      'Say what to approve: the first eight digits of its digest, as policy show lists it, or at least four of its negotiation or group.';
    throw new NegotiateError('input/invalid', message);
  }
  const { nid } = findNegotiation(context.store, digits);
  return asks.filter((each) => each.nid === nid);
}
