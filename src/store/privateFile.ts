// Files of a home that nobody but their owner can read.

import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { NegotiateError } from '../core/errors.ts';

/** Writes a file that must not exist yet, mode 0600, on disk before this returns. Throws `home/unreadable`. */
export function createPrivateFile(path: string, text: string): void {
  guardHome(() => writeWhole(path, 'wx', text));
}

/** Puts a file in the place of the one before, whole or not at all, mode 0600. Throws `home/unreadable`. */
export function replacePrivateFile(path: string, text: string): void {
  guardHome(() => {
    writeWhole(`${path}.new`, 'w', text);
    renameSync(`${path}.new`, path);
  });
}

/** Runs work on the files of a home. What goes wrong is thrown as `home/unreadable`. */
export function guardHome<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const message = 'The home cannot be read or written. Check that the folder belongs to you, or choose another --home.';
    throw new NegotiateError('home/unreadable', message, { cause });
  }
}

function writeWhole(path: string, flag: 'w' | 'wx', text: string): void {
  const file = openSync(path, flag, 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
