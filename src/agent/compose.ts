// Puts an agent together: with the other compose files the only one that meets the store, the relay pool and the key as concrete parts.

import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import type { Clock, Rng } from '../core/ports.ts';
import type { RelayPool, RelayPoolOptions } from '../nostr/relayPool.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import { countCalls, type CountedRail } from '../pay/countedRail.ts';
import type { Rail } from '../pay/rail.ts';
import type { Sandbox, SandboxOptions } from '../pay/sandbox/startSandbox.ts';
import { jobsPath, makeHome, readWallet, requireIdentity, writeWallet } from '../store/home.ts';
import { inspectHome } from '../store/inspectHome.ts';
import type { OpenedHome } from '../store/openHome.ts';
import type { Secrets } from '../store/secrets.ts';
import type { HomeKey } from '../store/wrapKey.ts';
import { USE_CASES, type Agent, type UseCase, type UseCaseName } from './api.ts';
import { hasBehind } from './behind.ts';
import { guardSends, openHome, openNewHome, type HomeMode } from './composeHome.ts';
import type { IdentityOptions } from './composeIdentity.ts';
import { openSigner, type BunkerOptions } from './composeSigner.ts';
import type { AgentContext } from './context.ts';
import { CALL_BURST_MS, createWrapBudgets } from './inbox/wrapBudgets.ts';
import { readProxy, readSetting } from './settings.ts';
import { explainInput } from './inputProblems.ts';
import type { InitResult, initInput } from './init.ts';
import type { InputCheck, InputSchema, ParsedBy } from './plainInput.ts';

export type { HomeKey, Sandbox, SandboxOptions };

/** Which home to open, and how. */
export interface OpenOptions extends BunkerOptions {
  /** Folder of the agent. */
  readonly home: string;
  /** Relays to use besides the configured ones. */
  readonly relays?: readonly string[];
  /** `read` opens a home that another process may be writing to; only use cases that do not write can be called then. */
  readonly mode?: 'read' | 'write';
  /** Milliseconds to wait for another process to give the home free; 3,000 by default. */
  readonly lockWaitMs?: number;
  /** The folder of the second place that remembers how much was sent; AGENT_NEGOTIATE_STATE or the system's place for such data unless given. */
  readonly stateFolder?: string;
  /** What opens a protected home (docs/keys.md); unused for another. */
  readonly key?: HomeKey | undefined;
  /** Wall clock and randomness, for tests. */
  readonly clock?: Clock;
  readonly rng?: Rng;
}

/** What a new agent is made of. With a `key` its home is protected from the start. */
export type CreateOptions = Omit<OpenOptions, 'mode' | 'relays'> & IdentityOptions & z.input<typeof initInput>;

const systemClock: Clock = { now: () => Math.floor(Date.now() / 1_000) };
const systemRng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/**
 * Opens the agent in a home. Throws `home/missing`, `home/locked`, `home/unreadable`, `home/exposed`, `home/key-needed`,
 * `home/wrong-key`, `store/unavailable`, `store/corrupt`, `store/schema-newer`, `relay/invalid-url`.
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
    const { context, close } = buildContext(options, opened, readSetting(opened.store, 'pubkey'), mode);
    return buildAgent(context, mode, close, () => release(context, opened));
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** The parts of an agent that is open for writing; `close` gives them all back. */
export interface AgentParts {
  readonly context: AgentContext;
  readonly close: () => Promise<void>;
}

/** Opens the parts of an agent for whoever runs its steps itself. Throws as {@link openAgent}. */
export function openParts(options: OpenOptions): AgentParts {
  requireIdentity(options.home);
  const opened = openHome(options, true);
  try {
    const { context, close } = buildContext(options, opened, readSetting(opened.store, 'pubkey'));
    return { context, close: () => close().finally(() => release(context, opened)) };
  } catch (error) {
    opened.close();
    throw error;
  }
}

/**
 * Makes a new agent in a home and publishes its key package and relay lists; what no relay takes now goes out with the first sync.
 * Throws `home/exists`, `home/unreadable`, `home/locked`, `input/invalid`, `relay/invalid-url`, and `signer/…` for a bunker; called again,
 * it then goes on.
 */
