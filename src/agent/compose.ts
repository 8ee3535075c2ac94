// Puts an agent together: the only file that meets the store, the relay pool and the key file as concrete parts.

import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import type { Clock, Rng } from '../core/ports.ts';
import type { RelayPool } from '../nostr/relayPool.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import type { Signer } from '../nostr/signer.ts';
import type { Rail } from '../pay/rail.ts';
import type { Sandbox, SandboxOptions } from '../pay/sandbox/startSandbox.ts';
import {
  databasePath,
  hasIdentity,
  jobsPath,
  lockHome,
  makeHome,
  readIdentity,
  readWallet,
  requireIdentity,
  writeIdentity,
  writeWallet,
} from '../store/home.ts';
import { openSqliteStore } from '../store/sqliteStore.ts';
import type { Store } from '../store/records.ts';
import { USE_CASES, type Agent, type UseCase, type UseCaseName } from './api.ts';
import type { AgentContext } from './context.ts';
import { readProxy, readSetting } from './settings.ts';
import type { InitResult, initInput } from './init.ts';

const DEFAULT_LOCK_WAIT_MS = 3_000;

export type { Sandbox, SandboxOptions };

/** Which home to open, and how. */
export interface OpenOptions {
  /** Folder of the agent. */
  readonly home: string;
  /** Relays to use besides the configured ones. */
  readonly relays?: readonly string[];
  /** `read` opens a home that another process may be writing to; only use cases that do not write can be called then. */
  readonly mode?: 'read' | 'write';
  /** Milliseconds to wait for another process to give the home free; 3,000 by default. */
  readonly lockWaitMs?: number;
  /** Wall clock and randomness, for tests. */
  readonly clock?: Clock;
  readonly rng?: Rng;
}

/** What a new agent is made of. */
export type CreateOptions = Omit<OpenOptions, 'mode' | 'relays'> &
  z.input<typeof initInput> & {
    /** An existing secret key (32 bytes); by default a new one is made. */
    readonly secretKey?: Uint8Array;
  };

const systemClock: Clock = { now: () => Math.floor(Date.now() / 1_000) };
const systemRng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/**
 * Opens the agent in a home. Throws `home/missing`, `home/locked`, `home/unreadable`, `store/unavailable`, `store/corrupt`,
 * `store/schema-newer`, `relay/invalid-url`.
 *
 * @example
 * const agent = await openAgent({ home: '/var/lib/my-agent' });
 * try { await agent.sync(); } finally { await agent.close(); }
 */
export async function openAgent(options: OpenOptions): Promise<Agent> {
  const { home, mode = 'write' } = options;
  requireIdentity(home);
  const opened = openHome(options, mode === 'write');
  try {
    const { context, close } = buildContext(options, opened.store, readSetting(opened.store, 'pubkey'));
    return buildAgent(context, mode, close, opened.close);
  } catch (error) {
    opened.close();
    throw error;
  }
}

/**
 * Makes a new agent in a home and publishes its key package and relay lists; what no relay takes now goes out with the first sync.
 * Throws `home/exists`, `home/unreadable`, `home/locked`, `input/invalid`, `relay/invalid-url`.
 */
export async function createAgent(options: CreateOptions): Promise<InitResult> {
  const { home, secretKey, clock: _clock, rng = systemRng, lockWaitMs: _wait, ...input } = options;
  const { init, initInput: schema } = await import('./init.ts');
  const parsed = parseInput(schema, input);
  makeHome(home);
  const opened = openHome(options, true);
  try {
    // An identity without settings is what an init that was cut off leaves: it goes on with that key.
    const isHalfMade = hasIdentity(home) && opened.store.readSetting('pubkey') === undefined && secretKey === undefined;
    if (!isHalfMade) writeIdentity(home, secretKey ?? rng.bytes(32));
    const { context, close } = buildContext({ ...options, relays: [] }, opened.store, publicKeyOf(readIdentity(home)));
    try {
      return await init(context, parsed);
    } finally {
      await close();
    }
  } finally {
    opened.close();
  }
}

