// Damage to bytes, texts and events, the same for the same name: what tests of hostile input feed to the readers.

import { sha256 } from '../core/bytes.ts';
import type { EventTemplate, NostrEvent } from '../nostr/event.ts';
import { joinBytes } from './cursor.ts';

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
  return joinBytes(bytes.subarray(0, at), ...added, bytes.subarray(at + removed));
}

/** Damages a text: the bytes of its UTF-8, read back with whatever that gives. */
function mutateText(random: Random, text: string, other: string): string {
  if (text === '') return 'x';
  return Buffer.from(mutateBytes(random, Buffer.from(text), Buffer.from(other)).value).toString();
}

type Template = Pick<NostrEvent, 'kind' | 'created_at' | 'tags' | 'content'>;
type TemplateMutation = (random: Random, event: Template, other: Template) => Partial<EventTemplate>;

const dropAt = <T>(list: readonly T[], at: number): readonly T[] => list.filter((_, i) => i !== at);
const replaceAt = <T>(list: readonly T[], at: number, item: T): readonly T[] => list.map((old, i) => (i === at ? item : old));

const BASE64_DAMAGE: readonly ((text: string) => string)[] = [
  (text) => text.replace(/=*$/, (pads) => (pads === '' ? '=' : '')),
  (text) => text.replaceAll('+', '-').replaceAll('/', '_') + '-',
  (text) => `${text.slice(0, 64)}\n${text.slice(64)}`,
  (text) => ` ${text}`,
  (text) => text.slice(0, -1),
  (text) => text.toLowerCase(),
  (text) => Buffer.from(text, 'base64').toString('hex'),
  (text) => `${text}${text}`,
  (text) => `data:;base64,${text}`,
  () => '',
  () => 'A'.repeat(524_292),
];

const TEMPLATE_MUTATIONS: Readonly<Record<string, TemplateMutation>> = {
  contentText: (random, { content }, other) => ({ content: mutateText(random, content, other.content) }),
  base64: (random, { content }) => ({ content: random.pick(BASE64_DAMAGE)(content) }),
  contentBytes: (random, { content }, other) => {
    const bytes = Buffer.from(content, 'base64');
    const { value } = mutateBytes(random, bytes.length === 0 ? Uint8Array.of(0) : bytes, Buffer.from(other.content, 'base64'));
    return { content: Buffer.from(value).toString('base64') };
  },
  otherContent: (_random, _event, { content }) => ({ content }),
  otherTags: (_random, _event, { tags }) => ({ tags }),
  tagRepeated: (random, { tags }) => ({ tags: [...tags, random.pick([['h'], ...tags])] }),
  tagRemoved: (random, { tags }) => ({ tags: dropAt(tags, random.below(Math.max(1, tags.length))) }),
  tagsReordered: (_, { tags }) => ({ tags: tags.toReversed() }),
  tagAdded: (random, { tags }) => ({ tags: [...tags, random.pick([[], [''], ['client', 'x'], ['encoding', 'base64'], ['e', '']])] }),
  expiration: (random, { tags }) => ({ tags: [...tags, ['expiration', random.pick(['4000000000', '1', 'never', ''])]] }),
  tagLonger: (random, { tags }) => {
    const at = random.below(Math.max(1, tags.length));
    return { tags: replaceAt(tags, at, [...(tags[at] ?? []), 'x']) };
  },
  tagShorter: (random, { tags }) => {
    const at = random.below(Math.max(1, tags.length));
    return { tags: replaceAt(tags, at, tags[at]?.slice(0, -1) ?? []) };
  },
  tagText: (random, { tags }) => {
    const at = random.below(Math.max(1, tags.length));
    const tag = tags[at] ?? [''];
    const item = random.below(Math.max(1, tag.length));
    return { tags: replaceAt(tags, at, replaceAt(tag, item, mutateText(random, tag[item] ?? '', 'h'))) };
  },
  kind: (random) => ({ kind: random.pick([0, 1, 443, 444, 445, 446, 450, 1_059, 30_443, 65_535]) }),
  time: (random, { created_at }) => ({ created_at: random.pick([0, 1, created_at + 1, created_at + 1e9, Number.MAX_SAFE_INTEGER]) }),
};

/** Damages what its author signs, in one of fifteen ways; `other` is an event of the same kind. */
export function mutateTemplate(random: Random, event: Template, other: Template): Mutated<EventTemplate> {
  const { kind, created_at, tags, content } = event;
  const before = JSON.stringify({ kind, created_at, tags, content });
  for (;;) {
    const mutation = random.pick(Object.keys(TEMPLATE_MUTATIONS));
    const value = { kind, created_at, tags, content, ...TEMPLATE_MUTATIONS[mutation]?.(random, event, other) };
    if (JSON.stringify(value) !== before) return { mutation, value };
  }
}

const ODD_VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  1e300,
  '',
  'x',
  'Ä'.repeat(64),
  [],
  {},
  [[1]],
  [null],
  [[['h']]],
  true,
  { length: 1e9 },
];

type EventMutation = (random: Random, event: NostrEvent, other: NostrEvent) => unknown;

const MEMBERS = ['id', 'pubkey', 'created_at', 'kind', 'tags', 'content', 'sig'] as const;
const HEX_MEMBERS = ['id', 'pubkey', 'sig'] as const;

const EVENT_MUTATIONS: Readonly<Record<string, EventMutation>> = {
  template: (random, event, other) => ({ ...event, ...mutateTemplate(random, event, other).value }),
  memberRemoved: (random, event) => {
    const gone = random.pick(MEMBERS);
    return Object.fromEntries(Object.entries(event).filter(([name]) => name !== gone));
  },
  memberOdd: (random, event) => ({ ...event, [random.pick(MEMBERS)]: random.pick(ODD_VALUES) }),
  memberSwapped: (random, event, other) => {
    const name = random.pick(MEMBERS);
    return { ...event, [name]: other[name] };
  },
  hexFlip: (random, event) => {
    const name = random.pick(HEX_MEMBERS);
    const at = random.below(event[name].length);
    const digit = (Number.parseInt(event[name][at] ?? '0', 16) ^ (1 << random.below(4))).toString(16);
    return { ...event, [name]: event[name].slice(0, at) + digit + event[name].slice(at + 1) };
  },
  hexUpper: (random, event) => {
    const name = random.pick(HEX_MEMBERS);
    return { ...event, [name]: event[name].toUpperCase() };
  },
  noEvent: (random) => random.pick(ODD_VALUES),
};

/** Damages an event after it was signed. */
export function mutateEvent(random: Random, event: NostrEvent, other: NostrEvent): Mutated<unknown> {
  const before = JSON.stringify(event);
  for (;;) {
    const mutation = random.below(2) === 0 ? 'template' : random.pick(Object.keys(EVENT_MUTATIONS));
    const value = EVENT_MUTATIONS[mutation]?.(random, event, other);
    if (JSON.stringify(value) !== before) return { mutation, value };
  }
}
