// The sandbox's service when things go wrong: orders handed out again, requests that make no sense, a disk that fails.

import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { hexToBytes, sha256, sha256Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import { createRelayPool, type RelayPool } from '../../nostr/relayPool.ts';
import { createKeySigner, type Signer } from '../../nostr/signer.ts';
import { startRelay, type RunningRelay } from '../../relay/startRelay.ts';
import { openNwcRail } from '../nwcRail.ts';
import type { Rail } from '../rail.ts';
import { parseWalletUrl } from '../walletUrl.ts';
import { MAX_ISSUED_MSAT } from './ledger.ts';
import { startSandbox, type Sandbox } from './startSandbox.ts';

const order = { amountMsat: 700n, description: 'it', descriptionHash: sha256Hex('it'), expiryS: 600 };
const now = (): number => Math.floor(Date.now() / 1_000);
const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-service-'));
const ends: (() => Promise<void>)[] = [];
let relay: RunningRelay;
let pool: RelayPool;
beforeAll(async () => {
  relay = await startRelay();
  pool = createRelayPool({ clock: { now } });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(async () => {
  pool.close();
  await relay.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openSandbox(file?: string): Promise<Sandbox> {
  const sandbox = await startSandbox({ relay: relay.url, ...(file === undefined ? {} : { file }) });
  ends.push(() => sandbox.close());
  return sandbox;
}

function open(url: string, timeoutMs = 3_000): Rail {
  const rail = openNwcRail(url, { timeoutMs, payTimeoutMs: timeoutMs });
  ends.push(() => rail.close());
  return rail;
}

/** A request as the wallet's client signs it; `plain` goes out as it is. */
async function request(url: string, call: unknown, { tags = [], plain }: { tags?: string[][]; plain?: string } = {}): Promise<NostrEvent> {
  const { walletPubkey, secret } = parseWalletUrl(url);
  const client = createKeySigner(hexToBytes(secret));
  return signRequest(client, walletPubkey, plain ?? (await client.encrypt(walletPubkey, JSON.stringify(call))), tags);
}

function signRequest(client: Signer, service: string, content: string, tags: string[][] = []): Promise<NostrEvent> {
  return client.signEvent({ kind: 23_194, created_at: now(), tags: [['p', service], ...tags], content });
}

async function send(event: NostrEvent): Promise<void> {
  await pool.publish([relay.url], event, { purpose: 'lookup' });
}

it('does not carry out later what it has refused, though the same request comes again, also to the next process', async () => {
  const file = join(folder, 'refused.json');
  let sandbox = await openSandbox(file);
  const [poorUrl, richUrl] = [await sandbox.createWallet(0n), await sandbox.createWallet(10_000n)];
  const [poor, rich] = [open(poorUrl), open(richUrl)];
  const balances = async (): Promise<readonly bigint[]> => [await poor.balance(), await rich.balance()];
  const ordered = await request(poorUrl, { method: 'pay_invoice', params: { invoice: await rich.makeInvoice(order) } });
  await send(ordered);
  expect(await balances()).toEqual([0n, 10_000n]);
  expect(await rich.pay(await poor.makeInvoice({ ...order, amountMsat: 5_000n }))).toMatchObject({ kind: 'settled' });
  await send(ordered);
  expect(await balances()).toEqual([5_000n, 5_000n]);
  await sandbox.close();
  sandbox = await openSandbox(file);
  await send(ordered);
  expect(await balances()).toEqual([5_000n, 5_000n]);
  expect(sandbox.isConserved()).toBe(true);
});

it('goes on after requests that make no sense', async () => {
  const sandbox = await openSandbox();
  const url = await sandbox.createWallet(10_000n);
  const { walletPubkey } = parseWalletUrl(url);
  const make = (params: unknown): unknown => ({ method: 'make_invoice', params });
  const calls: readonly unknown[] = [
    ...[null, 5, [], {}, 'x', { method: 5 }, { method: 'get_balance', params: null }, { method: 'no'.repeat(5_000) }],
    ...[make(undefined), make({ amount: '5' }), make({ amount: 0.5 }), make({ amount: -1 }), make({ amount: 2 ** 60 })],
    // Longer than an invoice can hold, in bytes, and what UTF-8 cannot write.
    ...[make({ amount: 5, description: 'x'.repeat(640) }), make({ amount: 5, description: 'é'.repeat(400) })],
    ...[make({ amount: 5, description: '\ud800' }), make({ amount: 5, description_hash: 'yes' }), make({ amount: 5, expiry: 0 })],
    ...[
      { method: 'pay_invoice', params: { invoice: 5 } },
      { method: 'pay_invoice', params: { invoice: 'lnbcrt1' } },
    ],
    ...[
      { method: 'lookup_invoice', params: {} },
      { method: 'lookup_invoice', params: { payment_hash: 'x', invoice: [] } },
    ],
  ];
  for (const call of calls) await send(await request(url, call));
  for (const plain of ['', 'garbage', '{}', 'A'.repeat(200)]) await send(await request(url, {}, { plain }));
  await send(await signRequest(createKeySigner(sha256('stranger')), walletPubkey, 'garbage'));
  expect(await open(url).balance()).toBe(10_000n);
  expect(sandbox.ledger().invoices.size).toBe(0);
  await send(await request(url, make({ amount: 5, description: 'x'.repeat(639) })));
  await expect.poll(() => sandbox.ledger().invoices.size).toBe(1);
});

it('leaves out requests that have expired', async () => {
  let aheadS = 0;
  const sandbox = await startSandbox({ relay: relay.url, clock: { now: () => now() + aheadS } });
  ends.push(() => sandbox.close());
  const url = await sandbox.createWallet(0n);
  // The relay lets these pass; it is the service's clock that is later.
  aheadS = 100;
  await send(await request(url, { method: 'make_invoice', params: { amount: 5 } }, { tags: [['expiration', `${now() + 50}`]] }));
  expect(await open(url).balance()).toBe(0n);
  expect(sandbox.ledger().invoices.size).toBe(0);
  aheadS = 0;
  await send(await request(url, { method: 'make_invoice', params: { amount: 5 } }, { tags: [['expiration', `${now() + 60}`]] }));
  await expect.poll(() => sandbox.ledger().invoices.size).toBe(1);
});

it('does nothing that it cannot save, and goes on once it can', async () => {
  const [place, aside] = [join(folder, 'disk'), join(folder, 'aside')];
  mkdirSync(place);
  const sandbox = await openSandbox(join(place, 'sandbox.json'));
  const [payerUrl, payeeUrl] = [await sandbox.createWallet(10_000n), await sandbox.createWallet(0n)];
  const [payer, payee] = [open(payerUrl, 700), open(payeeUrl)];
  const invoice = await payee.makeInvoice(order);
  expect(await payer.balance()).toBe(10_000n);
  renameSync(place, aside);
  expect(await payer.pay(invoice)).toEqual({ kind: 'unknown' });
  expect([...sandbox.ledger().accounts.values()]).toEqual([10_000n, 0n]);
  renameSync(aside, place);
  expect(await payer.pay(invoice)).toMatchObject({ kind: 'settled' });
  expect([...sandbox.ledger().accounts.values()]).toEqual([9_300n, 700n]);
});

it('grants no more than its file and its answers can say', async () => {
  const file = join(folder, 'grants.json');
  const sandbox = await openSandbox(file);
  const url = await sandbox.createWallet(MAX_ISSUED_MSAT);
  for (const grant of [1n, 10n ** 30n, -1n]) await expect(sandbox.createWallet(grant)).rejects.toMatchObject({ code: 'input/invalid' });
  await sandbox.close();
  await openSandbox(file);
  expect(await open(url).balance()).toBe(MAX_ISSUED_MSAT);
});

it('knows its wallets again by their URLs, at the relay of now, and no others', async () => {
  const file = join(folder, 'known.json');
  const [sandbox, stranger] = [await openSandbox(file), await openSandbox(join(folder, 'stranger.json'))];
  const [url, other] = [await sandbox.createWallet(5n), await stranger.createWallet(5n)];
  await sandbox.close();
  const again = await openSandbox(file);
  expect(again.findWallet(url)).toEqual({ url, balanceMsat: 5n });
  const moved = url.replace(encodeURIComponent(relay.url), encodeURIComponent('ws://127.0.0.1:1'));
  expect([moved === url, again.findWallet(moved)?.url]).toEqual([false, url]);
  const unknown = url.replace(/secret=.*/, `secret=${'1'.repeat(64)}`);
  expect([other, unknown, 'my notes', ''].map((text) => again.findWallet(text))).toEqual([undefined, undefined, undefined, undefined]);
});
