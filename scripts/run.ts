// Runs a program and keeps what it says: shared by the scripts.

import { spawn } from 'node:child_process';

/** How a program ended; `output` is its stdout and stderr in order of arrival. */
export interface RunResult {
  readonly code: number;
  readonly output: string;
}

/** Runs `command`; a program that cannot start or dies by a signal counts as code 1. */
export function run(command: string, args: readonly string[], options: { readonly cwd?: string } = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const finish = (code: number, note = ''): void => resolve({ code, output: `${Buffer.concat(chunks).toString('utf8')}${note}` });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => finish(1, `${error.message}\n`));
    child.on('close', (code, signal) => finish(code ?? 1, signal === null ? '' : `ended by ${signal}\n`));
  });
}

/** Runs npm: the one that started this script, or the one on the path. */
export function runNpm(args: readonly string[], options: { readonly cwd?: string } = {}): Promise<RunResult> {
  const npm = process.env['npm_execpath'];
  return npm?.endsWith('.js') === true ? run(process.execPath, [npm, ...args], options) : run('npm', args, options);
}

/** Runs `task` over `items`, at most `width` at a time, and returns the results in the order of the items. */
export async function mapWide<Item, Result>(
  items: readonly Item[],
  width: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const drain = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: width }, drain));
  return results;
}

/** Prints the problems and one closing line, and sets the exit code. */
export function report(name: string, checked: string, problems: readonly string[]): void {
  for (const problem of problems) console.error(problem);
  console.log(`${name}: ${checked}, ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
