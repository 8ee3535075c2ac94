// Writes the files of a result, under names that are safe whatever the provider called them, and never over another file.

import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ResultFile } from '../../agent/jobs/result.ts';
import { NegotiateError } from '../../core/errors.ts';
import { explainFullDisk, isFullDiskFault } from '../../core/fullDisk.ts';
import { writeWholeFile } from '../wholeFile.ts';

const MAX_NAME = 100;
const MAX_COPIES = 1_000;

const NOWHERE = 'The result cannot be written there. Name another folder with --out';

/** Throws `input/invalid` where files could not be written into `folder`, or it could not be made. Makes nothing. */
export function requireFolder(folder: string): void {
  const nearest = findNearest(resolve(folder));
  try {
    if (!statSync(nearest).isDirectory()) throw new Error('no folder');
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new NegotiateError('input/invalid', `${NOWHERE}. Nothing was done.`, { cause });
  }
}

/** The folder, or the nearest above it that is there. */
function findNearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : findNearest(dirname(path));
}

/** Writes the files into `folder` and returns their paths. A file that is there already with the same content is left. Throws `input/invalid`. */
export function saveResult(folder: string, files: readonly ResultFile[]): readonly string[] {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return files.map(({ name, data }, i) => writeFresh(resolve(folder), safeName(name, i), data));
  } catch (cause) {
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
    throw new NegotiateError('input/invalid', `${NOWHERE}, and run it again.`, { cause });
  }
}

/** A name without folders, hidden files and characters that mean something to a shell. */
export function safeName(name: string, index: number): string {
  const safe = name
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._-]+/, '')
    .slice(-MAX_NAME);
  return safe === '' ? `result-${index + 1}` : safe;
}

function writeFresh(folder: string, name: string, data: Uint8Array): string {
  for (let copy = 0; copy < MAX_COPIES; copy += 1) {
    const path = join(folder, copy === 0 ? name : `${copy}-${name}`);
    try {
      writeWholeFile(path, data, 'new');
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (Buffer.compare(readFileSync(path), data) === 0) return path;
    }
  }
  throw new Error('too many files of this name');
}
