// The one error class of the project and its closed table of codes.

/** What each error code means to a caller: may it be retried, which exit code and which HTTP status it maps to. */
export const ERROR_CODES = {
  'input/invalid': { retryable: false, exit: 64, http: 400 },
  'input/not-found': { retryable: false, exit: 66, http: 404 },
  'input/ambiguous': { retryable: false, exit: 64, http: 409 },
  'home/missing': { retryable: false, exit: 78, http: 500 },
  'home/exists': { retryable: false, exit: 73, http: 409 },
  'home/unreadable': { retryable: false, exit: 74, http: 500 },
  'home/exposed': { retryable: false, exit: 77, http: 500 },
  'home/key-needed': { retryable: false, exit: 78, http: 500 },
  'home/wrong-key': { retryable: false, exit: 77, http: 403 },
  'home/locked': { retryable: true, exit: 75, http: 423 },
  'store/unavailable': { retryable: true, exit: 69, http: 503 },
  'store/corrupt': { retryable: false, exit: 74, http: 500 },
  'store/schema-newer': { retryable: false, exit: 78, http: 500 },
  'store/conflict': { retryable: true, exit: 75, http: 409 },
  'relay/invalid-url': { retryable: false, exit: 64, http: 400 },
  'relay/unreachable': { retryable: true, exit: 69, http: 503 },
  'relay/unacknowledged': { retryable: true, exit: 75, http: 503 },
  'peer/no-key-package': { retryable: true, exit: 69, http: 404 },
  'peer/unusable-key-package': { retryable: false, exit: 76, http: 422 },
  'marmot/invalid': { retryable: false, exit: 76, http: 422 },
  'signer/refused': { retryable: false, exit: 77, http: 403 },
  'signer/altered': { retryable: false, exit: 76, http: 502 },
  'signer/unreachable': { retryable: true, exit: 69, http: 503 },
  'signer/unapproved': { retryable: true, exit: 75, http: 503 },
  'negotiation/refused': { retryable: false, exit: 65, http: 409 },
  'mandate/denied': { retryable: false, exit: 77, http: 403 },
  'mandate/approval-needed': { retryable: true, exit: 75, http: 409 },
  'wallet/missing': { retryable: false, exit: 78, http: 409 },
  'wallet/unreachable': { retryable: true, exit: 69, http: 503 },
  'wallet/refused': { retryable: false, exit: 77, http: 402 },
  'bundle/invalid': { retryable: false, exit: 65, http: 422 },
  'internal/bug': { retryable: false, exit: 70, http: 500 },
} as const;

/** A code of {@link ERROR_CODES}. Adding one is a minor change of the API, changing one a major change. */
export type ErrorCode = keyof typeof ERROR_CODES;

const BRAND = Symbol.for('agent-negotiate.error');

/** Facts that go with an error and are safe to log: no key, id, term, url or peer text. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * The project's only error class. The message says what happened and then what to do next.
 *
 * @example throw new NegotiateError('home/missing', 'There is no home here yet. Run: agent-negotiate init');
 */
export class NegotiateError extends Error {
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'NegotiateError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Whether trying the same call again later can succeed. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  /** The process exit code (sysexits.h) for this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** True for a {@link NegotiateError}, also one thrown by another copy of this package. */
export function isNegotiateError(value: unknown): value is NegotiateError {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
