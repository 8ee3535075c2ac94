// Does a relay of ours answer, how fast, and does it take what we publish as far as that can be known?

import type { RelayLimitation } from '../../nostr/relayInformation.ts';
import { fail, pass, warn, type Check } from './check.ts';
import type { RelayProbe } from './probeRelay.ts';

const SLOW_MS = 3_000;
const HOUR_S = 3_600;
// NIP-59 dates gift wraps up to two days back.
const WRAP_AGE_S = 48 * HOUR_S;
const MESSAGE_BYTES = 65_536;

/** A relay that does not answer is a problem; one that keeps something of ours out, or is slow, is to be looked at. */
export function checkRelay(probe: RelayProbe): Check {
  const id = `relay ${probe.relay}`;
  if (!probe.isUp)
    return fail(
      id,
      'It does not answer.',
      'Check the address and the connection; if the relay is gone for good, peers look for you there in vain.',
    );
  const speed = `It answers in ${probe.roundTripMs} ms (${probe.firstMs} ms with connecting)`;
  const limit = findLimit(probe);
  if (limit !== undefined) return warn(id, `${speed}, but ${limit}.`, 'Ask its operator, or use another relay beside it.');
  if (probe.roundTripMs > SLOW_MS) return warn(id, `${speed}, which is slow.`, 'Look at the connection, or use another relay beside it.');
  return pass(id, `${speed}, ${describeWrites(probe)}; ${describeInformation(probe)}.`);
}

/** What it says of itself counts less than what it does: events of ours that it holds it has taken. */
function findLimit({ information, own, isPublic }: RelayProbe): string | undefined {
  const { paymentRequired, restrictedWrites, maxMessageBytes, oldestS }: RelayLimitation = information?.limitation ?? {};
  if (!isPublic) return 'it shows nothing to those it does not know, so peers cannot look you up there';
  if (own.length === 0 && paymentRequired === true) return 'it wants to be paid before it takes events';
  if (own.length === 0 && restrictedWrites === true) return 'it takes events from those it has chosen';
  if (oldestS !== undefined && oldestS > 0 && oldestS < WRAP_AGE_S)
    return `it takes nothing dated back more than ${Math.floor(oldestS / HOUR_S)} h, and invites are dated back up to 48 h`;
  if (maxMessageBytes !== undefined && maxMessageBytes < MESSAGE_BYTES)
    return `it takes messages of up to ${maxMessageBytes} bytes, and an invite to a group may be longer`;
  return undefined;
}

function describeWrites({ own }: RelayProbe): string {
  return own.length > 0 ? 'and holds events of yours' : 'and holds nothing of yours, so whether it takes your events is not known';
}

function describeInformation({ information, inbox }: RelayProbe): string {
  const asks = inbox === 'to-us' ? ', and it asks who reads an inbox (NIP-42)' : '';
  if (information === undefined) return `its limits are not known, as they are not asked for through a proxy${asks}`;
  return `${information.isOffered ? 'its limits (NIP-11) suit' : 'it does not state its limits (NIP-11)'}${asks}`;
}
