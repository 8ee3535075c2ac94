// Wallets over a real relay: the sandbox's, and one that answers as it pleases.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesToHex, hexToBytes, sha256, sha256Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { createRelayPool, type RelayPool } from '../nostr/relayPool.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { startRelay, type RunningRelay } from '../relay/startRelay.ts';
import { decodeBolt11, encodeBolt11 } from './bolt11.ts';
import { openNwcRail } from './nwcRail.ts';
import type { Rail } from './rail.ts';
import { startSandbox, type Sandbox } from './sandbox/startSandbox.ts';
import { formatWalletUrl, parseWalletUrl } from './walletUrl.ts';

const AMOUNT = 700_000n;
const purpose = { description: 'what it is for', descriptionHash: sha256Hex('what it is for') };
const preimage = sha256Hex('preimage');
const paymentHash = sha256Hex(hexToBytes(preimage));
const publicKey = publicKeyOf(hexToBytes(preimage));
const now = (): number => Math.floor(Date.now() / 1_000);

let relay: RunningRelay;
let pool: RelayPool;
const rails: Rail[] = [];
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  relay = await startRelay({ requireAuthForGiftWraps: true });
  pool = createRelayPool({ clock: { now } });
});
afterEach(async () => {
  await Promise.all(rails.splice(0).map((rail) => rail.close()));
  for (const end of ends.splice(0)) await end();
});
afterAll(async () => {
  pool.close();
  await relay.close();
});

function open(url: string, options = {}): Rail {
  const rail = openNwcRail(url, { timeoutMs: 3_000, payTimeoutMs: 3_000, ...options });
  rails.push(rail);
  return rail;
}

async function openSandbox(more: object = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ relay: relay.url, ...more });
  ends.push(() => sandbox.close());
  return sandbox;
}

function hashOf(invoice: string): string {
  const decoded = decodeBolt11(invoice);
  return decoded.kind === 'ok' ? decoded.invoice.paymentHash : '';
}

const order = { amountMsat: AMOUNT, ...purpose, expiryS: 60 };

