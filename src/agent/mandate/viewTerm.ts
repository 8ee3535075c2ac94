// Whether a mandate holds yet, and still, as its owner is told.

import { remarkOnTerm, termOf, type MandateTerm } from '../../decide/mandateTerm.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';

/** Where it stands, and what follows where it does not hold. */
export interface TermView {
  readonly term: MandateTerm;
  readonly remark?: string;
}

/** Looks at the term of a mandate at `now` (unix seconds), or at the latest time that was seen. */
export function viewTerm(mandate: Mandate, now: number, latestAt = now): TermView {
  const remark = remarkOnTerm(mandate, now, latestAt);
  return { term: termOf(mandate, now, latestAt), ...(remark === undefined ? {} : { remark }) };
}
