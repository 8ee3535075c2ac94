// The verbs of the policy with their arguments and options.

import type { Command } from 'commander';
import { verb } from './verb.ts';

/** Adds them to the program. */
export function addPolicy(program: Command, setExitCode: (code: number) => void): void {
  const policy = program.command('policy').description('say what the agent may do while you are away; see: policy --help');
  verb(policy, 'init', 'print a commented policy to start from')
    .option('--preset <name>', 'for an agent that is a buyer or a seller', 'buyer')
    .option('--out <file>', 'write it to this new file instead of stdout')
    .action(async (options) => (await import('./commands/policy.ts')).runPolicyInit(options));
  verb(policy, 'check <file>', 'say everything that is wrong with a policy; exit code 0 when nothing is').action(async (file, options) =>
    setExitCode((await import('./commands/policy.ts')).runPolicyCheck(file, options)),
  );
  verb(policy, 'explain <file>', 'say in sentences what a policy permits').action(async (file, options) =>
    setExitCode((await import('./commands/policy.ts')).runPolicyExplain(file, options)),
  );
  verb(policy, 'set <file>', 'put a policy in force: from then on it judges every move, signature, payment and word to a group').action(
    async (file, options) => setExitCode(await (await import('./commands/policy.ts')).runPolicySet(file, options)),
  );
  verb(policy, 'show', 'show the policy in force, what is promised and paid, and what waits for your yes')
    .option('--text', 'the policy itself, as it was set')
    .action(async (options) => (await import('./commands/policy.ts')).runPolicyShow(options));
  verb(policy, 'settle <negotiation>', 'say that you have paid or written off a deal yourself: what it holds is free again')
    .option('--sats <amount>', 'what you paid, which counts for today; all that it held unless named')
    .action(async (nid, options) => (await import('./commands/policy.ts')).runPolicySettle(nid, options));
  verb(policy, 'unset', 'take the policy out of force: then nothing but you and your limits for each job decides').action(async (options) =>
    (await import('./commands/policy.ts')).runPolicyUnset(options),
  );
  verb(program, 'approve <what>', 'say yes to one thing that the policy asks about: by its digest, or by the negotiation or group').action(
    async (what, options) => (await import('./commands/policy.ts')).runApprove(what, options),
  );
}
