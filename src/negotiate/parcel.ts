// Files in parts, beside the moves: unsigned events that each carry a piece, and one that asks for pieces again.

import { sha256Hex, isHex32, type Hex } from '../core/bytes.ts';
import { MAX_FILE_BYTES, type FileRef } from './files.ts';
import type { MoveRumor } from './move.ts';

/** Event kind of a piece of a file. */
export const PARCEL_KIND = 4392;
/** Event kind of the wish for pieces that did not come. */
export const WANT_KIND = 4393;
/** Bytes of a piece; only the last one of a file is shorter. */
export const PARCEL_BYTES = 24_000;

const MAX_PARTS = Math.ceil(MAX_FILE_BYTES / PARCEL_BYTES);
const PART = /^(?:0|[1-9][0-9]{0,3})$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A piece of a file: which file (SHA-256), which piece (from 0), its bytes. */
export interface Parcel {
  readonly sha256: Hex;
  readonly part: number;
  readonly data: Uint8Array;
}

/** The wish for these pieces of a file. */
export interface Want {
  readonly sha256: Hex;
  readonly parts: readonly number[];
}

/** How many pieces a file of this size has; an empty file has one. */
export function countParts(size: number): number {
  return Math.max(1, Math.ceil(size / PARCEL_BYTES));
}

/** Cuts a file into its pieces. */
export function splitFile(bytes: Uint8Array): readonly Parcel[] {
  const sha256 = sha256Hex(bytes);
  return Array.from({ length: countParts(bytes.length) }, (_, part) => ({
    sha256,
    part,
    data: bytes.slice(part * PARCEL_BYTES, (part + 1) * PARCEL_BYTES),
  }));
}

/** Encodes a piece. `now` is in unix seconds. */
export function encodeParcel(author: Hex, { sha256, part, data }: Parcel, now: number): MoveRumor {
  const tags = [
    ['x', sha256],
    ['part', String(part)],
  ];
  return makeEvent(author, PARCEL_KIND, tags, Buffer.from(data).toString('base64'), now);
}

/** Encodes a wish. */
export function encodeWant(author: Hex, { sha256, parts }: Want, now: number): MoveRumor {
  return makeEvent(author, WANT_KIND, [['x', sha256]], parts.join(' '), now);
}

/** Decodes a piece; undefined for anything else. Never throws. */
export function decodeParcel(rumor: MoveRumor): Parcel | undefined {
  if (rumor.kind !== PARCEL_KIND || rumor.tags.length !== 2) return undefined;
  const [[x, sha256, ...more] = [], [name, part = '', ...rest] = []] = rumor.tags;
  if (x !== 'x' || name !== 'part' || more.length + rest.length > 0 || !isHex32(sha256) || !PART.test(part)) return undefined;
  if (Number(part) >= MAX_PARTS || rumor.content.length > Math.ceil(PARCEL_BYTES / 3) * 4 || !BASE64.test(rumor.content)) return undefined;
  const data = new Uint8Array(Buffer.from(rumor.content, 'base64'));
  return Buffer.from(data).toString('base64') === rumor.content ? { sha256, part: Number(part), data } : undefined;
}

/** Decodes a wish; undefined for anything else. Never throws. */
export function decodeWant(rumor: MoveRumor): Want | undefined {
  const [[x, sha256] = []] = rumor.tags;
  if (rumor.kind !== WANT_KIND || rumor.tags.length !== 1 || x !== 'x' || !isHex32(sha256) || rumor.content.length > 5 * MAX_PARTS)
    return undefined;
  const parts = rumor.content.split(' ');
  const isSound = parts.every((part) => PART.test(part) && Number(part) < MAX_PARTS) && new Set(parts).size === parts.length;
  return isSound ? { sha256, parts: parts.map(Number) } : undefined;
}

/** True when a piece can be one of this file: its place and its length fit. */
export function fitsFile({ sha256, part, data }: Parcel, file: FileRef): boolean {
  if (sha256 !== file.sha256 || part >= countParts(file.size)) return false;
  return data.length === Math.min(PARCEL_BYTES, file.size - part * PARCEL_BYTES);
}

/** The pieces of a file that are not among `parts`, in order. */
export function listMissing(file: FileRef, parts: readonly number[]): readonly number[] {
  const known = new Set(parts);
  return Array.from({ length: countParts(file.size) }, (_, part) => part).filter((part) => !known.has(part));
}

/** The bytes of a file from all its pieces; undefined when they do not have its digest. */
export function joinParcels(file: FileRef, parcels: readonly Parcel[]): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.concat(parcels.toSorted((a, b) => a.part - b.part).map(({ data }) => data)));
  return bytes.length === file.size && sha256Hex(bytes) === file.sha256 ? bytes : undefined;
}

function makeEvent(author: Hex, kind: number, tags: readonly (readonly string[])[], content: string, now: number): MoveRumor {
  const id = sha256Hex(JSON.stringify([0, author, now, kind, tags, content]));
  return { id, pubkey: author, created_at: now, kind, tags, content };
}
