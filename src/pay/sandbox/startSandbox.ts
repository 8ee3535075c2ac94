// The sandbox: wallets of play money behind a NIP-47 service on a relay, to try everything out and to test with.

import { bytesToHex, hexToBytes, type Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import type { Msat } from '../../core/money.ts';
import type { Clock, Rng } from '../../core/ports.ts';
import { tagValue, type NostrEvent } from '../../nostr/event.ts';
import { createRelayPool, type RelayPool } from '../../nostr/relayPool.ts';
import { publicKeyOf } from '../../nostr/schnorr.ts';
import { createKeySigner, type Signer } from '../../nostr/signer.ts';
import { randomBytes } from 'node:crypto';
import { formatWalletUrl, parseWalletUrl, type WalletUrl } from '../walletUrl.ts';
import { applyLedger, isConserved, type Ledger } from './ledger.ts';
import { openSandboxStore, type SandboxStore } from './ledgerFile.ts';
import { answerWallet, WALLET_METHODS, WALLET_ORDERS } from './walletMethods.ts';

/** Where a sandbox is reached and kept. */
export interface SandboxOptions {
  /** URL of the relay that carries requests and answers. */
  readonly relay: string;
  /** File that keeps the ledger; memory by default. */
  readonly file?: string;
  readonly clock?: Clock;
  readonly rng?: Rng;
}

/** A wallet that was made before. `url` is a secret. */
export interface FoundWallet {
  readonly url: string;
  readonly balanceMsat: Msat;
}

/** A sandbox that runs. */
export interface Sandbox {
  /** Makes a wallet with so much play money and returns its URL, which is a secret. */
  readonly createWallet: (grantMsat: Msat) => Promise<string>;
  /** A wallet of this sandbox by its URL: what it holds, and its URL at the relay of now. Undefined for any other text. */
  readonly findWallet: (url: string) => FoundWallet | undefined;
  /** Everything there is: accounts by public key, and all that was ever granted. */
  readonly ledger: () => Ledger;
  /** True while no play money was made or lost. */
  readonly isConserved: () => boolean;
  readonly close: () => Promise<void>;
}

const INFO_KIND = 13_194;
const REQUEST_KIND = 23_194;
const RESPONSE_KIND = 23_195;
const READY_MS = 10_000;
// A request that lay about for longer has been given up by whoever sent it.
const OLDEST_REQUEST_S = 60;

const systemClock: Clock = { now: () => Math.floor(Date.now() / 1_000) };
const systemRng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) };

