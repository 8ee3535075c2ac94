// Files that a command writes for its owner: whole or not at all, readable by the owner alone.

import { closeSync, fsyncSync, linkSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file beside its place and then puts it there, so that none is cut off, whatever happens. `new` fails with `EEXIST` where there is one. What
 * is no plain file, such as `/dev/stdout`, is written to as it is. Throws what the system throws.
 */
export function writeWholeFile(path: string, data: string | Uint8Array, place: 'new' | 'replace'): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (place === 'replace' && found !== undefined && !found.isFile()) return writeFileSync(path, data);
  if (place === 'new' && found !== undefined) throw Object.assign(new Error('the file is there already'), { code: 'EEXIST' });
  // A link stays one, and what it leads to is replaced.
  const target = place === 'replace' && found !== undefined ? realpathSync(path) : path;
  const part = join(dirname(target), `.${basename(target).slice(0, 100)}.${process.pid}.part`);
  try {
    writePart(part, data);
    if (place === 'replace') renameSync(part, target);
    else giveNewName(part, target);
  } finally {
    rmSync(part, { force: true });
  }
}

function writePart(part: string, data: string | Uint8Array): void {
  const file = openSync(part, 'wx', 0o600);
  try {
    writeFileSync(file, data);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Where a file can have one name only, it is looked whether the name is free. */
function giveNewName(part: string, target: string): void {
  try {
    linkSync(part, target);
  } catch (error) {
    if (statSync(target, { throwIfNoEntry: false }) !== undefined) throw error;
    renameSync(part, target);
  }
}
