// Files of a home that nobody but their owner can read.

import { closeSync, existsSync, fchmodSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { NegotiateError } from '../core/errors.ts';
import { explainFullDisk, isFullDiskFault } from '../core/fullDisk.ts';

/** Writes a file that must not exist yet, mode 0600, on disk before this returns. Throws `home/unreadable`. */
export function createPrivateFile(path: string, data: string | Uint8Array): void {
  guardHome(() => writeWhole(path, 'wx', data));
}

/** The same for a large one, outside a home: whoever is killed meanwhile leaves no half of it under its name. Throws `home/unreadable`. */
export function createWholeFile(path: string, data: Uint8Array): void {
  guardHome(() => {
    if (existsSync(path)) throw new Error('the file is there already');
    const part = `${path}.part`;
    try {
      writeWhole(part, 'w', data);
      giveName(part, path);
    } finally {
      rmSync(part, { force: true });
    }
  });
}

/** Fails when the name is taken by now, except where a file can have one name only: there nobody else may make one of this name meanwhile. */
function giveName(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (existsSync(to)) throw error;
    renameSync(from, to);
  }
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

/** Runs work on the files of a home. What goes wrong is thrown as `home/unreadable`, a full disk as `store/unavailable`. */
export function guardHome<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
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
