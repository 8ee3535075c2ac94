// A second place, outside the home, that remembers how many messages the home has sent: an old copy of the home does not bring it along.

import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { replacePrivateFile } from './privateFile.ts';

/** How many messages there were when it was written, and how many there may be by now; the same number twice after an orderly end. */
export interface SentinelRecord {
  readonly floor: number;
  readonly mark: number;
}

/** What is at the second place. `damaged`: something that cannot be read. */
export type SentinelReading = { readonly kind: 'known'; readonly record: SentinelRecord } | { readonly kind: 'missing' | 'damaged' };

/** The second place of one home and identity. */
export interface Sentinel {
  /** The file. */
  readonly path: string;
  /** True when the place is in the home itself: a copy of that brings it along. */
  readonly isInside: boolean;
  read(): SentinelReading;
  /** On disk before it returns; false when it cannot be written. */
  write(record: SentinelRecord): boolean;
  /** Whether it could be written, without writing. */
  canWrite(): boolean;
}

/** The folder that such files are in: AGENT_NEGOTIATE_STATE, else `agent-negotiate` in XDG_STATE_HOME (default `~/.local/state`). */
export function findStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['AGENT_NEGOTIATE_STATE'];
  if (named !== undefined && named !== '') return resolve(named);
  const state = env['XDG_STATE_HOME'];
  return join(state !== undefined && isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'agent-negotiate');
}

/** The second place of the home of `pubkey`, in this folder. Touches nothing. */
export function openSentinel(home: string, pubkey: Hex, folder: string = findStateFolder()): Sentinel {
  const place = trueOf(home);
  const path = join(folder, `${sha256Hex(`${place}\n${pubkey}`)}.json`);
  return {
    path,
    isInside: `${trueOf(folder)}${sep}`.startsWith(`${place}${sep}`),
    read: () => readFile(path),
    write: (record) => attempt(() => writeFile(folder, path, record)),
    canWrite: () => attempt(() => checkWritable(folder)),
  };
}

function readFile(path: string): SentinelReading {
  try {
    const { v, floor, mark, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const isWhole = v === 1 && isCount(floor) && isCount(mark) && mark >= floor && Object.keys(rest).length === 0;
    return isWhole ? { kind: 'known', record: { floor, mark } } : { kind: 'damaged' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'damaged' };
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function writeFile(folder: string, path: string, { floor, mark }: SentinelRecord): void {
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
  replacePrivateFile(path, `${JSON.stringify({ v: 1, floor, mark })}\n`);
}

/** The folder, or the nearest one above it that is there. */
function checkWritable(folder: string): void {
  if (existsSync(folder)) return accessSync(folder, constants.W_OK | constants.X_OK);
  const above = resolve(folder, '..');
  if (above === folder) throw new Error('there is no folder');
  checkWritable(above);
}

/** Without links, so that a home has one name; as it stands where it is not there yet. */
function trueOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
