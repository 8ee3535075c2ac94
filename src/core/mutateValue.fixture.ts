// Damage to JSON values, the same for the same choices: one place replaced, removed, added, repeated or moved.

import type { Mutated, Random } from './mutations.fixture.ts';

type Node = unknown[] | Record<string, unknown>;

const DEEP = JSON.parse(`${'['.repeat(30)}${']'.repeat(30)}`) as unknown;

/** Values that a reader may not expect anywhere. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  -0,
  0.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  253_402_300_800,
  '',
  ' ',
  'x',
  '0',
  '-1',
  '1e3',
  '00',
  '2100000000000000001',
  'ab'.repeat(32),
  'AB'.repeat(32),
  'x'.repeat(20_000),
  'e\u0308',
  'a\u202eb',
  'a\u200bb',
  '\u0430',
  '\ud800',
  '\u0000',
  '\u{1f600}',
  '__proto__',
  [],
  [null],
  {},
  { length: 1e9 },
  { toString: 1 },
  DEEP,
];
const KEYS = ['zz', '__proto__', 'constructor', 'toString', 'length', '', 'v', 'type', '\u0430', '0'];
const CHARS = ['0', '1', 'f', 'F', 'z', ' ', '\n', '.', '-', '"', '\\', '\u00e4', '\u200b'];

/** Gives an object a key, also one called "__proto__", which a plain assignment would not set. */
function put(node: object, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

function copyNode(node: Node): Node {
  if (Array.isArray(node)) return [...node];
  const copy = {};
  for (const [key, value] of Object.entries(node)) put(copy, key, value);
  return copy;
}

/** Any value inside `json`, or itself. */
function pickInside(random: Random, json: unknown): unknown {
  let value = json;
  while (isNode(value) && random.below(4) > 0) {
    const inside = Object.values(value);
    if (inside.length === 0) break;
    value = random.pick(inside);
  }
  return value;
}

function tweakText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + random.pick(CHARS) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + random.pick(CHARS) + text.slice(at + 1);
    case 3:
      return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
    case 4:
      return text + text;
    case 5:
      return /^\d+$/.test(text) && text.length < 25 ? String(BigInt(text) + (random.below(2) === 0 ? 1n : -1n)) : `${text}0`;
    default:
      return text.slice(0, at);
  }
}

function tweakNumber(random: Random, number: number): number {
  return random.pick([number + 1, number - 1, -number, number * 2, number / 2, number * 1e6, number + 0.5]);
}

type Edit = (random: Random, node: Node, pool: unknown) => void;

const keyOf = (random: Random, node: Node): string => random.pick([...Object.keys(node), ...(Object.keys(node).length === 0 ? [''] : [])]);

/** Changes inside one object or list; those of lists leave objects as they are, and the other way round. */
const EDITS: Readonly<Record<string, Edit>> = {
  replaced: (random, node) => put(node, keyOf(random, node), random.pick(ODD)),
  lent: (random, node, pool) => put(node, keyOf(random, node), pickInside(random, pool)),
  tweaked: (random, node) => {
    const key = keyOf(random, node);
    const value = (node as Record<string, unknown>)[key];
    if (typeof value === 'string') put(node, key, tweakText(random, value));
    else if (typeof value === 'number') put(node, key, tweakNumber(random, value));
    else if (typeof value === 'boolean') put(node, key, !value);
  },
  exchanged: (random, node) => {
    const [one, two] = [keyOf(random, node), keyOf(random, node)];
    const values = node as Record<string, unknown>;
    const [first, second] = [values[one], values[two]];
    if (first === undefined || second === undefined) return;
    put(node, one, second);
    put(node, two, first);
  },
  removed: (random, node) => {
    const key = keyOf(random, node);
    if (Array.isArray(node)) node.splice(Number(key), 1);
    else delete node[key];
  },
  added: (random, node, pool) => {
    const value = random.below(2) === 0 ? random.pick(ODD) : pickInside(random, pool);
    if (Array.isArray(node)) node.splice(random.below(node.length + 1), 0, value);
    else put(node, random.pick(KEYS), value);
  },
  repeated: (random, node) => {
    if (!Array.isArray(node) || node.length === 0) return;
    const item = random.pick(node) as unknown;
    for (let i = random.pick([1, 1, 2, 40]); i > 0; i -= 1) node.push(item);
  },
  reordered: (_random, node) => {
    if (Array.isArray(node)) node.reverse();
  },
};

function editAt(random: Random, json: unknown, edit: Edit, pool: unknown): unknown {
  if (!isNode(json)) return random.below(2) === 0 ? random.pick(ODD) : pickInside(random, pool);
  const node = copyNode(json);
  const inside = Object.keys(node).filter((key) => isNode((node as Record<string, unknown>)[key]));
  if (inside.length > 0 && random.below(4) > 0) {
    const key = random.pick(inside);
    put(node, key, editAt(random, (node as Record<string, unknown>)[key], edit, pool));
  } else edit(random, node, pool);
  return node;
}

/** Damages a JSON value in one place; `pool` lends values. What comes out may be what went in. */
export function mutateValue(random: Random, json: unknown, pool: unknown = json): Mutated<unknown> {
  const mutation = random.pick(Object.keys(EDITS));
  const edit = EDITS[mutation];
  return { mutation, value: edit === undefined ? json : editAt(random, json, edit, pool) };
}
