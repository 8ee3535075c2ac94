// Why an own move was refused, in words that say what to do.

import { NegotiateError } from '../core/errors.ts';
import type { Refusal } from '../negotiate/draft.ts';

const ADVICE: Readonly<Record<Refusal | 'wrong-prev' | 'chain-limit' | 'agreed' | 'unknown-own-offer' | 'budget' | 'restored', string>> = {
  ended: 'This negotiation is closed, so nothing can be added to it. Start a new one with: agent-negotiate start',
  'wrong-role': 'This step is the other side’s. Look at status.',
  'too-early': 'It is too early for this step. Run sync and look at status.',
  conflict: 'This step was taken before, in another way. Look at history.',
  disputed: 'There is a dispute about this deal, so nothing goes on by itself. Look at history and settle it with the peer.',
  completed: 'This deal is completed.',
  agreed:
    'The deal of this negotiation is made. Offer a change of it (--amend) or a job under it (--call-off), or start a new negotiation.',
  frozen: 'The peer has contradicted itself, so nothing more is signed here. Look at status, and start anew if you still trust it.',
  limit: 'This negotiation has as many unanswered or counted moves as are allowed. Wait for the peer, or start a new one.',
  'slot-taken': 'A signature of yours is out, or the deal is made. Run sync and look at status before you do anything else.',
  'unknown-offer': 'There is no such offer of the peer here. Run sync, then look at status for the offers on the table.',
  'unknown-own-offer': 'There is no such offer of yours on the table. Look at status for the offers that are.',
  superseded: 'The peer has replaced this offer with a newer one. Look at status and decide on that one.',
  withdrawn: 'The peer has taken this offer back. Make an offer of your own, or ask for a new one.',
  rejected: 'This offer was rejected before. Make an offer of your own, or ask for a new one.',
  budget: 'Another negotiation of the same request has your signature. Wait for its outcome: agent-negotiate rfq',
  restored:
    'This home has gone back in time, and more may have been said here than it knows. Run sync; if this stays, wait for the peer’s next move or start anew.',
  cancelled: 'The signature of this offer was made void. Ask for a new offer, or make one of your own.',
  stale: 'This offer is about an agreement that is not the present one. Look at status, then ask for a new offer or make one.',
  framework: 'The agreement is no framework, its time is over, or the call-off has a framework of its own. Look at status.',
  cap: 'The framework has no room for this call-off: too many calls, too dear, or without an upper limit. Amend the framework first.',
  expired: 'This offer has expired. Ask the peer for a new one, or make an offer of your own.',
  'unknown-accept': 'There is nothing to confirm here. Run sync and look at status.',
  window: 'This cannot be signed now: its time to sign has passed, or ends later than we commit for. Run sync and look at status.',
  invalid: 'The signature does not fit the offer. Check the clock of this machine and try again.',
  'wrong-prev': 'The move does not follow the one before. Run sync and try again.',
  'chain-limit': 'This negotiation is full. Start a new one with: agent-negotiate start',
};

/** The error for a refused move: `negotiation/refused`, with the reason among its details. */
export function refusalError(reason: keyof typeof ADVICE): NegotiateError {
  return new NegotiateError('negotiation/refused', ADVICE[reason], { details: { reason } });
}
