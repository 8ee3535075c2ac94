// The agent for one command: in the daemon of its home where one runs, else opened here; the command does not notice which.

import type { Agent } from '../agent/api.ts';
import { findSocket } from '../agent/rpc/socketPath.ts';
import { isNegotiateError } from '../core/errors.ts';
import { findHome } from './findHome.ts';
import { findHomeKey } from './homeKey.ts';
import { onApprovalUrl, type CommonOptions } from './io.ts';

// A daemon has its home for a moment before it listens.
const TRIES = 5;
const TRY_AGAIN_MS = 400;

/** Opens the agent of the home that the options name. Throws what `openAgent` throws. */
export async function openFor(options: CommonOptions, mode: 'read' | 'write' = 'write'): Promise<Agent> {
  return (await openSomewhere(options, mode)).agent;
}

/** An agent; `isServed` where a daemon has its home, so that other commands use that at the same time. */
export interface OpenedAgent {
  readonly agent: Agent;
  readonly isServed: boolean;
}

/** The same, and says where it runs. */
export async function openSomewhere(options: CommonOptions, mode: 'read' | 'write' = 'write'): Promise<OpenedAgent> {
  const home = findHome(options.home);
  const relays = options.relay ?? [];
  const connect = async (): Promise<Agent | undefined> => {
    // Without a daemon there is nothing to load for one.
    if (findSocket(home) === undefined) return undefined;
    const { connectAgent } = await import('../agent/rpc/connectAgent.ts');
    return (await connectAgent(home, { onApprovalUrl, relays }))?.agent;
  };
  const running = await connect();
  if (running !== undefined) return { agent: running, isServed: true };
  const { openAgent } = await import('../agent/compose.ts');
  try {
    return { agent: await openAgent({ home, mode, relays, onApprovalUrl, key: await findHomeKey(home, options) }), isServed: false };
  } catch (error) {
    if (!isNegotiateError(error) || error.code !== 'home/locked') throw error;
    for (let i = 0; i < TRIES; i += 1) {
      const started = await connect();
      if (started !== undefined) return { agent: started, isServed: true };
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    throw error;
  }
}
