// What an honest side must have against a liar: at every moment, and when every deadline is over.

import { checkSlot, claim, proveDeal } from './invariants.fixture.ts';
import type { Liar } from './lies.fixture.ts';
import { isFrozen, type Commitment, type Negotiation } from './negotiation.ts';
import { findUndecided, listPresigned } from './slot.ts';

/** What holds after each step. */
export function checkStep(before: Negotiation, after: Negotiation): void {
  if (before === after) return;
  checkSlot(after);
  claim(!isFrozen(before) || after.commitments.length === before.commitments.length, 'who is frozen signs nothing');
  claim(!isFrozen(before) || isFrozen(after), 'who is frozen stays so');
}

const PROOFS: Readonly<Record<Commitment['state'], string>> = {
  undecided: 'signed-not-closed',
  sealing: 'signed-not-closed',
  'given-up': 'signed-not-closed',
  closed: 'closed-not-acknowledged',
  agreed: 'closed',
  cancelled: 'void',
  late: 'late',
};

/**
 * The slot is free, or holds a deal, or a closing that the liar has not answered, which PROTOCOL names among the residual risks (a person
 * may write it off); the others end in time: an unconfirmed accept at confirm_by and the grace, a second signature at start_by. Whoever
 * shows two values of one signature has given itself away. `shown` holds the liar's values as "name value".
 */
export function checkFree(state: Negotiation, { made }: Liar, shown: ReadonlySet<string>): void {
  const held = findUndecided(state);
  claim(held === undefined || held.state === 'closed', 'a slot becomes free in time');
  claim(listPresigned(state).length === 0 && state.pending === undefined, 'no signature waits for ever');
  let isCheated = false;
  for (const each of state.commitments) {
    // Proving takes longer than all else, so of the many that came to nothing a part is proved.
    if ((each.state === 'cancelled' || each.state === 'given-up') && state.cheated !== true && each.agreement > '4') continue;
    const report = proveDeal(state, each);
    claim([PROOFS[each.state], 'cheated'].includes(report.state), `a commitment that is ${each.state} proves ${report.state}`);
    isCheated ||= report.state === 'cheated';
    const event = each.side === 'first' ? each.second : each.first;
    const values = event === undefined ? undefined : made.get(event.id);
    if (values === undefined) continue;
    const [yes, no] = each.side === 'first' ? [`a ${values.yes}`, `l ${values.no}`] : [`c ${values.yes}`, `v ${values.no}`];
    const isBoth = shown.has(yes) && shown.has(no);
    claim(each.state !== 'agreed' || !isBoth || report.state === 'cheated', 'who shows both values of a deal is known as a cheat');
    claim(each.state !== 'closed' || !shown.has(yes), 'a closing whose acknowledgement was shown is acknowledged');
  }
  claim(isCheated === (state.cheated === true), 'a cheat is noted where its proof is');
}
