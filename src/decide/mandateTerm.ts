// Whether a mandate holds yet, and still: what the owner is told when it is looked at.

import { renderUnixSeconds } from '../negotiate/renderTime.ts';
import type { Mandate } from './mandateSchema.ts';

/** `holds` now, `ended`, or `not-begun`. */
export type MandateTerm = 'holds' | 'ended' | 'not-begun';

/** Where a mandate stands at `now` (unix seconds); `latestAt` is the latest time that the agent has seen: what that has passed is past. */
export function termOf({ valid_from: from, valid_until: until }: Mandate, now: number, latestAt = now): MandateTerm {
  if (until !== undefined && Math.max(now, latestAt) > until) return 'ended';
  return from !== undefined && now < from ? 'not-begun' : 'holds';
}

/** The same as a sentence with what follows from it; undefined where it holds. */
export function remarkOnTerm(mandate: Mandate, now: number, latestAt = now): string | undefined {
  const { valid_from: from = 0, valid_until: until = 0 } = mandate;
  switch (termOf(mandate, now, latestAt)) {
    case 'holds':
      return undefined;
    case 'ended':
      return `This policy is over since ${renderUnixSeconds(until)}: everything but duties is refused under it, and payments for signed deals ask first. Give it a later valid_until.`;
    case 'not-begun':
      return `This policy holds from ${renderUnixSeconds(from)}: until then everything but duties is refused under it, payments too.`;
  }
}
