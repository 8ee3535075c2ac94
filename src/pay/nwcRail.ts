// Any wallet that speaks Nostr Wallet Connect (NIP-47), through @getalby/sdk; the sandbox's wallets are such wallets too.

import type { NWCClient } from '@getalby/sdk/nwc';
import { isHex32, sha256Hex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Msat } from '../core/money.ts';
import { decodeBolt11 } from './bolt11.ts';
import { quietly } from './quietly.ts';
import type { InvoiceOrder, Observation, PayOutcome, Rail, RailInfo } from './rail.ts';
import { SANDBOX_ALIAS } from './sandbox/walletMethods.ts';
import { parseWalletUrl, type WalletUrl } from './walletUrl.ts';

/** How long to wait for a wallet, in milliseconds. */
export interface NwcOptions {
  /** For any answer but that to a payment; 10,000 by default. */
  readonly timeoutMs?: number;
  /** For the answer to a payment; 60,000 by default. What takes longer is unknown, not failed. */
  readonly payTimeoutMs?: number;
}

type Answer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  /** The wallet's own error, by its code (NIP-47). */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'silent' };

const NODE_KEY = /^0[23][0-9a-f]{64}$/;
const REAL_NETWORKS: ReadonlySet<string> = new Set(['', 'mainnet', 'bitcoin']);
// Errors after which a payment was certainly not started; a wallet that limits the rate has not looked at the order.
const REFUSALS: ReadonlyMap<string, Extract<PayOutcome, { kind: 'failed' }>['reason']> = new Map([
  ['INSUFFICIENT_BALANCE', 'insufficient-balance'],
  ['QUOTA_EXCEEDED', 'refused'],
  ['RESTRICTED', 'refused'],
  ['UNAUTHORIZED', 'refused'],
  ['NOT_IMPLEMENTED', 'refused'],
  ['RATE_LIMITED', 'refused'],
  ['PAYMENT_FAILED', 'payment-failed'],
]);

/** Opens a wallet by its URL; nothing is connected before the first call. Throws `input/invalid` for a bad URL. */
export function openNwcRail(url: string, { timeoutMs = 10_000, payTimeoutMs = 60_000 }: NwcOptions = {}): Rail {
  const address = parseWalletUrl(url);
  let client: Promise<Client | undefined> | undefined;
  let info: RailInfo | undefined;
  const ask = async <T>(call: (wallet: NWCClient) => Promise<T>, ms = timeoutMs): Promise<Answer<T>> => {
    const { wallet } = (await (client ??= connect(address).catch(() => undefined))) ?? {};
    return wallet === undefined ? { kind: 'silent' } : within(ms, () => call(wallet));
  };
  return {
    // What kind of wallet it is does not change while it is open.
    describe: async () => (info ??= describe(expectAnswer(await ask((wallet) => wallet.getInfo())))),
    balance: async () => readAmount(expectAnswer(await ask((wallet) => wallet.getBalance())).balance),
    makeInvoice: (order) => makeInvoice(ask, order),
    pay: async (invoice) => readPayment(invoice, await ask((wallet) => wallet.payInvoice({ invoice }), payTimeoutMs)),
    lookUp: async (paymentHash, direction) =>
      readLookUp(paymentHash, direction, await ask((wallet) => wallet.lookupInvoice({ payment_hash: paymentHash }))),
    close: async () => {
      const last = client;
      client = undefined;
      (await last)?.end();
    },
  };
}

type Ask = <T>(call: (wallet: NWCClient) => Promise<T>) => Promise<Answer<T>>;

/** The library's client. `end` closes it and answers whoever still waits; nothing is sent and no socket opened after that. */
interface Client {
  readonly wallet: NWCClient;
  readonly end: () => void;
}

async function connect({ relays, walletPubkey, secret }: WalletUrl): Promise<Client> {
  // Large, and not needed by whoever pays nothing.
  const { NWCClient } = await import('@getalby/sdk/nwc');
  return quietly(() => {
    const wallet = new NWCClient({ relayUrls: [...relays], walletPubkey, secret });
    const decrypt = wallet.decrypt.bind(wallet);
    // The library reads an answer where nobody catches: one that is no JSON object must not end the process.
    wallet.decrypt = async (pubkey, content) => decrypt(pubkey, content).then(keepObject, () => '');
    const end = makeEndable(wallet);
    return { wallet, end: () => quietly(end) };
  });
}

