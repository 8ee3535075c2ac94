// Why something from a peer is refused, as a value.

import { isNegotiateError } from '../core/errors.ts';

/** A closed list of what can be wrong with a key package or a welcome. */
export type RefusalCode =
  | 'dialect'
  | 'signature'
  | 'tags'
  | 'content'
  | 'suite'
  | 'ref'
  | 'lists'
  | 'credential'
  | 'proof'
  | 'capabilities'
  | 'components'
  | 'lifetime'
  | 'key-package'
  | 'members'
  | 'sender'
  | 'admin'
  | 'lifecycle'
  | 'relays'
  | 'mls';

/** A refusal; the message says what is wrong and what to do, and holds nothing the peer wrote. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
}

/** Builds a {@link Refusal}. */
export function refuse(code: RefusalCode, message: string): Refusal {
  return { kind: 'refused', code, message };
}

/** Runs a parser of hostile bytes; whatever it throws becomes a refusal. A bug of ours (`internal/bug`) is passed on. */
export async function attempt<T>(code: RefusalCode, message: string, work: () => T | Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (isNegotiateError(error) && error.code === 'internal/bug') throw error;
    return refuse(code, message);
  }
}

/** True for a {@link Refusal} in a union. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'refused';
}
