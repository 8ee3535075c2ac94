// `stop`: ends the daemon of a home, in order.

import { NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { printResult, type CommonOptions } from '../io.ts';

/** Stops the daemon and waits until it has ended. Throws `input/not-found` when none runs. */
export async function runStop(options: CommonOptions): Promise<void> {
  const { connectAgent } = await import('../../agent/rpc/connectAgent.ts');
  const remote = await connectAgent(findHome(options.home));
  if (remote === undefined)
    throw new NegotiateError('input/not-found', 'No daemon runs on this home. Start one with: agent-negotiate serve');
  await remote.stopDaemon();
  printResult(options, { stopped: true }, () => ['Stopped.']);
}
