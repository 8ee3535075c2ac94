// Puts the owner's mandate in force, takes it out of force, and shows it with what is promised, paid and waiting under it.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import type { Msat } from '../../core/money.ts';
import { closeBooks, EMPTY_LEDGER, isLive, sumHeld, sumSpent } from '../../decide/mandateLedger.ts';
import { explainMandate } from '../../decide/explainMandate.ts';
import type { AgentContext } from '../context.ts';
import { openLedger, rebuildLedger, writeLedger, type LedgerCell } from './ledgerRecord.ts';
import { readSavedMandate, writeMandate } from './mandateSetting.ts';
import { hashMandate, MAX_MANDATE_BYTES, readMandateFile, type MandateFileProblem } from './readMandateFile.ts';
import { viewAsk, type AskView } from './viewAsk.ts';
import { viewTerm, type TermView } from './viewTerm.ts';

/** The text of a mandate, in TOML or JSON; null takes the mandate out of force. */
export const setPolicyInput = z.strictObject({ text: z.string().max(MAX_MANDATE_BYTES).nullable() });

/** The mandate in force; it holds the owner's limits and is for the owner alone. */
export interface PolicyView extends Partial<TermView> {
  readonly isSet: boolean;
  readonly name?: string;
  readonly digest?: Hex;
  /** Unix seconds. */
  readonly setAt?: number;
  readonly text?: string;
  readonly explanation?: readonly string[];
  readonly heldMsat?: Msat;
  readonly openDeals?: number;
  /** Paid in the last 24 hours. */
  readonly spentMsat?: Msat;
  readonly asks?: readonly AskView[];
}

/** What came of setting one: what is in force now, or what is wrong, and then nothing has changed. */
export type SetPolicyResult =
  { readonly kind: 'set'; readonly policy: PolicyView } | { readonly kind: 'refused'; readonly problems: readonly MandateFileProblem[] };

/** Puts a mandate in force for everything that is decided from now on. Throws `store/…`. */
export function setPolicy(context: AgentContext, { text }: z.infer<typeof setPolicyInput>): SetPolicyResult {
  const { store, clock } = context;
  const now = clock.now();
  if (text === null) {
    store.save([writeMandate(undefined)]);
    return { kind: 'set', policy: showPolicy(context) };
  }
  const file = readMandateFile(text);
  if (file.kind === 'refused') return file;
  const { mandate } = file;
  const cell: LedgerCell = {};
  const record = store.readLedger();
  const before = record === undefined ? EMPTY_LEDGER : openLedger(store, cell, mandate);
  // Nobody kept books without a mandate: promises are read off the negotiations. The clock is taken as it is now.
  const ledger = { ...rebuildLedger(store, mandate, before, now), asks: [], approved: [], latestAt: now };
  store.save([writeMandate({ mandate, text, setAt: now }), writeLedger(closeBooks(ledger, now), record?.version ?? 0)]);
  return { kind: 'set', policy: showPolicy(context) };
}

/** Shows the mandate in force. Throws `store/corrupt`. */
export function showPolicy({ store, clock }: AgentContext): PolicyView {
  const saved = readSavedMandate(store);
  if (saved === undefined) return { isSet: false };
  const { mandate, text, setAt } = saved;
  const ledger = openLedger(store, {}, mandate);
  const now = clock.now();
  return {
    isSet: true,
    name: mandate.name,
    digest: hashMandate(mandate),
    setAt,
    text,
    explanation: explainMandate(mandate),
    ...viewTerm(mandate, now, ledger.latestAt),
    ...sumHeld(ledger),
    spentMsat: sumSpent(ledger, now),
    asks: ledger.asks.filter((each) => isLive(each, now)).map(viewAsk),
  };
}
