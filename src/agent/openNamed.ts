// Opens the negotiation that a person names, within a step.

import { NegotiateError } from '../core/errors.ts';
import { findNegotiation } from './findNegotiation.ts';
import { openNegotiation, type OpenNegotiation, type Work } from './work.ts';

/** Finds a negotiation and opens it within a step. Throws as {@link findNegotiation}. */
export function openNamed(work: Work, text: string): OpenNegotiation {
  const { nid } = findNegotiation(work.context.store, text);
  const open = openNegotiation(work, nid);
  if (open === undefined) throw new NegotiateError('internal/bug', 'A negotiation vanished while it was opened. Please report this.');
  return open;
}
