// Opens the negotiation that a person names, within a step.

import { NegotiateError } from '../core/errors.ts';
import { findNegotiation } from './findNegotiation.ts';
import { refusalError } from './refusalError.ts';
import { isDoubtful } from './restored.ts';
import { openNegotiation, type OpenNegotiation, type Work } from './work.ts';

/**
 * Finds a negotiation and opens it within a step, for a move of ours. Throws as {@link findNegotiation}, and `negotiation/refused` where a restored
 * home may have forgotten moves of its own: another one in their place would be a contradiction.
 */
export function openNamed(work: Work, text: string): OpenNegotiation {
  const { nid } = findNegotiation(work.context.store, text);
  const open = openNegotiation(work, nid);
  if (open === undefined) throw new NegotiateError('internal/bug', 'A negotiation vanished while it was opened. Please report this.');
  if (isDoubtful(work, nid)) throw refusalError('restored');
  return open;
}
