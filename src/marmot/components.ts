// Group state components: routing 0x8004, profile 0x8001, admin policy 0x8003, lifecycle 0x800c (app-components/*.md).

import { bytesToHex, hexToBytes, utf8, type Hex } from '../core/bytes.ts';
import { isRelayUrl } from '../nostr/relayUrl.ts';
import { expectEnd, joinBytes, malformed, openCursor, readBytes, readList, readUint64, readVector, writeVector } from './cursor.ts';
import { LIMITS } from './profile.ts';

/** Where a group's events go (nostr-routing-v1). */
export interface Routing {
  /** The 32 bytes of the `h` tag, hex. */
  readonly nostrGroupId: Hex;
  /** 1 to 16 relay URLs, sorted by their bytes, unique. */
  readonly relays: readonly string[];
}

/** Encodes a routing state. The caller has sorted and checked the relays. */
export function encodeRouting({ nostrGroupId, relays }: Routing): Uint8Array {
  return joinBytes(hexToBytes(nostrGroupId), writeVector(...relays.map((url) => writeVector(utf8(url)))));
}

/** Decodes a routing state. Throws `marmot/invalid` for anything that is not canonical, and for URLs outside the relay URL profile. */
export function decodeRouting(bytes: Uint8Array): Routing {
  const cursor = openCursor(bytes);
  const nostrGroupId = bytesToHex(readBytes(cursor, 32));
  const raw = readList(cursor, readVector);
  expectEnd(cursor);
  if (raw.length === 0 || raw.length > LIMITS.relays) throw malformed('a group has 1 to 16 relays');
  if (!isStrictlySorted(raw)) throw malformed('relays are unsorted or repeated');
  const relays = raw.map(readText);
  if (!relays.every(isRelayUrl)) throw malformed('a relay URL is not valid');
  return { nostrGroupId, relays };
}

/** Name (at most 256 bytes) and description (at most 4096 bytes) of a group. */
export interface GroupProfile {
  readonly name: string;
  readonly description: string;
}

/** Encodes a group profile. */
export function encodeProfile({ name, description }: GroupProfile): Uint8Array {
  return joinBytes(writeVector(utf8(name)), writeVector(utf8(description)));
}

/** Decodes a group profile. Throws `marmot/invalid` for bad UTF-8, too long fields or bytes left over. */
export function decodeProfile(bytes: Uint8Array): GroupProfile {
  const cursor = openCursor(bytes);
  const name = readVector(cursor);
  const description = readVector(cursor);
  expectEnd(cursor);
  if (name.length > 256 || description.length > 4_096) throw malformed('a group name or description is too long');
  return { name: readText(name), description: readText(description) };
}

/** Encodes an admin policy from hex keys, sorted. */
export function encodeAdmins(admins: readonly Hex[]): Uint8Array {
  return writeVector(...[...admins].sort().map(hexToBytes));
}

/** Decodes an admin policy into hex keys. Throws `marmot/invalid` when it is empty, unsorted, repeated or left over. */
export function decodeAdmins(bytes: Uint8Array): readonly Hex[] {
  const cursor = openCursor(bytes);
  const admins = readList(cursor, (items) => readBytes(items, 32));
  expectEnd(cursor);
  if (admins.length === 0 || !isStrictlySorted(admins)) throw malformed('the admin list is empty, unsorted or repeated');
  return admins.map(bytesToHex);
}

/** Whether a group lives (group-lifecycle-v1). */
export type Lifecycle = 'active' | 'disbanded';

/** Encodes a lifecycle: one byte. */
export function encodeLifecycle(lifecycle: Lifecycle): Uint8Array {
  return Uint8Array.of(lifecycle === 'active' ? 0 : 1);
}

/** Decodes a lifecycle. Throws `marmot/invalid` for any other byte or length. */
export function decodeLifecycle(bytes: Uint8Array): Lifecycle {
  const value = bytes.length === 1 ? bytes[0] : undefined;
  if (value === undefined || value > 1) throw malformed('the lifecycle is neither active nor disbanded');
  return value === 0 ? 'active' : 'disbanded';
}

/** Seconds after which messages of a group shall vanish; 0 for never (message-retention-v1). */
export function decodeRetention(bytes: Uint8Array): bigint {
  const cursor = openCursor(bytes);
  const seconds = readUint64(cursor);
  expectEnd(cursor);
  return seconds;
}

/** Sorts and deduplicates texts by their UTF-8 bytes, as the routing component wants its relays. */
export function sortByBytes(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function isStrictlySorted(items: readonly Uint8Array[]): boolean {
  return items.every((item, i) => i === 0 || Buffer.compare(items[i - 1] as Uint8Array, item) < 0);
}

function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('text is not UTF-8');
  }
}
