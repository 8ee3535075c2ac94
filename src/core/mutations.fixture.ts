// Damage to bytes and texts, the same for the same name: what tests of hostile input feed to the readers of every folder.

import { sha256 } from './bytes.ts';

/** A repeatable source of choices. */
export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** Something damaged, and how. */
export interface Mutated<T> {
  readonly mutation: string;
  readonly value: T;
}

/** Choices that follow from a name alone (mulberry32 over the first bytes of its SHA-256). */
export function makeRandom(name: string): Random {
  let state = Buffer.from(sha256(name)).readUInt32BE();
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  return {
    below,
    pick: (list) => {
      if (list.length === 0) throw new Error('nothing to pick from');
      return list[below(list.length)] as (typeof list)[number];
    },
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}

const HUGE = ['3f', '7fff', '4000', '80000000', 'bfffffff', 'c000000000000000', 'ffffffffffffffff', 'ffffffff', '00'];

type ByteMutation = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

const BYTE_MUTATIONS: Readonly<Record<string, ByteMutation>> = {
  bitFlip: (random, bytes) => {
    const copy = Buffer.from(bytes);
    for (let i = random.below(4); i >= 0; i -= 1) {
      const at = random.below(copy.length);
      copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.below(8)), at);
    }
    return new Uint8Array(copy);
  },
  truncation: (random, bytes) => bytes.slice(0, random.below(bytes.length)),
  insertion: (random, bytes) => splice(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(40))),
  removal: (random, bytes) => splice(bytes, random.below(bytes.length), 1 + random.below(40)),
  repetition: (random, bytes) => {
    const at = random.below(bytes.length);
    return splice(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(80)));
  },
  fieldSwap: (random, bytes) => {
    const size = 1 + random.below(32);
    const [low, high] = [random.below(bytes.length), random.below(bytes.length)].toSorted((a, b) => a - b) as [number, number];
    const [from, to] = [bytes.slice(low, low + size), bytes.slice(high, high + size)];
    return splice(splice(bytes, high, to.length, from), low, from.length, to);
  },
  otherField: (random, bytes, other) => {
    const at = random.below(bytes.length);
    const size = 1 + random.below(64);
    return splice(bytes, at, size, other.subarray(at, at + size));
  },
  hugeLength: (random, bytes) => {
    const length = Buffer.from(random.pick(HUGE), 'hex');
    return splice(bytes, random.pick(lengthPrefixes(bytes)), length.length, length);
  },
  insertedLength: (random, bytes) => splice(bytes, random.pick(lengthPrefixes(bytes)), 0, Buffer.from(random.pick(HUGE), 'hex')),
  filling: (random, bytes) => {
    const size = 1 + random.below(32);
    return splice(bytes, random.below(bytes.length), size, new Uint8Array(size).fill(random.pick([0x00, 0xff, 0x01, 0x80])));
  },
};

/** Damages bytes in one of ten ways; `other` lends fields to them. What comes out differs from what went in. */
export function mutateBytes(random: Random, bytes: Uint8Array, other: Uint8Array = bytes): Mutated<Uint8Array> {
  for (;;) {
    const mutation = random.pick(Object.keys(BYTE_MUTATIONS));
    const value = BYTE_MUTATIONS[mutation]?.(random, bytes, other) ?? bytes;
    if (!Buffer.from(value).equals(bytes)) return { mutation, value };
  }
}

/** Places whose byte would be the length of a vector that fits into the rest, and the first ones, where fields of fixed size are. */
function lengthPrefixes(bytes: Uint8Array): readonly number[] {
  const fits = [...bytes.keys()].filter((at) => {
    const byte = bytes[at] ?? 0;
    const [width, length] = byte < 0x40 ? [1, byte] : byte < 0x80 ? [2, (byte & 0x3f) * 256 + (bytes[at + 1] ?? 0)] : [1, Infinity];
    return length > 0 && at + width + length <= bytes.length;
  });
  return [0, ...fits];
}

function splice(bytes: Uint8Array, at: number, removed: number, ...added: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), ...added, bytes.subarray(at + removed)]));
}

/** Damages a text: the bytes of its UTF-8, read back with whatever that gives. */
export function mutateText(random: Random, text: string, other: string): string {
  if (text === '') return 'x';
  return Buffer.from(mutateBytes(random, Buffer.from(text), Buffer.from(other)).value).toString();
}
