// Whether a provider's command can be started at all, looked at before anybody buys.

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** What is wrong with the first word of a command. */
export type ProgramProblem = 'missing' | 'not-executable' | 'relative';

/**
 * Looks for a program as `runCommand` starts it: by its absolute path, or by its name in the folders of PATH. A path that is not absolute would be
 * looked for in the folder of each job, where what a buyer hands in lies. Undefined when it can be started.
 */
export function findProgramProblem(program: string, path = process.env['PATH'] ?? ''): ProgramProblem | undefined {
  if (isAbsolute(program)) return look(program);
  if (/[/\\]/.test(program)) return 'relative';
  const seen = path.split(delimiter).map((folder) => look(join(folder, program)));
  if (seen.includes(undefined)) return undefined;
  return seen.includes('not-executable') ? 'not-executable' : 'missing';
}

function look(file: string): ProgramProblem | undefined {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return 'missing';
  try {
    accessSync(file, constants.X_OK);
    return undefined;
  } catch {
    return 'not-executable';
  }
}
