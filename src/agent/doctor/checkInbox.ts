// Do invites reach us: are our gift wraps given to us, after a proof of who we are where that is asked for?

import { countOf, fail, pass, warn, type Check } from './check.ts';
import type { InboxAccess, RelayProbe } from './probeRelay.ts';

const ID = 'inbox';

/** A relay that does not give us our gift wraps is to be looked at; none that does is a problem. */
export function checkInbox(probes: readonly RelayProbe[]): Check {
  const count = (access: InboxAccess): number => probes.filter(({ inbox }) => inbox === access).length;
  const [toUs, open, refused, noSigner] = [count('to-us'), count('open'), count('refused'), count('no-signer')];
  const all = countOf(probes.length, 'relay');
  if (toUs + open === 0) return fail(ID, `None of ${all} gives you your invites.`, adviseDeaf(refused, noSigner));
  const finding = `${toUs + open} of ${all} ${toUs + open === 1 ? 'gives' : 'give'} you your invites`;
  if (refused > 0)
    return warn(ID, `${finding}; ${refused} will not, though you prove who you are.`, 'Ask its operator, or use another relay.');
  if (toUs + open < probes.length) return warn(ID, `${finding}.`, 'See to the other relays: invites sent there alone are not seen.');
  const openly =
    open > 0 ? `, ${open} of them without asking who you are (NIP-42), so others can count them` : ', and to nobody else (NIP-42)';
  return pass(ID, `${finding}${openly}.`);
}

function adviseDeaf(refused: number, noSigner: number): string {
  if (noSigner > 0) return 'See to the identity first: it has to prove who it is.';
  if (refused > 0) return 'Your proof of who you are is refused: see to the clock first, or ask the operator.';
  return 'See to the relays first: invites cannot be fetched.';
}