export async function createAgent(options: CreateOptions): Promise<InitResult> {
  const { home, secretKey, bunkerUrl, clock = systemClock, rng = systemRng, lockWaitMs: _wait, key, ...rest } = options;
  const { onApprovalUrl: _show, bunkerLimits: _limits, stateFolder: _folder, ...input } = rest;
  const [{ init, initInput: schema }, { checkIdentity, settleIdentity }] = await Promise.all([
    import('./init.ts'),
    import('./composeIdentity.ts'),
  ]);
  const parsed = parseInput(schema, input);
  checkIdentity(options);
  makeHome(home);
  const opened = await openNewHome({ ...options, key });
  try {
    // An identity without settings is what an init that was cut off leaves: it goes on with that key.
    const isFinished = opened.store.readSetting('pubkey') !== undefined;
    // No setting is saved yet, and the proxy is for the bunker's relays too.
    const pool = openPool(() => ({ clock, rng, proxy: parsed.proxy }));
    const pubkey = await settleIdentity({ ...options, secrets: opened.secrets, clock, rng, pool: pool.get }, isFinished).finally(
      pool.close,
    );
    const { context, close } = buildContext({ ...options, relays: [] }, opened, pubkey, 'new');
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

/** Says how much was sent, while the home is still ours alone. */
function release({ sends }: AgentContext, opened: OpenedHome): void {
  sends?.close();
  opened.close();
}

function buildContext(
  { home, relays = [], stateFolder, clock = systemClock, rng = systemRng, ...bunkerOptions }: OpenOptions,
  { store, secrets }: Pick<OpenedHome, 'store' | 'secrets'>,
  pubkey: string,
  mode: HomeMode = 'write',
): { context: AgentContext; close: () => Promise<void> } {
  const closing = new AbortController();
  const pool = openPool(() => ({ clock, rng, proxy: readProxy(store) }));
  const { close: leaveSigner, ...signing } = openSigner({ ...bunkerOptions, secrets, clock, rng, pool: pool.get }, pubkey);
  const wallet = openWallet(secrets);
  const extraRelays = relays.map(parseRelayUrl);
  const close = async (): Promise<void> => {
    closing.abort();
    leaveSigner();
    await Promise.all([...context.background.values()].map(({ ended }) => ended));
    await wallet.close();
    await pool.close();
  };
  const { rail, connectWallet } = wallet;
  const ports = { ...signing, pool: pool.get, rail, connectWallet };
  const context: AgentContext = {
    pubkey,
    store,
    clock,
    rng,
    extraRelays,
    ...ports,
    wrapBudgets: createWrapBudgets(CALL_BURST_MS),
    sends: guardSends({ home, stateFolder, pubkey, mode, clock, rng }, store),
    inspectHome: () => inspectHome(home),
    jobs: jobsPath(home),
    background: new Map(),
    thoughts: new Map(),
    closing: closing.signal,
  };
  return { context, close };
}

/** The wallet of a home, opened when first used. */
function openWallet(secrets: Secrets): Pick<AgentContext, 'rail' | 'connectWallet'> & { readonly close: () => Promise<void> } {
  let rail: Promise<CountedRail> | undefined;
  const left = new Set<Rail>();
  const open = async (): Promise<CountedRail> => {
    const url = readWallet(secrets);
    if (url !== undefined) return countCalls((await import('../pay/nwcRail.ts')).openNwcRail(url));
    throw new NegotiateError('wallet/missing', 'This agent has no wallet yet. Connect one with: agent-negotiate wallet --connect FILE');
  };
  // It may be paying: its answer is heard, and nobody waits for that.
  const leave = async (old: CountedRail | undefined): Promise<void> => {
    if (old === undefined) return;
    left.add(old);
    await old.quiet();
    left.delete(old);
    await old.close();
  };
  const close = async (): Promise<void> => {
    const last = await rail?.catch(() => undefined);
    rail = undefined;
    await Promise.all([...left, ...(last === undefined ? [] : [last])].map((each) => each.close()));
  };
  return {
    rail: () =>
      (rail ??= open().catch((error: unknown) => {
        rail = undefined;
        throw error;
      })),
    connectWallet: async (url) => {
      (await import('../pay/walletUrl.ts')).parseWalletUrl(url);
      writeWallet(secrets, url);
      const old = rail?.catch(() => undefined);
      rail = undefined;
      void leave(await old);
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
  const useCase = USE_CASES[name] as UseCase<InputSchema, unknown>;
  if (useCase.writes && mode === 'read') {
    throw new NegotiateError('input/invalid', 'This agent was opened for reading. Open it without mode "read" to change anything.');
  }
  return callUseCase(context, name, input);
}

/** Checks the input of a use case and runs it. Throws `input/invalid` besides what the use case throws. */
export async function callUseCase(context: AgentContext, name: UseCaseName, input: unknown): Promise<unknown> {
  const { writes, load } = USE_CASES[name] as UseCase<InputSchema, unknown>;
  const { input: schema, run } = await load();
  const parsed = parseInput(schema, input);
  // A home that may be old catches up before anything of its owner's is said; a sync does so by itself.
  if (writes && hasBehind(context.store)) await catchUp(context);
  return run(context, parsed);
}

async function catchUp(context: AgentContext): Promise<void> {
  const [{ recoverChannels }, { unlessSignerFails }] = await Promise.all([import('./recoverChannels.ts'), import('./signerFaults.ts')]);
  await unlessSignerFails(() => recoverChannels(context));
}

/** Reads an input by its schema. Throws `input/invalid`, which names every field that is wrong and what would be right, and no value. */
export function parseInput<T extends InputSchema>(schema: T, input: unknown): ParsedBy<T> {
  const parsed: InputCheck<unknown> = schema.safeParse(input);
  if (parsed.success) return parsed.data as ParsedBy<T>;
  throw explainInput('The input', parsed.error.issues, input);
}

/** A relay pool that is made when it is first used; its options are read only then. */
function openPool(options: () => RelayPoolOptions): { readonly get: () => Promise<RelayPool>; readonly close: () => Promise<void> } {
  let pool: Promise<RelayPool> | undefined;
  const open = async (): Promise<RelayPool> => (await import('../nostr/relayPool.ts')).createRelayPool(options());
  return { get: () => (pool ??= open()), close: async () => (await pool?.catch(() => undefined))?.close() };
}
