// Files of a home that nobody but their owner can read.

import { closeSync, existsSync, fchmodSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { NegotiateError } from '../core/errors.ts';

/** Writes a file that must not exist yet, mode 0600, on disk before this returns. Throws `home/unreadable`. */
export function createPrivateFile(path: string, data: string | Uint8Array): void {
  guardHome(() => writeWhole(path, 'wx', data));
}

/** Puts a file in the place of the one before, whole or not at all, mode 0600. Throws `home/unreadable`. */
export function replacePrivateFile(path: string, data: string | Uint8Array): void {
  guardHome(() => {
    writeWhole(`${path}.new`, 'w', data);
    renameSync(`${path}.new`, path);
  });
}

/** Makes an empty file that its owner alone can read, unless there is one. Throws what the system throws. */
export function touchPrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
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

function writeWhole(path: string, flag: 'w' | 'wx', data: string | Uint8Array): void {
  const file = openSync(path, flag, 0o600);
  try {
    // What an earlier process has left there may have had other modes.
    fchmodSync(file, 0o600);
    writeFileSync(file, data);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
