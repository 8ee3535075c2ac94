// The text of a setting of the home: what cannot be read is damage, and never taken for nothing.

import { NegotiateError } from '../core/errors.ts';

/** The value of a setting from its JSON text. `read` throws for one that makes no sense. Throws `store/corrupt`. */
export function parseSetting<T>(text: string, read: (value: unknown) => T): T {
  try {
    return read(JSON.parse(text));
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'A setting of the home cannot be read. Restore a copy of the home.', { cause });
  }
}
