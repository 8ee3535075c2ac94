// The ledger of test money: whatever is done in whatever order, none is made and none is lost, and nothing is paid twice.

import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../core/bytes.ts';
import { applyLedger, EMPTY_LEDGER, isConserved, type Ledger, type LedgerInput, type LedgerInvoice } from './ledger.ts';
import { openSandboxStore } from './ledgerFile.ts';

const NOW = 1_800_000_000;
const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const accounts = ['a', 'b', 'c', 'd'].map((name) => sha256Hex(name));
const hashes = ['1', '2', '3', '4', '5', '6'].map((name) => sha256Hex(name));

function invoiceOf(payee: string, paymentHash: string, amountMsat: bigint, expiresAt = NOW + 60): LedgerInvoice {
  return { paymentHash, preimage: sha256Hex(paymentHash), payee, amountMsat, bolt11: 'lnbcrt1', createdAt: NOW, expiresAt };
}

function run(inputs: readonly LedgerInput[], from: Ledger = EMPTY_LEDGER): Ledger {
  return inputs.reduce((ledger, input) => {
    const applied = applyLedger(ledger, input);
    return applied.kind === 'ok' ? applied.ledger : ledger;
  }, from);
}

const amount = fc.bigInt({ min: -5n, max: 2_000n });
const input: fc.Arbitrary<LedgerInput> = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), account: fc.constantFrom(...accounts), grantMsat: amount }),
  fc
    .tuple(fc.constantFrom(...accounts), fc.constantFrom(...hashes), amount, fc.integer({ min: NOW - 5, max: NOW + 50 }))
    .map(([payee, hash, amountMsat, expiresAt]) => ({ kind: 'invoice' as const, invoice: invoiceOf(payee, hash, amountMsat, expiresAt) })),
  fc.record({
    kind: fc.constant('pay' as const),
    payer: fc.constantFrom(...accounts),
    paymentHash: fc.constantFrom(...hashes),
    now: fc.integer({ min: NOW, max: NOW + 60 }),
  }),
);

describe('the ledger', () => {
  it('keeps every millisatoshi, below zero for nobody, and pays an invoice once, in any order of anything', () => {
    let payments = 0;
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60, size: 'max' }), (inputs) => {
        // Without some accounts hardly anything would be allowed.
        let ledger = run(accounts.slice(0, 3).map((account) => ({ kind: 'open', account, grantMsat: 3_000n })));
        const payers = new Map<string, string>();
        for (const each of inputs) {
          const before = ledger;
          const applied = applyLedger(ledger, each);
          if (applied.kind === 'ok') ledger = applied.ledger;
          expect(isConserved(ledger)).toBe(true);
          if (applied.kind === 'refused') expect(ledger).toBe(before);
          for (const [hash, { payer }] of ledger.invoices) {
            if (payer === undefined) continue;
            expect(payers.get(hash) ?? payer).toBe(payer);
            if (!payers.has(hash)) payments += 1;
            payers.set(hash, payer);
          }
        }
      }),
      { numRuns: 1_500 },
    );
    // The property is worth nothing unless money really moved.
    expect(payments).toBeGreaterThan(500);
  });

  it('says why it does not do something', () => {
    const [a = '', b = '', c = ''] = accounts;
    const [hash = '', other = ''] = hashes;
    const ledger = run([
      { kind: 'open', account: a, grantMsat: 100n },
      { kind: 'open', account: b, grantMsat: 0n },
      { kind: 'invoice', invoice: invoiceOf(b, hash, 60n) },
    ]);
    const refusal = (next: LedgerInput, from = ledger): string => {
      const applied = applyLedger(from, next);
      return applied.kind === 'refused' ? applied.reason : 'ok';
    };
    const pay = (payer: string, paymentHash: string, now = NOW): LedgerInput => ({ kind: 'pay', payer, paymentHash, now });
    expect(refusal({ kind: 'open', account: a, grantMsat: 1n })).toBe('account-exists');
    expect(refusal({ kind: 'open', account: c, grantMsat: -1n })).toBe('amount');
    expect(refusal({ kind: 'invoice', invoice: invoiceOf(b, hash, 1n) })).toBe('invoice-exists');
    expect(refusal({ kind: 'invoice', invoice: invoiceOf(c, other, 1n) })).toBe('unknown-account');
    expect(refusal({ kind: 'invoice', invoice: invoiceOf(b, other, 0n) })).toBe('amount');
    expect(refusal(pay(a, other))).toBe('unknown-invoice');
    expect(refusal(pay(c, hash))).toBe('unknown-account');
    expect(refusal(pay(b, hash))).toBe('self-payment');
    expect(refusal(pay(a, hash, NOW + 61))).toBe('expired');
    const poor = run([{ kind: 'open', account: c, grantMsat: 59n }], ledger);
    expect(refusal(pay(c, hash), poor)).toBe('insufficient');
    const paid = run([pay(a, hash)], poor);
    expect(paid.accounts.get(b)).toBe(60n);
    expect(refusal(pay(c, hash), paid)).toBe('already-paid');
    // By the same payer, late or not: done, and nothing more.
    expect(applyLedger(paid, pay(a, hash, NOW + 100))).toEqual({ kind: 'ok', ledger: paid });
  });
});

describe('the file of the ledger', () => {
  const path = join(folder, 'sandbox.json');
  const secret = sha256Hex('secret');

  it('holds what was saved, for its owner alone', () => {
    const store = openSandboxStore(path, () => secret);
    const [a = '', b = ''] = accounts;
    const ledger = run([
      { kind: 'open', account: a, grantMsat: 100n },
      { kind: 'open', account: b, grantMsat: 1n },
      { kind: 'invoice', invoice: invoiceOf(b, hashes[0] ?? '', 60n) },
      { kind: 'pay', payer: a, paymentHash: hashes[0] ?? '', now: NOW },
    ]);
    store.save(ledger, { request: hashes[1] ?? '', text: '{}' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = openSandboxStore(path, () => sha256Hex('another'));
    expect(again.read()).toEqual({ secret, ledger, answers: new Map([[hashes[1], '{}']]) });
  });

  it('is left alone when it is damaged, or does not add up', () => {
    const sound = readFileSync(path, 'utf8');
    const damaged = [
      '',
      '{',
      '{}',
      sound.slice(0, -1),
      sound.replace('"issuedMsat":"101"', '"issuedMsat":"102"'),
      sound.replace('"v":1', '"v":2'),
      sound.replace('"60"', '"-60"'),
      sound.replace(/,"settledAt":[0-9]+/, ''),
      sound.replace(/"payer":"[0-9a-f]+"/, `"payer":"${accounts[2]}"`),
      sound.replace(/"invoices":\[(.*?)\]/, '"invoices":[$1,$1]'),
    ];
    for (const text of damaged) {
      expect(text).not.toBe(sound);
      writeFileSync(path, text);
      expect(() => openSandboxStore(path, () => secret)).toThrow(expect.objectContaining({ code: 'store/corrupt' }) as Error);
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  it('says so when it cannot be written', () => {
    expect(() => openSandboxStore(join(folder, 'no', 'such', 'folder'), () => secret)).toThrow(
      expect.objectContaining({ code: 'store/unavailable' }) as Error,
    );
  });

  it('says so when it cannot be read, which is no damage', () => {
    expect(() => openSandboxStore(folder, () => secret)).toThrow(expect.objectContaining({ code: 'store/unavailable' }) as Error);
  });
});