// Takes the place of what a request waits for. Neither an answer nor a service's description can be read from it.
const NOTHING = { content: '' } as never;

/** Left alone, a closed client dials again for each request without an answer, and its timers keep the process for a minute. */
function makeEndable(wallet: NWCClient): () => void {
  const { pool } = wallet;
  const [subscribe, ensureRelay] = [pool.subscribe.bind(pool), pool.ensureRelay.bind(pool)];
  const waiting = new Set<() => void>();
  let isEnded = false;
  pool.subscribe = (relays, filter, params) => {
    const subscription = subscribe(relays, filter, params);
    const giveUp = (): void => params.onevent?.(NOTHING);
    // Not at once: the request is still being made.
    if (isEnded) queueMicrotask(giveUp);
    waiting.add(giveUp);
    return { close: (reason) => [waiting.delete(giveUp), subscription.close(reason)] };
  };
  // Without the library's own time limit, after which a socket that opens late stays open.
  pool.ensureRelay = async (url) => {
    if (isEnded) throw new Error('closed');
    return ensureRelay(url);
  };
  return () => {
    isEnded = true;
    const sockets = listSockets(pool);
    for (const giveUp of [...waiting]) giveUp();
    wallet.close();
    // The library closes open sockets only, not those that are being opened.
    for (const socket of sockets) socket.close();
  };
}

function listSockets(pool: NWCClient['pool']): readonly WebSocket[] {
  const { relays } = pool as unknown as { readonly relays: ReadonlyMap<string, { readonly ws?: WebSocket }> };
  return [...relays.values()].flatMap(({ ws }) => ws ?? []);
}

function keepObject(text: string): string {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? text : '';
  } catch {
    return '';
  }
}

