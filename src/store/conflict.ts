// The one error of a save that comes too late.

import { NegotiateError } from '../core/errors.ts';

/** What a save throws whose records do not follow the saved ones. */
export function conflict(options: { cause?: unknown } = {}): NegotiateError {
  return new NegotiateError(
    'store/conflict',
    'The home was changed by another process meanwhile; nothing was saved. Run it again.',
    options,
  );
}