describe('a wallet of the sandbox', () => {
  it('says that it is test money, and whose invoices it signs', async () => {
    const sandbox = await openSandbox();
    const rail = open(await sandbox.createWallet(5_000n));
    const info = await rail.describe();
    expect(info).toMatchObject({ id: 'sandbox', isTestMoney: true });
    expect(await rail.balance()).toBe(5_000n);
    const decoded = decodeBolt11(await rail.makeInvoice(order));
    expect(decoded).toMatchObject({
      kind: 'ok',
      invoice: { network: 'bcrt', amountMsat: AMOUNT, descriptionHash: purpose.descriptionHash, expiryS: 60, payee: info.payee },
    });
  });

  it('pays an invoice once, however many tell it to at once, and both sides can look it up', async () => {
    const sandbox = await openSandbox();
    const [payerUrl, payeeUrl] = [await sandbox.createWallet(10_000_000n), await sandbox.createWallet(0n)];
    const [first, second, payee] = [open(payerUrl), open(payerUrl), open(payeeUrl)];
    const invoice = await payee.makeInvoice(order);
    const hash = hashOf(invoice);
    expect(await payee.lookUp(hash, 'incoming')).toEqual({ kind: 'pending' });
    expect(await first.lookUp(hash, 'outgoing')).toEqual({ kind: 'not-found' });
    const outcomes = await Promise.all([first.pay(invoice), second.pay(invoice), first.pay(invoice)]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'settled' });
    expect(new Set(outcomes.map((each) => (each.kind === 'settled' ? each.preimage : ''))).size).toBe(1);
    expect(await payee.lookUp(hash, 'incoming')).toMatchObject({ kind: 'settled', amountMsat: AMOUNT });
    expect(await first.lookUp(hash, 'outgoing')).toMatchObject({ kind: 'settled', amountMsat: AMOUNT });
    expect([await first.balance(), await payee.balance()]).toEqual([10_000_000n - AMOUNT, AMOUNT]);
    expect(sandbox.isConserved()).toBe(true);
  });

  it('refuses what it cannot pay, clearly', async () => {
    const sandbox = await openSandbox();
    const [poor, payee, third] = [
      open(await sandbox.createWallet(10n)),
      open(await sandbox.createWallet(0n)),
      open(await sandbox.createWallet(0n)),
    ];
    const invoice = await payee.makeInvoice(order);
    expect(await poor.pay(invoice)).toEqual({ kind: 'failed', reason: 'insufficient-balance' });
    expect(await payee.pay(invoice)).toEqual({ kind: 'failed', reason: 'payment-failed' });
    // The same hash in an invoice of somebody else's.
    const forged = encodeBolt11(
      {
        network: 'bcrt',
        amountMsat: 5n,
        timestamp: now(),
        expiryS: 60,
        paymentHash: hashOf(invoice),
        description: '',
        paymentSecret: preimage,
      },
      sha256('x'),
    );
    expect(await poor.pay(forged)).toEqual({ kind: 'failed', reason: 'payment-failed' });
    expect(await poor.pay('lnbcrt1')).toEqual({ kind: 'unknown' });
    expect(await third.lookUp(hashOf(invoice), 'incoming')).toEqual({ kind: 'not-found' });
    await expect(payee.makeInvoice({ ...order, amountMsat: 0n })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(payee.makeInvoice({ ...order, amountMsat: 10n ** 17n })).rejects.toMatchObject({ code: 'input/invalid' });
    expect(sandbox.isConserved()).toBe(true);
  });

  it('pays no invoice that has ended', async () => {
    let time = now();
    const sandbox = await openSandbox({ clock: { now: () => time } });
    const [payer, payee] = [open(await sandbox.createWallet(10_000_000n)), open(await sandbox.createWallet(0n))];
    const invoice = await payee.makeInvoice(order);
    time += 61;
    expect(await payer.pay(invoice)).toEqual({ kind: 'failed', reason: 'payment-failed' });
    expect(await payee.lookUp(hashOf(invoice), 'incoming')).toEqual({ kind: 'expired' });
  });

  it('executes one request once, though a relay hands it out again and again', async () => {
    const sandbox = await openSandbox();
    const [url, payee] = [await sandbox.createWallet(10_000_000n), open(await sandbox.createWallet(0n))];
    const { walletPubkey, secret } = parseWalletUrl(url);
    const client = createKeySigner(hexToBytes(secret));
    const ask = async (method: string, params: object): Promise<NostrEvent> => {
      const content = await client.encrypt(walletPubkey, JSON.stringify({ method, params }));
      return client.signEvent({ kind: 23_194, created_at: now(), tags: [['p', walletPubkey]], content });
    };
    const made = await ask('make_invoice', { amount: 5 });
    for (let i = 0; i < 3; i += 1) await pool.publish([relay.url], made, { purpose: 'lookup' });
    const request = await ask('pay_invoice', { invoice: await payee.makeInvoice(order) });
    for (let i = 0; i < 3; i += 1) await pool.publish([relay.url], request, { purpose: 'lookup' });
    await expect.poll(() => [...sandbox.ledger().accounts.values()]).toEqual([10_000_000n - AMOUNT, AMOUNT]);
    expect(sandbox.ledger().invoices.size).toBe(2);
  });

  it('keeps its ledger in a file: who was not answered asks the next process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-sandbox-'));
    ends.push(async () => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'sandbox.json');
    const before = await startSandbox({ relay: relay.url, file });
    const [payer, payee] = [open(await before.createWallet(10_000_000n), { payTimeoutMs: 500 }), open(await before.createWallet(0n))];
    const invoice = await payee.makeInvoice(order);
    expect(await payer.balance()).toBe(10_000_000n);
    await before.close();
    expect(await payer.pay(invoice)).toEqual({ kind: 'unknown' });
    const after = await openSandbox({ file });
    // Nobody has kept the order, and the wallet says so; the same invoice can still be paid.
    expect(await payer.lookUp(hashOf(invoice), 'outgoing')).toEqual({ kind: 'not-found' });
    expect(await payer.pay(invoice)).toMatchObject({ kind: 'settled' });
    expect([...after.ledger().accounts.values()]).toEqual([10_000_000n - AMOUNT, AMOUNT]);
    expect(after.isConserved()).toBe(true);
  });

  it('does not know keys that it has not made', async () => {
    const sandbox = await openSandbox();
    const { relays, walletPubkey } = parseWalletUrl(await sandbox.createWallet(5n));
    const rail = open(formatWalletUrl({ relays, walletPubkey, secret: sha256Hex('stranger') }));
    await expect(rail.balance()).rejects.toMatchObject({ code: 'wallet/refused' });
    expect(await rail.pay('lnbcrt1')).toEqual({ kind: 'failed', reason: 'refused' });
  });
});

