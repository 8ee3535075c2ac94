// Counts what an agent has promised and paid by reading nothing but its negotiations and payments, for tests of mandates.

import type { AgentContext } from '../src/agent/context.ts';
import { findPayment } from '../src/agent/jobs/findPayment.ts';
import { readState } from '../src/agent/negotiationState.ts';
import { ceilingOf } from '../src/negotiate/ceiling.ts';
import type { Commitment, Negotiation } from '../src/negotiate/negotiation.ts';
import { termsOf } from '../src/negotiate/slot.ts';
import type { Store } from '../src/store/records.ts';

const DAY_S = 86_400;

/** Numbers that look random and come again. */
export function makeDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A negotiation as it is stored. */
export const stateOf = (store: Store, nid: string): Negotiation => {
  const record = store.findNegotiation(nid);
  if (record === undefined) throw new Error('gone');
  return readState(record);
};
/** The most that a signature may cost; more than anybody has where nothing limits it. */
export const costOf = (state: Negotiation, { offer, alternative }: Commitment): bigint => {
  const found = state.offers.find(({ id }) => id === offer);
  const terms = found === undefined ? undefined : termsOf(found, alternative);
  return (terms === undefined ? undefined : ceilingOf(terms.price)) ?? 10n ** 18n;
};

/** What is promised and not paid, and what was paid in the last day: from the negotiations and payments alone. */
export function audit({ store, clock }: AgentContext): { readonly promised: bigint; readonly paid: bigint; readonly most: bigint } {
  let [promised, paid, most] = [0n, 0n, 0n];
  for (const state of store.listNegotiations().map(readState)) {
    for (const commitment of state.commitments) {
      if (['cancelled', 'given-up', 'late'].includes(commitment.state)) continue;
      const cost = costOf(state, commitment);
      const payment = findPayment(store, commitment.agreement)?.payment;
      if (payment?.state !== 'settled') promised += cost;
      else if (payment.updatedAt > clock.now() - DAY_S) paid += BigInt(payment.amountMsat);
      if (cost > most) most = cost;
    }
  }
  return { promised, paid, most };
}
