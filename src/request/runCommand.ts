// Runs a provider's command for one job: an argument list, no shell, a folder of its own, and an end that is sure to come.

import { spawn, type ChildProcess } from 'node:child_process';
import { NegotiateError } from '../core/errors.ts';

/** One run. */
export interface CommandInput {
  /** Program and arguments; nothing of the peer's belongs here. */
  readonly argv: readonly string[];
  /** The working folder, for this job alone. */
  readonly cwd: string;
  /** What the command reads on stdin. */
  readonly stdin: Uint8Array;
  readonly timeoutMs: number;
  /** Most bytes of stdout. */
  readonly maxOutputBytes: number;
  /** Environment variables besides PATH, HOME (the working folder) and LANG; none of ours are passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the run early. */
  readonly signal?: AbortSignal;
}

/** What came of a run. `failed` says why in a word; what the command wrote to stderr stays with the provider. */
export type JobOutcome =
  | { readonly kind: 'done'; readonly output: Uint8Array }
  | { readonly kind: 'failed'; readonly reason: 'not-started' | 'exit-code' | 'killed' | 'timeout' | 'too-much-output' | 'aborted' };

const GRACE_MS = 2_000;

/** Runs the command to its end. Throws `input/invalid` for an empty argument list; whatever the command does is an outcome. */
export async function runCommand(input: CommandInput): Promise<JobOutcome> {
  const [program, ...args] = input.argv;
  if (program === undefined || program === '') {
    throw new NegotiateError('input/invalid', 'The service has no command. Give it one, as a list of program and arguments.');
  }
  const env = { PATH: process.env['PATH'] ?? '', HOME: input.cwd, LANG: 'C.UTF-8', ...input.env };
  // A process group of its own, so that what the command started ends with it.
  const child = spawn(program, args, { cwd: input.cwd, env, shell: false, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  return watch(child, input);
}

function watch(child: ChildProcess, { stdin, timeoutMs, maxOutputBytes, signal }: CommandInput): Promise<JobOutcome> {
  const { promise, resolve } = Promise.withResolvers<JobOutcome>();
  const output: Buffer[] = [];
  let size = 0;
  let ended: Extract<JobOutcome, { kind: 'failed' }>['reason'] | undefined;
  const end = (reason: NonNullable<typeof ended>): void => {
    if (ended !== undefined) return;
    ended = reason;
    killGroup(child, 'SIGTERM');
    setTimeout(killGroup, GRACE_MS, child, 'SIGKILL').unref();
  };
  const timer = setTimeout(end, timeoutMs, 'timeout');
  const onAbort = (): void => end('aborted');
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxOutputBytes) end('too-much-output');
    else output.push(chunk);
  });
  // A command that does not read its input is none of our trouble.
  child.stdin?.on('error', () => undefined).end(stdin);
  const settle = (outcome: JobOutcome): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    killGroup(child, 'SIGKILL');
    resolve(ended === undefined ? outcome : { kind: 'failed', reason: ended });
  };
  child.on('error', () => settle({ kind: 'failed', reason: 'not-started' }));
  child.on('exit', (_, killedBy) => {
    // A grandchild that keeps stdout open must not keep us.
    if (killedBy !== null || ended !== undefined) settle({ kind: 'failed', reason: 'killed' });
  });
  child.on('close', (code) => {
    settle(code === 0 ? { kind: 'done', output: new Uint8Array(Buffer.concat(output)) } : { kind: 'failed', reason: 'exit-code' });
  });
  return promise;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}
