// The command line: every verb and its options; what a verb does is loaded when it is called.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { isNegotiateError } from '../core/errors.ts';
import { isFullDiskFault } from '../core/fullDisk.ts';
import { printJson, printRemark } from './io.ts';
import { addVerbs } from './verbs.ts';

const EXIT_USAGE = 64;
const EXIT_BUG = 70;
const EXIT_OUTPUT = 74;
const LINGER_MS = 1_000;

/** Runs one command line (without node and script) and returns its exit code. Never throws; leaves nothing open. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', endWithoutOutput);
  // There is nowhere else to say it.
  process.stderr.on('error', () => undefined);
  const outcome = { exitCode: 0 };
  const program = new Command('agent-negotiate');
  program
    .description('Private negotiation between AI agents over Nostr, end-to-end encrypted with Marmot/MLS.')
    .version(readVersion())
    .exitOverride();
  addVerbs(program, (code) => {
    outcome.exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    return explain(error, argv.includes('--json'));
  } finally {
    // A library may still wait for a wallet that never answers; nobody else needs to.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

/** A reader that has seen enough, such as `head`, is no fault; where output cannot be written otherwise, whoever waits for it has to know. */
function endWithoutOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  const why = isFullDiskFault(error) ? 'the disk is full. Make room' : 'writing failed. Check where it goes';
  printRemark(`The output could not be written: ${why}, and run it again.`);
  process.exit(EXIT_OUTPUT);
}

function readVersion(): string {
  // The same path from src/cli and dist/cli.
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}

function explain(error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Commander has told the person already.
    if (isJson) printJson({ error: { code: 'input/invalid', message: error.message, retryable: false } });
    return EXIT_USAGE;
  }
  if (isNegotiateError(error)) {
    const { code, message, retryable, details } = error;
    if (isJson) printJson({ error: { code, message, retryable, details } });
    printRemark(message);
    return error.exitCode;
  }
  const message = `This is a bug in agent-negotiate: ${error instanceof Error ? error.message : String(error)}. Please report it.`;
  if (isJson) printJson({ error: { code: 'internal/bug', message, retryable: false } });
  printRemark(process.env['AGENT_NEGOTIATE_DEBUG'] === '1' && error instanceof Error ? (error.stack ?? message) : message);
  return EXIT_BUG;
}
