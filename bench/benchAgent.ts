// An agent as compose.ts puts it together, but with a pool of the bench's, and with its signatures and transactions counted.

import { mkdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { InputOf, OutputOf, UseCaseName } from '../src/agent/api.ts';
import { callUseCase } from '../src/agent/compose.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { init, initInput } from '../src/agent/init.ts';
import { CALL_BURST_MS, createWrapBudgets } from '../src/agent/inbox/wrapBudgets.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import type { RelayPool } from '../src/nostr/relayPool.ts';
import { createKeySigner, type Signer } from '../src/nostr/signer.ts';
import { createUnwrapper } from '../src/nostr/unwrapper.ts';
import type { Store } from '../src/store/records.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';

const RELAY = 'wss://relay.example';

/** What the agents of a run have done so far. */
export interface Tally {
  /** BIP-340 signatures by an identity. */
  identitySignatures: number;
  /** Transactions that changed something. */
  transactions: number;
}

/** An agent over a home of its own, not yet published. */
export interface BenchAgent {
  readonly npub: string;
  readonly context: AgentContext;
  /** Makes and publishes the agent's key package and relay lists. */
  init(): Promise<void>;
  /** Runs one use case, input schema included. */
  call<N extends UseCaseName>(name: N, input: InputOf<N>): Promise<OutputOf<N>>;
  close(): void;
}

/** Opens an agent with a fresh key and an empty database in `folder`. */
export function createBenchAgent(folder: string, pool: RelayPool, tally: Tally): BenchAgent {
  mkdirSync(folder, { recursive: true });
  const store = countSaves(openSqliteStore(join(folder, 'agent.db')), tally);
  const signer = countSignatures(createKeySigner(randomBytes(32)), tally);
  const context: AgentContext = {
    pubkey: signer.pubkey,
    store,
    clock: { now: () => Math.floor(Date.now() / 1_000) },
    rng: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    extraRelays: [],
    signer: async () => signer,
    openUnwrapper: async () => createUnwrapper(async () => signer),
    pool: async () => pool,
    rail: () => Promise.reject(new Error('this bench pays nothing')),
    connectWallet: () => Promise.reject(new Error('this bench pays nothing')),
    jobs: join(folder, 'jobs'),
    background: new Map(),
    thoughts: new Map(),
    wrapBudgets: createWrapBudgets(CALL_BURST_MS),
    closing: new AbortController().signal,
  };
  return {
    npub: encodeNpub(signer.pubkey),
    context,
    init: async () => void (await init(context, initInput.parse({ relays: [RELAY], invites: 'anyone' }))),
    call: (name, input) => callUseCase(context, name, input) as Promise<OutputOf<typeof name>>,
    close: () => store.close(),
  };
}

function countSaves(store: Store, tally: Tally): Store {
  return {
    ...store,
    save: (changes) => {
      if (changes.length > 0) tally.transactions += 1;
      store.save(changes);
    },
  };
}

function countSignatures(signer: Signer, tally: Tally): Signer {
  return {
    ...signer,
    signEvent: (template) => {
      tally.identitySignatures += 1;
      return signer.signEvent(template);
    },
  };
}
