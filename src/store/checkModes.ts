// Refuses a home that others can read or write.

import { lstatSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { NegotiateError } from '../core/errors.ts';
import { createPrivateFile, guardHome } from './privateFile.ts';

const OTHERS = 0o077;
/** Files of ours; what else stands in the folder is guarded by the folder. */
const OURS = /^(?:\.|identity\.key|wallet\.url|bunker\.json|(?:agent|lock)\.db.*)$/;

/**
 * Throws `home/exposed` when the folder, or a file of ours in it, is open to others. Where the file system knows no modes, such as on
 * Windows or a USB stick, there is nothing to check.
 */
export function checkModes(home: string): void {
  if (process.platform === 'win32') return;
  const exposed = guardHome(() => ['.', ...readdirSync(home)].filter((name) => OURS.test(name) && isExposed(statOf(join(home, name)))));
  if (exposed.length === 0 || !hasModes(home)) return;
  const message = `Others can read or write this home. Make it yours alone, then run it again: chmod -R go-rwx ${quote(home)}`;
  throw new NegotiateError('home/exposed', message);
}

/** A link has no modes of its own; what is gone meanwhile is nobody's. */
function isExposed(stats: Stats | undefined): boolean {
  return stats !== undefined && !stats.isSymbolicLink() && (stats.mode & OTHERS) !== 0;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether a file that is made for its owner alone is for its owner alone here. */
function hasModes(home: string): boolean {
  const probe = join(home, `.modes-${process.pid}`);
  try {
    createPrivateFile(probe, '');
    return !isExposed(statOf(probe));
  } finally {
    rmSync(probe, { force: true });
  }
}

/** As a shell takes it. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