/** A wallet service that answers each request with what `reply` makes of it: an object, a text, or nothing. */
async function openFakeWallet(reply: (call: { method: string; params: Record<string, unknown> }) => Promise<unknown>): Promise<string> {
  const service = createKeySigner(sha256(`service ${Math.random()}`));
  const secret = sha256(`client ${Math.random()}`);
  const stop = new AbortController();
  const info = { kind: 13_194, created_at: now(), tags: [['encryption', 'nip44_v2']], content: 'pay_invoice' };
  await pool.publish([relay.url], await service.signEvent(info), { purpose: 'lookup' });
  const ready = Promise.withResolvers<void>();
  const answer = async ({ id, pubkey, content }: NostrEvent): Promise<void> => {
    const said = await reply(JSON.parse(await service.decrypt(pubkey, content)) as never);
    if (said === undefined) return;
    const isRaw = said instanceof Uint8Array;
    const text = isRaw
      ? Buffer.from(said).toString()
      : await service.encrypt(pubkey, typeof said === 'string' ? said : JSON.stringify(said));
    const tags = [
      ['p', pubkey],
      ['e', id],
    ];
    await pool.publish([relay.url], await service.signEvent({ kind: 23_195, created_at: now(), tags, content: text }), {
      purpose: 'lookup',
    });
  };
  const run = async (): Promise<void> => {
    const filter = { kinds: [23_194], '#p': [service.pubkey], since: now() - 5 };
    for await (const item of pool.subscribe([relay.url], [filter], { purpose: 'lookup', signal: stop.signal })) {
      if (item.type === 'eose') ready.resolve();
      if (item.type === 'event') void answer(item.event);
    }
  };
  const ended = run();
  await ready.promise;
  ends.push(async () => {
    stop.abort();
    await ended;
  });
  expect(publicKeyOf(secret)).toHaveLength(64);
  return formatWalletUrl({ relays: [relay.url], walletPubkey: service.pubkey, secret: bytesToHex(secret) });
}

