// Damage to events, before and after they are signed, the same for the same name: what tests of hostile input feed to the readers.

import { mutateBytes, mutateText, type Mutated, type Random } from '../core/mutations.fixture.ts';
import type { EventTemplate, NostrEvent } from '../nostr/event.ts';

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
