// Shows one negotiation, and the bundle of its deal once there is one.

import { z } from 'zod';
import { encodeBundle } from '../negotiate/bundle.ts';
import { exportBundle } from '../negotiate/exportBundle.ts';
import { findHeld, readPhase } from '../negotiate/negotiation.ts';
import type { AgentContext } from './context.ts';
import { findNegotiation } from './findNegotiation.ts';
import { readState } from './negotiationState.ts';
import { viewNegotiation, type NegotiationView } from './view.ts';

/** Which negotiation. */
export const statusInput = z.strictObject({ nid: z.string() });

/** The negotiation; `bundle` is the text of the bundle file when the deal is made, the same on both sides. */
export interface Status extends NegotiationView {
  readonly bundle?: string;
}

/** Shows a negotiation. Throws `input/…`. */
export function status({ store, clock }: AgentContext, { nid }: z.infer<typeof statusInput>): Status {
  const record = findNegotiation(store, nid);
  const state = readState(record);
  const held = findHeld(state);
  const bundle = held !== undefined && readPhase(state) === 'agreed' ? exportBundle(state, held) : undefined;
  return { ...viewNegotiation(store, record, clock.now()), ...(bundle === undefined ? {} : { bundle: encodeBundle(bundle) }) };
}
