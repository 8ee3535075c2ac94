// The verb `serve`, whose options belong to the home that they stand after.

import type { Command } from 'commander';
import { verb } from '../verb.ts';
import { HOME_OPTIONS, type HomeNote } from './planHomes.ts';

/** Adds it to the program. */
export function addServe(program: Command, setExitCode: (code: number) => void): void {
  const about =
    'run the agent until stopped; with --config, sell: announce, negotiate, work, take the money, deliver; --home may be repeated';
  const serve = verb(program, 'serve', about)
    .option('--config <file>', 'your services, as JSON (docs/serve.md); of several homes, those of the --home before it')
    .option('--log [level]', 'write what happens to stderr, as JSON lines without names, ids and texts: debug, info, warn or error');
  // What belongs to which home is told by the order.
  const notes: HomeNote[] = [];
  for (const name of HOME_OPTIONS) serve.on(`option:${name}`, (value: string) => void notes.push([name, value]));
  serve.action(async (options) => {
    // Before the rest of the program is loaded, which makes room of its own.
    (await import('../jobs/keepSmall.ts')).keepYoungGeneration();
    setExitCode(await (await import('../commands/serve.ts')).runServe(options, notes));
  });
}
