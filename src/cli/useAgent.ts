// Opens the agent for one command and closes it again, whatever happens; Ctrl-C ends a wait early and in order.

import type { Agent } from '../agent/api.ts';
import type { CommonOptions } from './io.ts';
import { openFor } from './openFor.ts';

/** Runs `use` with the agent of the home that the options name. */
export async function useAgent<T>(options: CommonOptions, mode: 'read' | 'write', use: (agent: Agent) => Promise<T>): Promise<T> {
  const agent = await openFor(options, mode);
  const stop = (): void => void agent.close();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await use(agent);
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    await agent.close();
  }
}
