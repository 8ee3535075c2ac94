// Agents in homes of their own around one real relay, for tests of whole negotiations.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, openAgent, type CreateOptions, type OpenOptions } from '../src/agent/compose.ts';
import type { Agent } from '../src/agent/api.ts';
import type { Clock } from '../src/core/ports.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';

/** A clock that only the test moves. */
export interface TestClock extends Clock {
  advance(seconds: number): void;
}

export function makeClock(start = Math.floor(Date.now() / 1_000)): TestClock {
  let now = start;
  return { now: () => now, advance: (seconds) => void (now += seconds) };
}

export interface Lab {
  readonly relay: RunningRelay;
  /** A new empty folder. */
  makeHome(): string;
  /** A new agent on the relay, open to everyone unless `options` say otherwise. */
  makeAgent(options?: Partial<CreateOptions>): Promise<TestAgent>;
  close(): Promise<void>;
}

/** An agent that each call opens anew, as separate processes would. */
export interface TestAgent {
  readonly home: string;
  readonly npub: string;
  readonly pubkey: string;
  call<T>(use: (agent: Agent) => Promise<T>, options?: Partial<OpenOptions>): Promise<T>;
}

export async function makeLab(clock?: Clock): Promise<Lab> {
  const relay = await startRelay({ requireAuthForGiftWraps: true, clock });
  const folders: string[] = [];
  const makeHome = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-'));
    folders.push(folder);
    return join(folder, 'home');
  };
  const timing = clock === undefined ? {} : { clock };
  return {
    relay,
    makeHome,
    makeAgent: async (options = {}) => {
      const home = makeHome();
      const { npub, pubkey } = await createAgent({ home, relays: [relay.url], invites: 'anyone', ...timing, ...options });
      return {
        home,
        npub,
        pubkey,
        call: async (use, open = {}) => {
          const agent = await openAgent({ home, ...timing, ...open });
          try {
            return await use(agent);
          } finally {
            await agent.close();
          }
        },
      };
    },
    close: async () => {
      await relay.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}
