// What a home remembers of having gone back in time, from a backup or as an old copy: since when, what it may have forgotten, and whose channels
// are not safe to send in.

import type { Hex } from '../core/bytes.ts';
import type { Change, Store } from '../store/records.ts';
import { parseSetting } from './parseSetting.ts';

const KEY = 'restored';

/** The note. */
export interface RestoredNote {
  /** When it was restored, or found to be old (unix seconds). */
  readonly at: number;
  /** Negotiations in which moves may have been made that this home does not know. */
  readonly doubtful: readonly Hex[];
  /** Peers whose channel with us was lost: they are invited into a new one. */
  readonly rejoin: readonly Hex[];
  /** Channels whose keys may have been used since: nothing is sent in them until they are renewed, or given up. */
  readonly suspect: readonly Hex[];
  /** Negotiations in which we are known to have made moves that cannot be made out any more: they stay as they are. */
  readonly broken: readonly Hex[];
}

/** Reads the note; undefined for a home that has never gone back. Throws `store/corrupt`. */
export function readRestored(store: Pick<Store, 'readSetting'>): RestoredNote | undefined {
  return parseRestored(store.readSetting(KEY));
}

/** Reads the text of a note. */
export function parseRestored(text: string | undefined): RestoredNote | undefined {
  return text === undefined ? undefined : parseSetting(text, readNote);
}

// By hand: verbs that only look read it too, and load no schemas for it.
function readNote(value: unknown): RestoredNote {
  const { at, doubtful, rejoin, suspect = [], broken = [], ...rest } = value as Record<string, unknown>;
  const lists = [doubtful, rejoin, suspect, broken];
  const isNote = Number.isInteger(at) && lists.every(isTextList) && Object.keys(rest).length === 0;
  if (!isNote) throw new TypeError('This is no note.');
  return { at, doubtful, rejoin, suspect, broken } as RestoredNote;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** The note of a home that is restored now from a backup of `madeAt`, when the last channels in it were closed. */
export function noteRestored(store: Store, at: number, madeAt: number): RestoredNote {
  const lost = store.listChannels().filter(({ endedAt, leavingAt }) => endedAt === madeAt && leavingAt === undefined);
  const rejoin = [...new Set(lost.flatMap(({ peer }) => peer ?? []))];
  return { at, doubtful: listNids(store), rejoin, suspect: [], broken: readRestored(store)?.broken ?? [] };
}

/** The note of a home that is found to be an old copy of itself: nothing in it can be relied on. */
export function noteReturned(store: Store, at: number): RestoredNote {
  const before = readRestored(store);
  const open = store.listChannels().filter(({ endedAt }) => endedAt === undefined);
  return { at, doubtful: listNids(store), rejoin: before?.rejoin ?? [], suspect: open.map(({ id }) => id), broken: before?.broken ?? [] };
}

function listNids(store: Store): readonly Hex[] {
  return store.listNegotiations().map(({ nid }) => nid);
}

/** The change that writes it. */
export function writeRestored(note: RestoredNote): Extract<Change, { kind: 'setting' }> {
  return { kind: 'setting', key: KEY, value: JSON.stringify(note) };
}
