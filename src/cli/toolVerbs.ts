// The verbs that need no home, or only look at one, with their arguments and options.

import type { Command } from 'commander';
import { collect } from './parseValues.ts';
import { verb } from './verb.ts';

/** Adds them to the program. */
export function addTools(program: Command, setExitCode: (code: number) => void): void {
  verb(program, 'doctor [npub]', 'look for what keeps this agent, or a peer, from negotiating, and say what to do').action(
    async (npub, options) => setExitCode(await (await import('./commands/doctor.ts')).runDoctor(npub, options)),
  );
  verb(program, 'verify <file>', 'check a bundle offline; exit code 0 for a closed deal only').action(async (file, options) =>
    setExitCode((await import('./commands/verify.ts')).runVerify(file, options)),
  );
  verb(program, 'disclose <bundle>', 'make a bundle that shows only the named terms, with proof that they are part of the deal')
    .option('--term <pointer>', 'a term to show, such as /price; may be repeated', collect)
    .option('--out <file>', 'write it to this file instead of stdout')
    .action(async (file, options) => setExitCode((await import('./commands/verify.ts')).runDisclose(file, options)));
  verb(program, 'owed <bundle>', 'say offline what is owed under a closed bundle; exit code 0 for an answer only')
    .option('--usage <file>', 'what was used, done and measured, as JSON (docs/deals.md); - for stdin')
    .action(async (file, options) => setExitCode((await import('./commands/owed.ts')).runOwed(file, options)));
  verb(program, 'simulate [file]', 'try strategies against each other offline, with your own utility or made-up ones (docs/strategies.md)')
    .option('--policy <file>', 'try what your policy lets jobs bargain about, instead of a file (docs/mandate.md); - for stdin')
    .option('--role <role>', 'the side to try of a policy that is for both: buyer or seller')
    .option('--best <sats>', 'the price to begin with under the policy: your bid, or your list price (its target)')
    .option('--strategy <name>', 'how you negotiate: a name, or a module of yours, ./mine.js#name (trade-off)')
    .option('--against <names>', 'the strategies to try it against, names or modules, with commas (all)')
    .option('--rounds <count>', 'the most rounds of one negotiation (12)')
    .option('--scenarios <count>', 'how many negotiations with each (100)')
    .option('--sizes <counts>', 'how many values the issues of a made-up domain have (4,5,6)')
    .option('--reserve <worth>', 'what no deal is worth to made-up sides, 0 to 1 (0.3)')
    .option('--seed <text>', 'another seed makes up others (1)')
    .option('--plot <file>', 'draw the first negotiation as SVG in this file')
    .option('--debug', 'own strategies print to stderr, and what they throw is shown there')
    .action(async (file, options) => (await import('./commands/simulate.ts')).runSimulate(file, options));
  verb(program, 'relay', 'run a small relay for tests, demos and agents on one machine')
    .option('--host <address>', 'address to listen at (127.0.0.1)')
    .option('--port <port>', 'port to listen at, 0 for any', '7447')
    .option('--data <file>', 'keep events in this file instead of memory')
    .option('--public-url <url>', 'the URL by which clients know the relay, where that is not the one it prints')
    .option('--require-auth', 'give gift wraps to their addressee only (NIP-42)')
    .action(async (options) => (await import('./commands/relay.ts')).runRelay(options));
  verb(program, 'sandbox', 'run wallets of test money on a relay, for trying things out')
    .option('--wallet <file=sats>', 'make a wallet with so much and write its URL to this file; may be repeated', collect)
    .option('--data <file>', 'keep the ledger in this file instead of memory')
    .action(async (options) => (await import('./commands/wallet.ts')).runSandbox(options));
  verb(program, 'demo', 'watch agents negotiate in private on this machine')
    .option('--buyer-max <sats>', 'what the buyer pays at most', '750')
    .option('--seller-min <sats>', 'what the seller takes at least; of several, the one that can go lowest', '700')
    .option('--ask <count>', 'how many sellers there are, 1 to 3; several are left to policies and strategies', '1')
    .action(async (options) => setExitCode(await (await import('./demo/runDemo.ts')).runDemo(options)));
}
