// Bytes inside, hex at the edge: conversions and hashes shared by every folder.

import { hash } from 'node:crypto';
import { NegotiateError } from './errors.ts';

/** Lower-case hex of any length. */
export type Hex = string;

const HEX = /^(?:[0-9a-f]{2})*$/;
const HEX_32 = /^[0-9a-f]{64}$/;
const encoder = new TextEncoder();

/** Encodes bytes as lower-case hex. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Decodes lower-case hex. Throws `input/invalid` for anything else. */
export function hexToBytes(hex: Hex): Uint8Array {
  if (!HEX.test(hex)) throw new NegotiateError('input/invalid', 'Expected lower-case hex with two digits per byte.');
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** True for 64 lower-case hex digits (a key, an event id or a SHA-256 hash). */
export function isHex32(value: unknown): value is Hex {
  return typeof value === 'string' && HEX_32.test(value);
}

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** SHA-256 of bytes or of the UTF-8 form of a string. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return new Uint8Array(hash('sha256', data, 'buffer'));
}

/** SHA-256 as lower-case hex. */
export function sha256Hex(data: Uint8Array | string): Hex {
  return hash('sha256', data, 'hex');
}

const BLOCK_BYTES = 64;

/** HMAC-SHA256 (RFC 2104) of `data` under `key`: two hashes in one go each take a quarter of the time of an HMAC object. */
export function hmacSha256(key: Uint8Array, data: Uint8Array | string): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const inner = sha256(Buffer.concat([xorAll(block, 0x36), typeof data === 'string' ? utf8(data) : data]));
  return sha256(Buffer.concat([xorAll(block, 0x5c), inner]));
}

function xorAll(block: Uint8Array, pad: number): Uint8Array {
  return block.map((byte) => byte ^ pad);
}

/** Compares two byte strings for equality. Not constant time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
