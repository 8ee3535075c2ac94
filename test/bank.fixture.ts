// Wallets over one ledger that go wrong on purpose, and agents that use them, for tests of what money does when things fail.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InputOf, OutputOf, UseCaseName } from '../src/agent/api.ts';
import { callUseCase } from '../src/agent/compose.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { init, initInput } from '../src/agent/init.ts';
import { CALL_BURST_MS, createWrapBudgets } from '../src/agent/inbox/wrapBudgets.ts';
import type { StrategyHost } from '../src/agent/strategies/strategyHost.ts';
import { bytesToHex } from '../src/core/bytes.ts';
import type { Clock } from '../src/core/ports.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { createRelayPool } from '../src/nostr/relayPool.ts';
import { createKeySigner } from '../src/nostr/signer.ts';
import { createUnwrapper } from '../src/nostr/unwrapper.ts';
import type { Observation, PayOutcome, Rail } from '../src/pay/rail.ts';
import { applyLedger, EMPTY_LEDGER, isConserved, type Ledger } from '../src/pay/sandbox/ledger.ts';
import { answerWallet, type WalletAnswer } from '../src/pay/sandbox/walletMethods.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeClock, type TestClock } from './agents.fixture.ts';

/** What a wallet does instead of what it should. */
export interface Faults {
  /** `lost-before`: silent, nothing paid; `lost-after`: silent, but paid; `hangs-before`, `hangs-after`: the answer never comes. */
  pay?: 'lost-before' | 'lost-after' | 'hangs-before' | 'hangs-after' | PayOutcome;
  lookUp?: Observation;
}

export interface Wallet {
  readonly rail: Rail;
  readonly faults: Faults;
  /** How often it was told to pay. */
  readonly payCalls: () => number;
  readonly balance: () => bigint;
}

export interface Bank {
  makeWallet(grantMsat: bigint): Wallet;
  isConserved(): boolean;
}

export function openBank(clock: Clock): Bank {
  const secret = bytesToHex(new Uint8Array(randomBytes(32)));
  const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  let ledger: Ledger = EMPTY_LEDGER;
  const call = (account: string, method: string, params: object): WalletAnswer => {
    const { ledger: next, answer } = answerWallet({ ledger, secret, clock, rng }, { account, method, params });
    ledger = next;
    return answer;
  };
  return {
    isConserved: () => isConserved(ledger),
    makeWallet: (grantMsat) => {
      const account = bytesToHex(new Uint8Array(randomBytes(32)));
      const opened = applyLedger(ledger, { kind: 'open', account, grantMsat });
      if (opened.kind === 'ok') ledger = opened.ledger;
      const faults: Faults = {};
      let payCalls = 0;
      const result = (method: string, params: object): Record<string, unknown> => {
        const { result: value } = call(account, method, params);
        if (value === null) throw new Error(`the wallet refused ${method}`);
        return value as Record<string, unknown>;
      };
      const payNow = (invoice: string): PayOutcome => {
        const answer = call(account, 'pay_invoice', { invoice });
        if (answer.error === null) return { kind: 'settled', preimage: String((answer.result as { preimage: string }).preimage) };
        return { kind: 'failed', reason: answer.error.code === 'INSUFFICIENT_BALANCE' ? 'insufficient-balance' : 'payment-failed' };
      };
      const rail: Rail = {
        describe: async () => ({ id: 'sandbox', isTestMoney: true, payee: String(result('get_info', {})['pubkey']) }),
        balance: async () => BigInt(Number(result('get_balance', {})['balance'])),
        makeInvoice: async ({ amountMsat, description, descriptionHash, expiryS }) =>
          String(
            result('make_invoice', { amount: Number(amountMsat), description, description_hash: descriptionHash, expiry: expiryS })[
              'invoice'
            ],
          ),
        pay: async (invoice) => {
          payCalls += 1;
          const fault = faults.pay;
          if (typeof fault === 'object') return fault;
          if (fault === 'lost-after' || fault === 'hangs-after' || fault === undefined) {
            const outcome = payNow(invoice);
            if (fault === undefined) return outcome;
          }
          if (fault === 'hangs-before' || fault === 'hangs-after') await new Promise(() => undefined);
          return { kind: 'unknown' };
        },
        lookUp: async (paymentHash, direction) => {
          if (faults.lookUp !== undefined) return faults.lookUp;
          const { result: found } = call(account, 'lookup_invoice', { payment_hash: paymentHash });
          if (found === null) return { kind: 'not-found' };
          const { type, state, amount, preimage } = found as { type: string; state: string; amount: number; preimage?: string };
          if (type !== direction) return { kind: 'not-found' };
          if (state === 'settled') return { kind: 'settled', amountMsat: BigInt(amount), ...(preimage === undefined ? {} : { preimage }) };
          return { kind: state === 'expired' ? 'expired' : 'pending' };
        },
        close: async () => undefined,
      };
      return { rail, faults, payCalls: () => payCalls, balance: () => ledger.accounts.get(account) ?? 0n };
    },
  };
}

/** An agent whose parts a test can reach. */
export interface Party {
  readonly npub: string;
  readonly context: AgentContext;
  readonly wallet: Wallet;
  call<N extends UseCaseName>(name: N, input: InputOf<N>): Promise<OutputOf<N>>;
}

export interface StageOptions {
  /** Where own strategies think; that of the process unless given. */
  readonly strategies?: StrategyHost;
  readonly clock?: TestClock;
  readonly relays?: readonly string[];
}

export interface Stage {
  readonly clock: TestClock;
  readonly bank: Bank;
  makeParty(grantMsat: bigint): Promise<Party>;
  close(): Promise<void>;
}

/** `relays` are those of its agents, in place of one that is started for them. */
export async function openStage({ clock = makeClock(), relays, strategies }: StageOptions = {}): Promise<Stage> {
  const relay = relays === undefined ? await startRelay({ requireAuthForGiftWraps: true, clock }) : undefined;
  const bank = openBank(clock);
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bank-'));
  const ends: (() => void)[] = [];
  return {
    clock,
    bank,
    makeParty: async (grantMsat) => {
      const signer = createKeySigner(new Uint8Array(randomBytes(32)));
      const store = openSqliteStore(':memory:');
      const pool = createRelayPool({ clock });
      const closing = new AbortController();
      const wallet = bank.makeWallet(grantMsat);
      const context: AgentContext = {
        pubkey: signer.pubkey,
        store,
        clock,
        rng: { bytes: (length) => new Uint8Array(randomBytes(length)) },
        extraRelays: [],
        signer: async () => signer,
        openUnwrapper: async () => createUnwrapper(async () => signer),
        pool: async () => pool,
        rail: async () => wallet.rail,
        connectWallet: async () => undefined,
        jobs: join(folder, signer.pubkey),
        background: new Map(),
        strategies,
        thoughts: new Map(),
        wrapBudgets: createWrapBudgets(CALL_BURST_MS),
        closing: closing.signal,
      };
      ends.push(() => {
        closing.abort();
        pool.close();
      });
      await init(context, initInput.parse({ relays: relays ?? [relay?.url], invites: 'anyone' }));
      const call = async <N extends UseCaseName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> =>
        callUseCase(context, name, input) as Promise<OutputOf<N>>;
      return { npub: encodeNpub(signer.pubkey), context, wallet, call };
    },
    close: async () => {
      for (const end of ends) end();
      await relay?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
