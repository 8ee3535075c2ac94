// Bytes in and out the MLS way: fixed-width integers and vectors with minimal QUIC varint lengths (RFC 9000 section 16).

import { NegotiateError } from '../core/errors.ts';

/** A place in a byte string; reading moves it. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Starts reading at the first byte. */
export function openCursor(bytes: Uint8Array): Cursor {
  return { bytes, at: 0 };
}

/** The error that every decoder of this folder throws for bytes it cannot take: `marmot/invalid`. */
export function malformed(what: string): NegotiateError {
  return new NegotiateError('marmot/invalid', `These Marmot bytes are malformed: ${what}. Ask the peer to update its Marmot client.`);
}

/** Reads exactly `length` bytes (a view, not a copy). Throws `marmot/invalid` at the end of input. */
export function readBytes(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw malformed('they end too early');
  const view = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return view;
}

/** Reads a big-endian unsigned integer of 1 to 6 bytes. */
export function readUint(cursor: Cursor, width: number): number {
  return readBytes(cursor, width).reduce((value, byte) => value * 256 + byte, 0);
}

/** Reads an 8-byte big-endian integer. */
export function readUint64(cursor: Cursor): bigint {
  return readBytes(cursor, 8).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

/** Reads a varint of at most 30 bits. Throws `marmot/invalid` unless it is in its shortest form. */
export function readVarint(cursor: Cursor): number {
  const first = readUint(cursor, 1);
  if (first < 0x40) return first;
  if (first >= 0xc0) throw malformed('a length is out of range');
  const width = first < 0x80 ? 2 : 4;
  cursor.at -= 1;
  const value = readUint(cursor, width) - (first & 0xc0) * 256 ** (width - 1);
  if (value < (width === 2 ? 64 : 16_384)) throw malformed('a length is not in its shortest form');
  return value;
}

/** Reads a vector: varint length, then that many bytes. */
export function readVector(cursor: Cursor): Uint8Array {
  return readBytes(cursor, readVarint(cursor));
}

/** Reads a vector of items until its bytes are used up. Every `readItem` consumes at least one byte. */
export function readList<T>(cursor: Cursor, readItem: (items: Cursor) => T): T[] {
  const items = openCursor(readVector(cursor));
  const list: T[] = [];
  while (items.at < items.bytes.length) list.push(readItem(items));
  return list;
}

/** Throws `marmot/invalid` unless the cursor is at the end. */
export function expectEnd(cursor: Cursor): void {
  if (cursor.at !== cursor.bytes.length) throw malformed('bytes are left over at the end');
}

/** Joins byte strings. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Writes a big-endian unsigned integer of 1 to 6 bytes. */
export function writeUint(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  if (width < 1 || width > 6 || !(value >= 0 && value < 256 ** width)) throw new RangeError('A number does not fit its width.');
  for (let i = width - 1, rest = value; i >= 0; i -= 1, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

/** Writes an 8-byte big-endian integer. */
export function writeUint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** Writes a varint in its shortest form. Throws `internal/bug` at 2^30 and above. */
export function writeVarint(value: number): Uint8Array {
  if (value < 64) return writeUint(value, 1);
  if (value < 16_384) return writeUint(0x4000 + value, 2);
  if (value < 2 ** 30) return writeUint(0x8000_0000 + value, 4);
  throw new NegotiateError('internal/bug', 'A vector of a gibibyte was to be written. Please report this.');
}

/** Writes a vector: varint length, then the bytes. */
export function writeVector(...parts: readonly Uint8Array[]): Uint8Array {
  const body = joinBytes(...parts);
  return joinBytes(writeVarint(body.length), body);
}