const invoice = encodeBolt11(
  {
    network: 'bcrt',
    amountMsat: AMOUNT,
    timestamp: now(),
    expiryS: 60,
    paymentHash,
    ...{ descriptionHash: purpose.descriptionHash },
    paymentSecret: preimage,
  },
  sha256('node'),
);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a wallet that answers a payment', () => {
  const error = (code: string): object => ({ result_type: 'pay_invoice', error: { code, message: 'no' }, result: null });
  it.each<[string, unknown, object]>([
    ['with the preimage', { result_type: 'pay_invoice', result: { preimage } }, { kind: 'settled', preimage }],
    ['with another preimage', { result_type: 'pay_invoice', result: { preimage: sha256Hex('wrong') } }, { kind: 'unknown' }],
    ['with no hex', { result_type: 'pay_invoice', result: { preimage: 'yes' } }, { kind: 'unknown' }],
    ['with no preimage', { result_type: 'pay_invoice', result: {} }, { kind: 'unknown' }],
    ['with nothing in it', {}, { kind: 'unknown' }],
    ['with no object', '5', { kind: 'unknown' }],
    ['with null', 'null', { kind: 'unknown' }],
    ['with no JSON', 'garbage', { kind: 'unknown' }],
    ['without encryption', new TextEncoder().encode('garbage'), { kind: 'unknown' }],
    ['with too little money', error('INSUFFICIENT_BALANCE'), { kind: 'failed', reason: 'insufficient-balance' }],
    ['with a limit', error('QUOTA_EXCEEDED'), { kind: 'failed', reason: 'refused' }],
    ['with a failure', error('PAYMENT_FAILED'), { kind: 'failed', reason: 'payment-failed' }],
    ['with a fault of its own', error('INTERNAL'), { kind: 'unknown' }],
    ['with another fault', error('OTHER'), { kind: 'unknown' }],
    ['with a code that nobody knows', error('SURPRISE'), { kind: 'unknown' }],
    ['never', undefined, { kind: 'unknown' }],
  ])('%s', async (_, said, outcome) => {
    const rail = open(await openFakeWallet(async () => said), { payTimeoutMs: 700 });
    expect(await rail.pay(invoice)).toEqual(outcome);
  });

  it('late: it is unknown by then, and the truth when it is asked', async () => {
    let isPaid = false;
    const rail = open(
      await openFakeWallet(async ({ method }) => {
        if (method === 'lookup_invoice')
          return {
            result_type: method,
            result: {
              type: 'outgoing',
              state: isPaid ? 'settled' : 'pending',
              amount: 700_000,
              preimage,
              payment_hash: paymentHash,
              invoice,
            },
          };
        await wait(600);
        isPaid = true;
        return { result_type: method, result: { preimage } };
      }),
      { payTimeoutMs: 200 },
    );
    expect(await rail.pay(invoice)).toEqual({ kind: 'unknown' });
    expect(await rail.lookUp(paymentHash, 'outgoing')).toEqual({ kind: 'pending' });
    await expect.poll(() => rail.lookUp(paymentHash, 'outgoing')).toEqual({ kind: 'settled', amountMsat: AMOUNT, preimage });
  });

  it('prints nothing of what it was told or says, and throws nothing of it', async () => {
    const printed: unknown[] = [];
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation((...values) => void printed.push(...values)),
    );
    const url = await openFakeWallet(async () => error('PAYMENT_FAILED'));
    // A fresh copy, which finds the console as it is now.
    vi.resetModules();
    const { openNwcRail: openFresh } = await import('./nwcRail.ts');
    const rail = openFresh(url, { timeoutMs: 3_000 });
    rails.push(rail);
    await rail.pay(invoice);
    const failure = await rail.balance().then(
      () => '',
      (thrown: unknown) => String(thrown),
    );
    console.error('seen');
    for (const spy of spies) spy.mockRestore();
    expect(printed).toEqual(['seen']);
    expect(failure).not.toContain(parseWalletUrl(url).secret);
    expect(failure).toContain('The wallet refused.');
  });
});

