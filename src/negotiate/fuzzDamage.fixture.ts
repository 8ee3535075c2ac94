// The damage that the fuzzing of all readers shares: to values, and to the texts that they are written as.

import { canonicalJson } from '../core/canonical.ts';
import { mutateText } from '../core/mutations.fixture.ts';
import { mutateValue } from '../core/mutateValue.fixture.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Edit } from './fuzz.fixture.ts';
import type { MoveRumor } from './move.ts';

/** Made at the first use. */
export const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/** A value as text: canonical where it has such a form. */
function write(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    return JSON.stringify(value) ?? '';
  }
}

/** Damage to a value by each edit; `pool` lends values. */
export function damageValue(edits: readonly Edit[], start: unknown, pool: unknown): unknown {
  return edits.reduce((value, { random, tell }) => {
    const damaged = mutateValue(random, value, pool);
    tell(() => `${damaged.mutation}: ${JSON.stringify(damaged.value) ?? 'nothing'}`);
    return damaged.value;
  }, start);
}

/** Damage to the value, and now and then to the text that it is written as. */
export function damageText(edits: readonly Edit[], start: unknown, pool: unknown): string {
  const last = edits.at(-1);
  const isInText = last !== undefined && last.random.below(3) === 0;
  const text = write(damageValue(isInText ? edits.slice(0, -1) : edits, start, pool));
  if (!isInText) return text;
  const damaged = mutateText(last.random, text, write(Array.isArray(pool) ? last.random.pick(pool) : pool));
  last.tell(() => `text: ${damaged}`);
  return damaged;
}

/** An unsigned event as one with a signature, which the mutations of events want. */
export const asEvent = (rumor: MoveRumor): NostrEvent => ({ ...rumor, sig: '0'.repeat(128) }) as unknown as NostrEvent;