/** The answer of a wallet, as long as it comes in time. */
async function within<T>(ms: number, call: () => Promise<T>): Promise<Answer<T>> {
  const { promise: silence, resolve } = Promise.withResolvers<Answer<T>>();
  const timer = setTimeout(resolve, ms, { kind: 'silent' });
  const answer = quietly(call).then(
    (value): Answer<T> => ({ kind: 'answer', value }),
    (error: unknown): Answer<T> => readError(error),
  );
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

// The library's error classes cannot be told apart across its builds but by name; INTERNAL is also what it calls its own faults.
function readError(error: unknown): Answer<never> {
  const isWalletError =
    error instanceof Error && error.constructor.name === 'Nip47WalletError' && 'code' in error && typeof error.code === 'string';
  return isWalletError ? { kind: 'refused', code: String((error as Error & { code: string }).code) } : { kind: 'silent' };
}

function expectAnswer<T>(answer: Answer<T>): T {
  switch (answer.kind) {
    case 'answer':
      return answer.value;
    case 'refused':
      throw new NegotiateError('wallet/refused', 'The wallet refused. Check what it is allowed to do, or connect another one.');
    case 'silent':
      throw new NegotiateError('wallet/unreachable', 'The wallet does not answer. Check that it runs and that its relay is reachable.');
    default:
      return answer satisfies never;
  }
}

function describe({
  alias,
  network,
  pubkey,
}: {
  readonly alias?: unknown;
  readonly network?: unknown;
  readonly pubkey?: unknown;
}): RailInfo {
  const isSandbox = network === 'regtest' && alias === SANDBOX_ALIAS;
  // Real money until the wallet says otherwise.
  const isTestMoney = typeof network === 'string' && !REAL_NETWORKS.has(network.trim().toLowerCase());
  const payee = typeof pubkey === 'string' && NODE_KEY.test(pubkey) ? { payee: pubkey } : {};
  return { id: isSandbox ? 'sandbox' : 'nwc', isTestMoney, ...payee };
}

async function makeInvoice(ask: Ask, { amountMsat, description, descriptionHash, expiryS }: InvoiceOrder): Promise<string> {
  const order = { amount: toNumber(amountMsat), description, expiry: expiryS };
  const made = await ask((wallet) => wallet.makeInvoice({ ...order, description_hash: descriptionHash }));
  // A wallet that knows no description hashes can still name the purpose in words.
  const known = made.kind === 'refused' ? await ask((wallet) => wallet.makeInvoice(order)) : made;
  const { invoice } = expectAnswer(known) as { readonly invoice?: unknown };
  if (typeof invoice === 'string') return invoice;
  throw new NegotiateError('wallet/refused', 'The wallet made no invoice. Connect another one.');
}

function readPayment(invoice: string, answer: Answer<{ readonly preimage?: unknown }>): PayOutcome {
  switch (answer.kind) {
    case 'answer': {
      const decoded = decodeBolt11(invoice);
      const { preimage } = answer.value;
      const isProof = decoded.kind === 'ok' && isPreimage(preimage, decoded.invoice.paymentHash);
      return isProof ? { kind: 'settled', preimage: preimage as Hex } : { kind: 'unknown' };
    }
    case 'refused': {
      const reason = REFUSALS.get(answer.code);
      return reason === undefined ? { kind: 'unknown' } : { kind: 'failed', reason };
    }
    case 'silent':
      return { kind: 'unknown' };
    default:
      return answer satisfies never;
  }
}

/** What may be missing, null or odd in what wallets answer, whatever the library's types say. */
interface LookedUp {
  readonly type?: unknown;
  readonly state?: unknown;
  readonly settled_at?: unknown;
  readonly preimage?: unknown;
  readonly payment_hash?: unknown;
  readonly amount?: unknown;
}

function readLookUp(paymentHash: Hex, direction: 'incoming' | 'outgoing', answer: Answer<unknown>): Observation {
  if (answer.kind === 'refused') return { kind: answer.code === 'NOT_FOUND' ? 'not-found' : 'unknown' };
  if (answer.kind === 'silent' || typeof answer.value !== 'object' || answer.value === null) return { kind: 'unknown' };
  const found = answer.value as LookedUp;
  const [type, state, hash] = [found.type ?? direction, found.state ?? undefined, found.payment_hash ?? paymentHash];
  if (hash !== paymentHash) return { kind: 'unknown' };
  // A preimage alone proves nothing: some wallets show the payee its own before anybody has paid.
  const isSettled = state === 'settled' || (state === undefined && isTime(found.settled_at));
  if (type !== direction) return { kind: !isSettled && type === OPPOSITE[direction] ? 'not-found' : 'unknown' };
  if (isSettled) return readSettled(found, paymentHash, direction);
  if (state === 'failed') return { kind: 'failed' };
  return { kind: state === 'expired' ? 'expired' : 'pending' };
}

// A wallet that both made and would pay an invoice shows one side only. While nobody has paid, the other side has not moved either;
// once somebody has, it may have been ourselves.
const OPPOSITE = { incoming: 'outgoing', outgoing: 'incoming' } as const;

function readSettled({ amount, preimage }: LookedUp, paymentHash: Hex, direction: 'incoming' | 'outgoing'): Observation {
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) return { kind: 'unknown' };
  const amountMsat = BigInt(amount);
  if (isPreimage(preimage, paymentHash)) return { kind: 'settled', amountMsat, preimage };
  return direction === 'outgoing' ? { kind: 'unknown' } : { kind: 'settled', amountMsat };
}

function isPreimage(value: unknown, paymentHash: Hex): value is Hex {
  return isHex32(value) && sha256Hex(Buffer.from(value, 'hex')) === paymentHash;
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}

function readAmount(amount: number): Msat {
  if (Number.isSafeInteger(amount) && amount >= 0) return BigInt(amount);
  throw new NegotiateError('wallet/refused', 'The wallet named no balance that can be understood. Connect another one.');
}

// NIP-47 writes amounts as JSON numbers.
function toNumber(amountMsat: Msat): number {
  if (amountMsat > 0n && amountMsat <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(amountMsat);
  throw new NegotiateError('input/invalid', 'A wallet cannot make an invoice of this amount. Name another one.');
}