describe('a wallet that is asked about a payment', () => {
  // The library takes no answer without the invoice in it.
  const found = { type: 'outgoing', state: 'settled', amount: 700_000, preimage, payment_hash: paymentHash, invoice };
  it.each<[string, unknown, 'incoming' | 'outgoing', object]>([
    ['and it is settled', found, 'outgoing', { kind: 'settled', amountMsat: AMOUNT, preimage }],
    ['and shows no preimage to the payer', { ...found, preimage: undefined }, 'outgoing', { kind: 'unknown' }],
    ['and shows a wrong preimage', { ...found, preimage: sha256Hex('wrong') }, 'outgoing', { kind: 'unknown' }],
    ['and has come in', { ...found, type: 'incoming', preimage: undefined }, 'incoming', { kind: 'settled', amountMsat: AMOUNT }],
    ['and shows the payee its own preimage, unpaid', { ...found, type: 'incoming', state: 'pending' }, 'incoming', { kind: 'pending' }],
    [
      'and names no state, but a time',
      { ...found, state: undefined, settled_at: 5 },
      'outgoing',
      { kind: 'settled', amountMsat: AMOUNT, preimage },
    ],
    ['and names neither', { ...found, state: undefined }, 'outgoing', { kind: 'pending' }],
    ['and it is another one', { ...found, payment_hash: sha256Hex('other') }, 'outgoing', { kind: 'unknown' }],
    ['and it goes the other way', { ...found, type: 'incoming', state: 'pending' }, 'outgoing', { kind: 'not-found' }],
    // Who paid it is not said: it may have been this wallet.
    ['and it went the other way', { ...found, type: 'incoming' }, 'outgoing', { kind: 'unknown' }],
    ['and it came from here', { ...found, type: 'outgoing' }, 'incoming', { kind: 'unknown' }],
    ['and it goes neither way', { ...found, type: 'sideways', state: 'pending' }, 'outgoing', { kind: 'unknown' }],
    [
      'and writes null for what it does not know',
      { ...found, type: null, state: null, payment_hash: null, settled_at: 5 },
      'outgoing',
      { kind: 'settled', amountMsat: AMOUNT, preimage },
    ],
    ['and has no time either', { ...found, type: null, state: null, settled_at: null }, 'outgoing', { kind: 'pending' }],
    ['and the amount is none', { ...found, amount: '700000' }, 'outgoing', { kind: 'unknown' }],
    ['and it failed', { ...found, state: 'failed' }, 'outgoing', { kind: 'failed' }],
    ['and it expired', { ...found, state: 'expired' }, 'outgoing', { kind: 'expired' }],
  ])('%s', async (_, result, direction, observation) => {
    const rail = open(await openFakeWallet(async () => ({ result_type: 'lookup_invoice', result })));
    expect(await rail.lookUp(paymentHash, direction)).toEqual(observation);
  });

  it('says that it knows nothing of it, or says nothing', async () => {
    const unknown = open(await openFakeWallet(async () => ({ result_type: 'lookup_invoice', error: { code: 'NOT_FOUND', message: '' } })));
    expect(await unknown.lookUp(paymentHash, 'outgoing')).toEqual({ kind: 'not-found' });
    const silent = open(await openFakeWallet(async () => undefined), { timeoutMs: 500 });
    expect(await silent.lookUp(paymentHash, 'outgoing')).toEqual({ kind: 'unknown' });
    await expect(silent.describe()).rejects.toMatchObject({ code: 'wallet/unreachable' });
  });

  it('names the purpose in words where it knows no description hashes', async () => {
    const orders: Record<string, unknown>[] = [];
    const url = await openFakeWallet(async ({ method, params }) => {
      orders.push(params);
      if ('description_hash' in params) return { result_type: method, error: { code: 'OTHER', message: 'no' } };
      return { result_type: method, result: { invoice } };
    });
    expect(await open(url).makeInvoice(order)).toBe(invoice);
    expect(orders.map((params) => 'description_hash' in params)).toEqual([true, false]);
  });

  it.each<[string, unknown, unknown, object]>([
    ['Lightning', 'Alby', 'mainnet', { id: 'nwc', isTestMoney: false }],
    ['Lightning, in capitals', 'Alby', 'MAINNET', { id: 'nwc', isTestMoney: false }],
    ['Lightning, by its old name', 'Alby', 'bitcoin', { id: 'nwc', isTestMoney: false }],
    ['nothing that is named', 'Alby', undefined, { id: 'nwc', isTestMoney: false }],
    ['nothing that can be read', 5, 5, { id: 'nwc', isTestMoney: false }],
    ['a test network', 'Alby', 'signet', { id: 'nwc', isTestMoney: true }],
    ['somebody else’s play money', 'Alby', 'regtest', { id: 'nwc', isTestMoney: true }],
    ['real, whatever it is called', 'SANDBOX, worthless', 'mainnet', { id: 'nwc', isTestMoney: false }],
  ])('tells what its money is: %s', async (_, alias, network, info) => {
    const result = { alias, network, methods: [], pubkey: 'none' };
    const rail = open(await openFakeWallet(async () => ({ result_type: 'get_info', result })));
    expect(await rail.describe()).toEqual(info);
  });

  it('whose relay is not there says so', async () => {
    const rail = open(formatWalletUrl({ relays: ['ws://127.0.0.1:9'], walletPubkey: publicKey, secret: preimage }), {
      timeoutMs: 500,
      payTimeoutMs: 500,
    });
    await expect(rail.balance()).rejects.toMatchObject({ code: 'wallet/unreachable' });
    expect(await rail.pay(invoice)).toEqual({ kind: 'unknown' });
  });
});

