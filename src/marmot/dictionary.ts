// The app_data_dictionary extension (0x0006) and the lists of ids in it (app-components/README.md).

import { expectEnd, joinBytes, malformed, openCursor, readList, readUint, readVector, writeUint, writeVector } from './cursor.ts';

/** Component id to component bytes, as carried at one location (leaf, key package, group context). */
export type Dictionary = ReadonlyMap<number, Uint8Array>;

/** Encodes a dictionary, entries sorted by id. */
export function encodeDictionary(dictionary: Dictionary): Uint8Array {
  const entries = [...dictionary].sort(([a], [b]) => a - b);
  return writeVector(...entries.map(([id, data]) => joinBytes(writeUint(id, 2), writeVector(data))));
}

/** Decodes a dictionary. Throws `marmot/invalid` unless the ids ascend strictly and nothing follows. */
export function decodeDictionary(bytes: Uint8Array): Dictionary {
  const cursor = openCursor(bytes);
  const entries = readList(cursor, (items) => [readUint(items, 2), readVector(items)] as const);
  expectEnd(cursor);
  checkAscending(entries.map(([id]) => id));
  return new Map(entries);
}

/** Encodes a list of 16-bit ids (components 0x0001 and 0x0002), sorted. */
export function encodeIdList(ids: readonly number[]): Uint8Array {
  return writeVector(...[...ids].sort((a, b) => a - b).map((id) => writeUint(id, 2)));
}

/** Decodes a list of 16-bit ids. Throws `marmot/invalid` unless they ascend strictly and nothing follows. */
export function decodeIdList(bytes: Uint8Array): readonly number[] {
  const cursor = openCursor(bytes);
  const ids = readList(cursor, (items) => readUint(items, 2));
  expectEnd(cursor);
  checkAscending(ids);
  return ids;
}

/** The dictionary among MLS extensions. Throws `marmot/invalid` when there is none, more than one, or a malformed one. */
export function findDictionary(
  extensions: readonly { extensionType: number; extensionData: unknown }[],
  extensionType: number,
): Dictionary {
  const found = extensions.filter((extension) => extension.extensionType === extensionType);
  const data = found[0]?.extensionData;
  if (found.length !== 1 || !(data instanceof Uint8Array)) throw malformed('there is not exactly one app_data_dictionary');
  return decodeDictionary(data);
}

function checkAscending(ids: readonly number[]): void {
  if (ids.some((id, i) => i > 0 && id <= (ids[i - 1] ?? -1))) throw malformed('ids are unsorted or repeated');
}