interface Service {
  readonly relay: string;
  readonly pool: RelayPool;
  readonly signer: Signer;
  readonly store: SandboxStore;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** Starts a sandbox. Throws `relay/unreachable` when the relay does not answer, `store/corrupt`, `store/unavailable`. */
export async function startSandbox({ relay, file, clock = systemClock, rng = systemRng }: SandboxOptions): Promise<Sandbox> {
  const store = openSandboxStore(file, () => bytesToHex(rng.bytes(32)));
  const signer = createKeySigner(hexToBytes(store.read().secret));
  const pool = createRelayPool({ clock, rng });
  const service: Service = { relay, pool, signer, store, clock, rng };
  const stop = new AbortController();
  const { ready, ended } = serve(service, stop.signal);
  const close = async (): Promise<void> => {
    stop.abort();
    await ended;
    pool.close();
  };
  if (!(await ready) || !(await announce(service))) {
    await close();
    throw new NegotiateError('relay/unreachable', 'The relay for the sandbox’s wallets did not answer. Check its URL and that it runs.');
  }
  return {
    createWallet: async (grantMsat) => createWallet(service, grantMsat),
    findWallet: (url) => findWallet(service, url),
    ledger: () => store.read().ledger,
    isConserved: () => isConserved(store.read().ledger),
    close,
  };
}

function createWallet({ relay, signer, store, rng }: Service, grantMsat: Msat): string {
  const secret = rng.bytes(32);
  const applied = applyLedger(store.read().ledger, { kind: 'open', account: publicKeyOf(secret), grantMsat });
  if (applied.kind === 'refused')
    throw new NegotiateError('input/invalid', 'A wallet cannot be made with this amount. Name a smaller one, of at least 0 sats.');
  store.save(applied.ledger);
  return formatWalletUrl({ relays: [relay], walletPubkey: signer.pubkey, secret: bytesToHex(secret) });
}

function findWallet({ relay, signer, store }: Service, text: string): FoundWallet | undefined {
  const address = readUrl(text);
  if (address?.walletPubkey !== signer.pubkey) return undefined;
  const balanceMsat = store.read().ledger.accounts.get(publicKeyOf(hexToBytes(address.secret)));
  return balanceMsat === undefined ? undefined : { url: formatWalletUrl({ ...address, relays: [relay] }), balanceMsat };
}

function readUrl(text: string): WalletUrl | undefined {
  try {
    return parseWalletUrl(text);
  } catch {
    return undefined;
  }
}

async function announce({ relay, pool, signer, clock }: Service): Promise<boolean> {
  const tags = [['encryption', 'nip44_v2']];
  const event = await signer.signEvent({ kind: INFO_KIND, created_at: clock.now(), tags, content: WALLET_METHODS.join(' ') });
  const outcomes = await pool.publish([relay], event, { purpose: 'lookup' });
  return outcomes.some(({ outcome }) => outcome === 'accepted' || outcome === 'duplicate');
}

/** Answers requests, one after the other. `ready` tells whether the relay has taken the subscription. */
function serve(service: Service, signal: AbortSignal): { readonly ready: Promise<boolean>; readonly ended: Promise<void> } {
  const ready = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => ready.resolve(false), READY_MS);
  const filter = { kinds: [REQUEST_KIND], '#p': [service.signer.pubkey], since: service.clock.now() - OLDEST_REQUEST_S };
  const run = async (): Promise<void> => {
    for await (const item of service.pool.subscribe([service.relay], [filter], { purpose: 'lookup', signal })) {
      if (item.type === 'eose') ready.resolve(true);
      // A fault, such as a full disk, costs this request its answer and nobody the service.
      if (item.type === 'event') await answer(service, item.event).catch(() => undefined);
    }
  };
  const ended = run()
    .catch(() => undefined)
    .finally(() => {
      clearTimeout(timer);
      ready.resolve(false);
    });
  return { ready: ready.promise.finally(() => clearTimeout(timer)), ended };
}

/** Answers one request. The same request again gets the same answer and has no other effect. */
async function answer(service: Service, request: NostrEvent): Promise<void> {
  const known = service.store.read().answers.get(request.id);
  const text = known ?? (await execute(service, request));
  if (text !== undefined) await respond(service, request, text);
}

async function execute(service: Service, request: NostrEvent): Promise<string | undefined> {
  const { store, signer, clock, rng } = service;
  const expiration = tagValue(request, 'expiration');
  // What cannot be read has expired, too.
  if (expiration !== undefined && !(Number(expiration) > clock.now())) return undefined;
  const call = await readCall(signer, request);
  if (call === undefined) return undefined;
  const { ledger, secret } = store.read();
  const { ledger: next, answer: result } = answerWallet({ ledger, secret, clock, rng }, { account: request.pubkey, ...call });
  const text = JSON.stringify(result);
  // A refusal is remembered like a payment: the same request, handed out again when there is money, must not pay after all.
  const isOrder = WALLET_ORDERS.has(call.method) && ledger.accounts.has(request.pubkey);
  if (isOrder || next !== ledger) store.save(next, { request: request.id, text });
  return text;
}

async function readCall(
  signer: Signer,
  { pubkey, content }: NostrEvent,
): Promise<{ readonly method: string; readonly params: unknown } | undefined> {
  try {
    const call = JSON.parse(await signer.decrypt(pubkey, content)) as unknown;
    if (typeof call !== 'object' || call === null || !('method' in call) || typeof call.method !== 'string') return undefined;
    return { method: call.method, params: 'params' in call ? call.params : {} };
  } catch {
    // Not NIP-44, not for us, not JSON: whoever sent it cannot be told.
    return undefined;
  }
}

async function respond({ relay, pool, signer, clock }: Service, request: NostrEvent, text: string): Promise<void> {
  const client: Hex = request.pubkey;
  const tags = [
    ['p', client],
    ['e', request.id],
  ];
  const content = await signer.encrypt(client, text);
  const event = await signer.signEvent({ kind: RESPONSE_KIND, created_at: clock.now(), tags, content });
  await pool.publish([relay], event, { purpose: 'lookup' });
}