/** A process that opens a wallet, orders a payment, and closes it ends by itself: no timer of a library is left to wait for. */
async function expectEnd(url: string, isAwaited: boolean): Promise<void> {
  const program = `
    import { openNwcRail } from ${JSON.stringify(new URL('nwcRail.ts', import.meta.url).href)};
    const rail = openNwcRail(${JSON.stringify(url)}, { payTimeoutMs: ${isAwaited ? 300 : 30_000} });
    const paying = rail.pay(${JSON.stringify(invoice)});
    await ${isAwaited ? 'paying' : 'new Promise((resolve) => setTimeout(resolve, 600))'};
    await rail.close();
    // A socket that was being opened has a moment to go; a library that goes on waiting has half a minute.
    const countTimers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    for (const endsAt = Date.now() + 5_000; countTimers() > 0 && Date.now() < endsAt; ) await new Promise((resolve) => setImmediate(resolve));
    console.log((await paying).kind, countTimers());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  expect([said, code]).toEqual(['unknown 0\n', 0]);
}

describe('a wallet that is closed', () => {
  it.each([
    ['after an order that it did not answer', true],
    ['before it has answered', false],
  ])('lets the process end, %s', async (_, isAwaited) => {
    await expectEnd(await openFakeWallet(async () => undefined), isAwaited);
  });

  it('lets the process end while its relay has not taken the connection', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const url = formatWalletUrl({ relays: [`ws://127.0.0.1:${port}`], walletPubkey: publicKey, secret: preimage });
    await expectEnd(url, true);
    await expectEnd(url, false);
    expect(sockets.length).toBeGreaterThan(0);
  });

  it('sends nothing any more, and can be opened again', async () => {
    const asked: string[] = [];
    const url = await openFakeWallet(async ({ method }) => {
      asked.push(method);
      return method === 'get_balance' ? { result_type: method, result: { balance: 5 } } : undefined;
    });
    const rail = open(url, { payTimeoutMs: 20_000 });
    // Closed before there is a connection, and then at each turn that the making of a request takes.
    for (let turns = -1; turns < 16; turns += 1) {
      if (turns >= 0) expect(await rail.balance()).toBe(5n);
      const paying = rail.pay(invoice);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await rail.close();
      expect(await paying).toEqual({ kind: 'unknown' });
    }
    await wait(500);
    expect(asked.filter((method) => method === 'pay_invoice').length).toBe(0);
    expect(await rail.balance()).toBe(5n);
  });
});

describe('a wallet’s URL', () => {
  const good = `nostr+walletconnect://${publicKey}?relay=ws%3A%2F%2F127.0.0.1%3A7447&secret=${preimage}`;

  it('is read in each of its spellings', () => {
    const parsed = { relays: ['ws://127.0.0.1:7447/'], walletPubkey: publicKey, secret: preimage };
    for (const text of [good, good.replace('//', ''), good.replace('+', ''), `${good}&lud16=a%40b.c`]) {
      const { relays, ...keys } = parseWalletUrl(text);
      expect({ relays: relays.map((relay) => `${relay.replace(/\/$/, '')}/`), ...keys }).toEqual(parsed);
    }
    expect(parseWalletUrl(formatWalletUrl(parseWalletUrl(good)))).toEqual(parseWalletUrl(good));
  });

  it.each([
    '',
    'x',
    'https://example.com',
    good.replace('relay', 'rely'),
    good.replace(/secret=.*/, ''),
    good.slice(0, -1),
    good.replace('ws%3A', 'http%3A'),
    good.replace(publicKey, 'z'.repeat(64)),
    // Not on the curve, and no numbers that can sign.
    good.replace(publicKey, 'f'.repeat(64)),
    good.replace(preimage, '0'.repeat(64)),
    good.replace(preimage, 'f'.repeat(64)),
    `${good}&secret=${preimage}`,
    `${good}#${preimage}`,
    good.replace('?', ':81?'),
    good.replace('?', '/path?'),
    good.replace('//', '//user:word@'),
    `${good}${'x'.repeat(4_000)}`,
  ])('is refused without being repeated (%#)', (text) => {
    expect(() => parseWalletUrl(text)).toThrow(expect.objectContaining({ code: 'input/invalid' }) as Error);
    expect(() => openNwcRail(text)).toThrow();
    try {
      parseWalletUrl(text);
    } catch (error) {
      if (text.length > 5) expect(String(error)).not.toContain(text);
    }
  });
});
