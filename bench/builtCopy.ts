// The program as npm installs it: bin/ and a fresh build in a folder of its own, beside the same dependencies.

import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Builds a copy in `folder`, which must exist, and returns the path of its command. Throws when the compiler makes nothing. */
export function buildCopy(folder: string): string {
  for (const name of ['bin', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const options = ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false', '--outDir', join(folder, 'dist')];
  const { status, stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...options], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build for the bench failed. Run: npm run build\n${stdout}`);
  return join(folder, 'bin', 'agent-negotiate.js');
}
