// Shows one negotiation, and the bundle of its deal once there is one.

import { NegotiateError } from '../core/errors.ts';
import { encodeBundle } from '../negotiate/bundle.ts';
import { exportBundle } from '../negotiate/exportBundle.ts';
import type { Commitment, Negotiation } from '../negotiate/negotiation.ts';
import { findDeal } from '../negotiate/slot.ts';
import type { AgentContext } from './context.ts';
import { findNegotiation } from './findNegotiation.ts';
import { readAskBook } from './mandate/askBook.ts';
import { readState } from './negotiationState.ts';
import { plainInput } from './plainInput.ts';
import { viewNegotiation, type NegotiationView } from './view.ts';

const MIN_DIGITS = 4;

/** Which negotiation, and the bundle of which of its agreements, by the first digits of its hash; the deal's unless named. */
export interface StatusInput {
  readonly nid: string;
  readonly agreement?: string | undefined;
}

/** The schema of that. */
export const statusInput = plainInput<StatusInput>({ nid: 'required', agreement: 'optional' });

/** The negotiation; `bundle` is the text of the bundle file when the deal is made, the same on both sides. */
export interface Status extends NegotiationView {
  readonly bundle?: string;
}

/** Shows a negotiation. Throws `input/…`. */
export async function status(context: AgentContext, { nid, agreement }: StatusInput): Promise<Status> {
  const { store, clock } = context;
  const record = findNegotiation(store, nid);
  const state = readState(record);
  const held = agreement === undefined ? findDeal(state) : findNamed(state, agreement);
  const bundle = held === undefined ? undefined : exportBundle(state, held);
  const asks = (await readAskBook(context)).get(record.nid);
  return { ...viewNegotiation(store, record, clock.now(), asks), ...(bundle === undefined ? {} : { bundle: encodeBundle(bundle) }) };
}

/** Any agreement of ours that was signed, whatever became of it: what is void is evidence too. */
function findNamed({ commitments }: Negotiation, text: string): Commitment {
  if (text.length < MIN_DIGITS) throw new NegotiateError('input/invalid', `Give at least ${MIN_DIGITS} digits of the hash.`);
  const found = commitments.filter(({ agreement }) => agreement.startsWith(text.toLowerCase()));
  const [only] = found;
  if (only === undefined) throw new NegotiateError('input/not-found', 'There is no such agreement here. See: agent-negotiate status');
  if (found.length > 1) throw new NegotiateError('input/ambiguous', 'Several agreements begin like this. Give more digits of the hash.');
  return only;
}
