// Under which name a home keeps its owner's mandate, and whether it has one: without reading it.

import type { Store } from '../../store/records.ts';

/** The name of the setting. */
export const MANDATE_KEY = 'mandate';

/** True where a mandate is in force, readable or not. */
export function hasMandate(store: Store): boolean {
  const saved = store.readSetting(MANDATE_KEY);
  return saved !== undefined && saved !== 'null';
}
