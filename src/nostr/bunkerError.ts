// How a remote signer can fail us. None of these errors holds a word of the bunker's.

import { NegotiateError } from '../core/errors.ts';

/** It gives no sign of life. */
export function bunkerUnreachable(): NegotiateError {
  const message = 'Your bunker does not answer. Nothing is lost: see that it runs and reaches its relays, then try again.';
  return new NegotiateError('signer/unreachable', message);
}

/** It is there, but its owner has not said yes in time. */
export function bunkerUnapproved(): NegotiateError {
  const message = 'Your bunker has not answered in time: it waits for an approval. Nothing was done; approve it there, then try again.';
  return new NegotiateError('signer/unapproved', message);
}

/** It has said no. */
export function bunkerRefused(): NegotiateError {
  const message = 'Your bunker refuses this. Allow this agent there to sign, encrypt and decrypt, then try again.';
  return new NegotiateError('signer/refused', message);
}

/** It has answered with something else than was asked for. */
export function bunkerAltered(): NegotiateError {
  return new NegotiateError('signer/altered', 'Your bunker has answered with something else than it was asked for. Use another bunker.');
}
