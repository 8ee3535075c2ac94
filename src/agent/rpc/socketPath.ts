// Where the daemon of a home listens: in the home itself, or under the runtime folder when that path is too long for a socket.

import { lstatSync, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { sha256Hex } from '../../core/bytes.ts';

const NAME = 'daemon.sock';
// 104 bytes on macOS, 108 on Linux, the zero at the end included.
const MAX_PATH_BYTES = 103;

/**
 * The path of the socket; undefined when the home's path is too long and there is no XDG_RUNTIME_DIR to go to (nobody else can make files
 * there, unlike in a folder for temporary files).
 */
export function socketPathOf(home: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const real = realPath(home);
  const inHome = join(real, NAME);
  if (Buffer.byteLength(inHome) <= MAX_PATH_BYTES) return inHome;
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime === undefined || !isAbsolute(runtime)) return undefined;
  const hashed = join(runtime, `agent-negotiate-${sha256Hex(new TextEncoder().encode(real)).slice(0, 32)}.sock`);
  return Buffer.byteLength(hashed) <= MAX_PATH_BYTES ? hashed : undefined;
}

/** The socket of a home, when there is one that is ours; whether anybody listens there is another question. */
export function findSocket(home: string): string | undefined {
  const path = socketPathOf(home);
  return path !== undefined && isOwnSocket(path) ? path : undefined;
}

/** True when there is a socket at the path that is ours: whoever could put another one there could read what is asked. */
function isOwnSocket(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isSocket() === true && found.uid === (process.getuid?.() ?? found.uid);
}

function realPath(home: string): string {
  try {
    return realpathSync(home);
  } catch {
    return home;
  }
}