/**
 * Starts wallets of test money behind a service (NIP-47) on a relay, for demos, tests and trying things out. Throws `relay/unreachable`,
 * `store/…`.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  return (await import('../pay/sandbox/startSandbox.ts')).startSandbox(options);
}

interface OpenedHome {
  readonly store: Store;
  readonly close: () => void;
}

function openHome({ home, lockWaitMs = DEFAULT_LOCK_WAIT_MS }: Pick<OpenOptions, 'home' | 'lockWaitMs'>, isExclusive: boolean): OpenedHome {
  const unlock = isExclusive ? lockHome(home, lockWaitMs) : (): void => undefined;
  try {
    const store = openSqliteStore(databasePath(home));
    return {
      store,
      close: onlyOnce(() => {
        store.close();
        unlock();
      }),
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

function buildContext(
  { home, relays = [], clock = systemClock, rng = systemRng }: OpenOptions,
  store: Store,
  pubkey: string,
): { context: AgentContext; close: () => Promise<void> } {
  const closing = new AbortController();
  const signer = once(async (): Promise<Signer> => (await import('../nostr/signer.ts')).createKeySigner(readIdentity(home)));
  const pool = once(async (): Promise<RelayPool> => {
    const { createRelayPool } = await import('../nostr/relayPool.ts');
    return createRelayPool({ clock, rng, proxy: readProxy(store) });
  });
  const wallet = openWallet(home);
  const extraRelays = relays.map(parseRelayUrl);
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([...context.background.values()].map(({ ended }) => ended));
    await wallet.close();
    if (pool.isUsed()) (await pool.get()).close();
  };
  const { rail, connectWallet } = wallet;
  const ports = { signer: signer.get, pool: pool.get, rail, connectWallet };
  const context: AgentContext = {
    pubkey,
    store,
    clock,
    rng,
    extraRelays,
    ...ports,
    jobs: jobsPath(home),
    background: new Map(),
    closing: closing.signal,
  };
  return { context, close };
}

/** The wallet of a home, opened when first used. */
function openWallet(home: string): Pick<AgentContext, 'rail' | 'connectWallet'> & { readonly close: () => Promise<void> } {
  let rail: Promise<Rail> | undefined;
  const open = async (): Promise<Rail> => {
    const url = readWallet(home);
    if (url !== undefined) return (await import('../pay/nwcRail.ts')).openNwcRail(url);
    throw new NegotiateError('wallet/missing', 'This agent has no wallet yet. Connect one with: agent-negotiate wallet --connect FILE');
  };
  const close = async (): Promise<void> => {
    await (await rail?.catch(() => undefined))?.close();
    rail = undefined;
  };
  return {
    rail: () =>
      (rail ??= open().catch((error: unknown) => {
        rail = undefined;
        throw error;
      })),
    connectWallet: async (url) => {
      (await import('../pay/walletUrl.ts')).parseWalletUrl(url);
      await close();
      writeWallet(home, url);
    },
    close,
  };
}

function buildAgent(context: AgentContext, mode: 'read' | 'write', disconnect: () => Promise<void>, release: () => void): Agent {
  let last: Promise<unknown> = Promise.resolve();
  const call = (name: UseCaseName, input: unknown): Promise<unknown> => {
    const result = last.then(() => runUseCase(context, mode, name, input));
    last = result.catch(() => undefined);
    return result;
  };
  // What still runs ends early, since its relays are gone, and is waited for: it may be about to save.
  const end = async (): Promise<void> => {
    await disconnect();
    await last;
    release();
  };
  const methods = Object.keys(USE_CASES).map((name) => [name, (input: unknown = {}) => call(name as UseCaseName, input)]);
  return Object.freeze({ ...Object.fromEntries(methods), close: end }) as Agent;
}

async function runUseCase(context: AgentContext, mode: 'read' | 'write', name: UseCaseName, input: unknown): Promise<unknown> {
  if (context.closing.aborted) throw new NegotiateError('input/invalid', 'This agent has been closed. Open it again.');
  const useCase = USE_CASES[name] as UseCase<z.ZodType, unknown>;
  if (useCase.writes && mode === 'read') {
    throw new NegotiateError('input/invalid', 'This agent was opened for reading. Open it without mode "read" to change anything.');
  }
  const { input: schema, run } = await useCase.load();
  return run(context, parseInput(schema, input));
}

function parseInput<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'input' : issue.path.map(String).join('.');
  throw new NegotiateError('input/invalid', `The value of ${where} is not valid (${issue?.code ?? 'invalid'}). Correct it and try again.`);
}

function onlyOnce(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}

function once<T>(make: () => Promise<T>): { get: () => Promise<T>; isUsed: () => boolean } {
  let made: Promise<T> | undefined;
  return { get: () => (made ??= make()), isUsed: () => made !== undefined };
}
