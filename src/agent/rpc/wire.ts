// Values as JSON and back: bigint and bytes survive, and what cannot be a value of ours is refused.

import { NegotiateError } from '../../core/errors.ts';

// Deeper than anything of ours, and far from what could exhaust a stack.
const MAX_DEPTH = 64;
const DIGITS = /^-?(?:0|[1-9][0-9]{0,30})$/;

/**
 * A value as JSON can hold it: a bigint becomes `{"$bigint":"1"}`, bytes `{"$bytes":"AQ=="}`; an object of ours that has a key with `$`
 * alone becomes `{"$object":…}`, so that reading is unambiguous. Absent and undefined are the same.
 */
export function toWire(value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const object = Object.fromEntries(entries.map(([key, each]) => [key, toWire(each)]));
  return isMarked(object) ? { $object: object } : object;
}

/** The value again. Throws `input/invalid` for what {@link toWire} cannot have made. */
export function fromWire(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw invalid();
  if (Array.isArray(value)) return value.map((each) => fromWire(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  if (!isMarked(value)) return readObject(value, depth);
  const [[mark, inner] = []] = Object.entries(value);
  if (mark === '$bigint' && typeof inner === 'string' && DIGITS.test(inner)) return BigInt(inner);
  if (mark === '$bytes' && typeof inner === 'string') return readBytes(inner);
  if (mark === '$object' && typeof inner === 'object' && inner !== null) return readObject(inner, depth);
  throw invalid();
}

function readObject(value: object, depth: number): unknown {
  // `__proto__` in JSON is a key like any other: it must stay one.
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fromWire(each, depth + 1)]));
}

function readBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw invalid();
  return new Uint8Array(bytes);
}

function isMarked(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0]?.startsWith('$') === true;
}

function invalid(): NegotiateError {
  return new NegotiateError('input/invalid', 'The request is not one of this program. Use the same version on both ends.');
}
