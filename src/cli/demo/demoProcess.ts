// One agent of the demo: the command line itself, in a process of its own, whose JSON lines are read as they come.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

// The same path from src/cli/demo and dist/cli/demo.
const BIN = fileURLToPath(new URL('../../../bin/agent-negotiate.js', import.meta.url));

const stepSchema = z.enum(['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver', 'attest']);
const lineSchema = z.looseObject({
  event: z.string(),
  step: stepSchema.optional(),
  nid: z.string().optional(),
  text: z.string().optional(),
  testMoney: z.boolean().optional(),
  // Whom a job or a request is with: npubs.
  peer: z.string().optional(),
  asked: z.array(z.looseObject({ peer: z.string(), nid: z.string().optional() })).optional(),
});

/** A line that an agent prints. */
export type DemoLine = z.infer<typeof lineSchema>;

/** A running agent. */
export interface DemoProcess {
  /** The first line with this event. Rejects when the process ends without it. */
  readonly line: (event: string) => Promise<DemoLine>;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  /** Asks it to end. */
  readonly stop: () => void;
}

/** Where a process keeps what is not in its home, and what kills it. */
export interface ProcessPlace {
  readonly stateFolder: string;
  readonly signal: AbortSignal;
}

/** Starts `agent-negotiate` with these arguments and `--json`. `onLine` hears of every line, in order. */
export function startAgentProcess(
  args: readonly string[],
  onLine: (line: DemoLine) => void,
  { stateFolder, signal }: ProcessPlace,
): DemoProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', BIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AGENT_NEGOTIATE_STATE: stateFolder },
    signal,
  });
  const waiting = new Map<string, PromiseWithResolvers<DemoLine>>();
  const waitFor = (event: string): PromiseWithResolvers<DemoLine> => {
    const known = waiting.get(event) ?? Promise.withResolvers<DemoLine>();
    known.promise.catch(() => undefined);
    waiting.set(event, known);
    return known;
  };
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = lineSchema.parse(JSON.parse(text));
    onLine(line);
    waitFor(line.event).resolve(line);
  });
  const ended = endOf(child).then((code) => {
    for (const { reject } of waiting.values()) reject(new Error(`an agent of the demo ended early: ${errors.trim()}`));
    return code;
  });
  return {
    line: async (event) => Promise.race([waitFor(event).promise, failWith(ended, () => errors)]),
    ended,
    stop: () => child.kill('SIGTERM'),
  };
}

async function failWith(ended: Promise<number>, errors: () => string): Promise<never> {
  await ended;
  // What it printed last is still on its way.
  await new Promise((resolve) => setTimeout(resolve, 100));
  throw new Error(`an agent of the demo ended early: ${errors().trim()}`);
}

function endOf(child: ChildProcess): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  child.on('error', () => resolve(1)).on('close', (code) => resolve(code ?? 1));
  return promise;
}
