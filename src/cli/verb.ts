// One verb of the command line, with the options that every verb has.

import type { Command } from 'commander';
import { collect } from './parseValues.ts';

/** Adds a verb to the program, or to a verb that has verbs of its own. */
export function verb(program: Command, usage: string, description: string): Command {
  const added = program
    .command(usage)
    .description(description)
    .option('--json', 'print JSON on stdout, everything else on stderr')
    .option('--home <dir>', 'folder of the agent (else AGENT_NEGOTIATE_HOME, else the XDG data folder)')
    .option('--relay <url>', 'relay to use besides the configured ones; may be repeated', collect)
    .option('--passphrase-file <file>', 'what opens a protected home: the file with its passphrase, - for stdin')
    .option('--key-command <command>', 'what opens a protected home: a program that prints its key');
  // `init` has called something else so for longer.
  return usage === 'init' ? added : added.option('--key-file <file>', 'what opens a protected home: its key file');
}
