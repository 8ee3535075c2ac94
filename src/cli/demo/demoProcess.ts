// Starts one agent of the demo as a process of its own and reads what it tells, line by line.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { programPath } from '../programPath.ts';

const text = z.string();

/** What an agent tells the demo. */
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), npub: text }),
  z.object({ event: z.literal('move'), type: text, text: text.optional(), price: text.optional(), lines: z.array(text).optional() }),
  z.object({
    event: z.literal('outcome'),
    phase: text,
    agreement: text.optional(),
    bundle: text.optional(),
    secrets: z.object({ ids: z.array(text), texts: z.array(text), terms: z.array(z.unknown()) }),
  }),
]);

/** What an agent tells the demo. */
export type DemoEvent = z.infer<typeof eventSchema>;
/** How a negotiation ended for one agent. */
export type Outcome = Extract<DemoEvent, { event: 'outcome' }>;

/** A running agent. */
export interface DemoProcess {
  /** The npub, once the agent is ready. */
  readonly npub: Promise<string>;
  /** How it ended. Rejects when the process fails. */
  readonly outcome: Promise<Outcome>;
}

/** Starts an agent; the signal kills it. `onMove` hears of each of its moves as it is made. */
export function startDemoAgent(
  args: readonly string[],
  onMove: (move: Extract<DemoEvent, { event: 'move' }>) => void,
  signal: AbortSignal,
): DemoProcess {
  const program = programPath(import.meta.url, './demoAgent');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const ready = Promise.withResolvers<string>();
  const outcome = Promise.withResolvers<Outcome>();
  const fail = (): void => {
    const error = new Error('an agent of the demo ended early; what it said stands above');
    ready.reject(error);
    outcome.reject(error);
  };
  for (const { promise } of [ready, outcome]) promise.catch(() => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = eventSchema.parse(JSON.parse(line));
    if (event.event === 'ready') ready.resolve(event.npub);
    else if (event.event === 'move') onMove(event);
    else outcome.resolve(event);
  });
  child.on('error', fail).on('close', fail);
  return { npub: ready.promise, outcome: outcome.promise };
}
