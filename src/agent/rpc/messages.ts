// The messages on a daemon's socket: JSON-RPC 2.0, one on each line; methods are the use cases by name.

import { ERROR_CODES, isNegotiateError, NegotiateError, type ErrorCode, type ErrorDetails } from '../../core/errors.ts';
import { fromWire, toWire } from './wire.ts';

/** Ends the daemon in order. */
export const STOP = 'daemon.stop';
/** A notification of the client: give up the request with this id. What there is by then is the answer. */
export const CANCEL = 'daemon.cancel';
/** A notification of the daemon: the bunker wants the request with this id approved at a page. */
export const APPROVAL = 'daemon.approval';

/** A request or notification as it was read. */
export interface RpcRequest {
  readonly id: string | number | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** An error as it travels. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly code: ErrorCode; readonly retryable: boolean; readonly details: ErrorDetails };
}

/** Codes of JSON-RPC. */
export const RPC_CODES = { parse: -32_700, request: -32_600, method: -32_601, own: -32_000 } as const;

/** Reads a line of a client. Throws `input/invalid`. */
export function readRequest(line: string): RpcRequest {
  const value = parseLine(line);
  const { jsonrpc, id, method, params = {} } = value;
  const isId = id === undefined || (typeof id === 'string' && id.length <= 64) || (typeof id === 'number' && Number.isSafeInteger(id));
  if (jsonrpc !== '2.0' || typeof method !== 'string' || !isId || typeof params !== 'object' || params === null || Array.isArray(params))
    throw new NegotiateError('input/invalid', 'This is no request of JSON-RPC 2.0 with named parameters. Correct it and try again.');
  return { id, method, params: fromWire(params) as Record<string, unknown> };
}

/** Reads a line as an object. Throws `input/invalid`. */
export function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new NegotiateError('input/invalid', 'A line on the socket is no JSON object. Send one JSON-RPC request on each line.');
}

/** A message as a line. */
export function toLine(message: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
}

/** The answer to a request. */
export function answerLine(id: RpcRequest['id'], result: unknown): string {
  return toLine({ id: id ?? null, result: toWire(result) ?? null });
}

/** The answer that is an error; what is no error of ours says nothing of its cause. */
export function errorLine(id: RpcRequest['id'], error: unknown, code: number = RPC_CODES.own): string {
  const known = isNegotiateError(error)
    ? error
    : new NegotiateError('internal/bug', 'This is a bug in agent-negotiate: a request failed inside the daemon. Please report it.');
  const { message, retryable, details } = known;
  const body: RpcError = { code, message, data: { code: known.code, retryable, details } };
  return toLine({ id: id ?? null, error: body });
}

/** The error of an answer, as the use case threw it. */
export function readError(error: unknown): NegotiateError {
  const { message, data } = (error ?? {}) as Partial<RpcError>;
  const code = data?.code !== undefined && Object.hasOwn(ERROR_CODES, data.code) ? data.code : 'internal/bug';
  return new NegotiateError(code, typeof message === 'string' ? message : 'The daemon failed. See its log.', {
    details: data?.details ?? {},
  });
}
