// A relay, wallets of test money and a provider's service, for tests of whole deals through the command line or the API.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createAgent, openAgent, openSandbox, type Sandbox } from '../src/agent/compose.ts';
import type { Agent } from '../src/agent/api.ts';
import { runCli } from './cli.fixture.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';

const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));

export const GRANT_MSAT = 10_000_000n;

/** Makes its input upper case: small, and what it does can be seen. */
export const UPPER_CASE = [
  process.execPath,
  '-e',
  'let t="";process.stdin.on("data",(c)=>t+=c).on("end",()=>process.stdout.write(t.toUpperCase()))',
];

export interface Trader {
  readonly home: string;
  readonly npub: string;
  /** The secret in the wallet's URL. */
  readonly walletUrl: string;
  call<T>(use: (agent: Agent) => Promise<T>): Promise<T>;
}

export interface Market {
  readonly relay: RunningRelay;
  readonly sandbox: Sandbox;
  readonly folder: string;
  makeTrader(name: string, grantMsat: bigint): Promise<Trader>;
  close(): Promise<void>;
}

/** On a relay of its own, or on one that is there; it is closed with the market. */
export async function openMarket(own?: RunningRelay): Promise<Market> {
  const relay = own ?? (await startRelay({ requireAuthForGiftWraps: true }));
  const sandbox = await openSandbox({ relay: relay.url });
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-market-'));
  return {
    relay,
    sandbox,
    folder,
    makeTrader: async (name, grantMsat) => {
      const home = join(folder, name);
      const { npub } = await createAgent({ home, relays: [relay.url], invites: 'anyone' });
      const walletUrl = await sandbox.createWallet(grantMsat);
      const call: Trader['call'] = async (use) => {
        const agent = await openAgent({ home });
        try {
          return await use(agent);
        } finally {
          await agent.close();
        }
      };
      await call((agent) => agent.connectWallet({ url: walletUrl }));
      return { home, npub, walletUrl, call };
    },
    close: async () => {
      await sandbox.close();
      await relay.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One service, as a configuration file has it. */
export function describeService(changes: object = {}) {
  return {
    id: 'upper',
    name: 'Upper case',
    description: 'Makes letters large.',
    capabilities: ['upper-case'],
    list_sats: '900',
    min_sats: '700',
    command: UPPER_CASE,
    result: 'large.txt',
    ...changes,
  };
}

export function writeServices(market: Market, services: readonly object[]): string {
  const path = join(market.folder, 'services.json');
  writeFileSync(path, JSON.stringify({ services }));
  return path;
}

export interface CliLine {
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface CliProcess {
  readonly ended: Promise<number | null>;
  readonly kill: (signal?: NodeJS.Signals) => void;
}

/** Runs the command line as a process of its own and hands on every JSON line that it prints. */
export function launch(args: readonly string[], onLine: (line: CliLine) => void): CliProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', BIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => onLine(JSON.parse(line) as CliLine));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.on('close', resolve);
  return { ended: promise, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}

/** Resolves when so many services are found: what a seller has announced may still be on its way to the relay. */
export async function untilFound(home: string, capability: string, count: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { services = [] } = (await runCli(['find', capability, '--home', home, '--json'])).json() as { services?: unknown[] };
    if (services.length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the services are not found');
}
