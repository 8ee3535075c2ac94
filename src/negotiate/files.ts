// Files that a deal moves: named in the terms or in a delivery, carried beside the moves, checked by digest.

import { z } from 'zod';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import { hex32, lineText, wholeNumber } from './fields.ts';

/** Largest file of a deal in bytes; larger ones are delivered another way and named by digest. */
export const MAX_FILE_BYTES = 4_194_304;
/** Most files in one hand-over. */
export const MAX_FILES = 64;

/** A file by name, SHA-256 of its bytes and size in bytes. */
export const fileRefSchema = z.strictObject({ name: lineText, sha256: hex32, size: wholeNumber });

/** A list of files whose names differ. */
export const fileListSchema = z
  .array(fileRefSchema)
  .min(1)
  .max(MAX_FILES)
  .refine((files) => new Set(files.map(({ name }) => name)).size === files.length);

/** A file by name, SHA-256 of its bytes and size in bytes. */
export type FileRef = z.infer<typeof fileRefSchema>;

/** SHA-256 (hex) of a list of files in canonical form, sorted by name: what a completion is about. */
export function hashFiles(files: readonly FileRef[]): Hex {
  return sha256Hex(canonicalJson([...files].sort((a, b) => (a.name < b.name ? -1 : 1))));
}

/** True when two lists name the same files, whatever their order. */
export function areSameFiles(a: readonly FileRef[], b: readonly FileRef[]): boolean {
  return a.length === b.length && hashFiles(a) === hashFiles(b);
}
