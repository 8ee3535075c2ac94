// The owner's mandate as the home keeps it: beside the negotiations, so that it and what it judges change in one transaction.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import { parseMandate } from '../../decide/mandate.ts';
import { toJson } from '../../decide/mandateAction.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import type { Change, Store } from '../../store/records.ts';
import { MANDATE_KEY } from './mandateKey.ts';

const savedSchema = z.strictObject({ mandate: z.unknown(), text: z.string(), setAt: z.number() });

/** A mandate that is in force, the owner's own text of it, and since when (unix seconds). */
export interface SavedMandate {
  readonly mandate: Mandate;
  readonly text: string;
  readonly setAt: number;
}

/** The mandate in force; undefined when there is none. Throws `store/corrupt`: one that cannot be read is never taken for none. */
export function readSavedMandate(store: Store): SavedMandate | undefined {
  const saved = store.readSetting(MANDATE_KEY);
  if (saved === undefined || saved === 'null') return undefined;
  try {
    const { mandate, ...rest } = savedSchema.parse(JSON.parse(saved));
    const parsed = parseMandate(mandate);
    if (parsed.kind === 'ok') return { ...rest, mandate: parsed.mandate };
  } catch {
    // Said below.
  }
  throw new NegotiateError(
    'store/corrupt',
    'The saved policy cannot be read, so nothing is done under it. Set it again: agent-negotiate policy set FILE',
  );
}

/** The mandate in force. Throws as {@link readSavedMandate}. */
export function readMandate(store: Store): Mandate | undefined {
  return readSavedMandate(store)?.mandate;
}

/** The change that puts a mandate in force, or none. */
export function writeMandate(saved: SavedMandate | undefined): Change {
  return {
    kind: 'setting',
    key: MANDATE_KEY,
    value: saved === undefined ? 'null' : JSON.stringify({ ...saved, mandate: toJson(saved.mandate) }),
  };
}
