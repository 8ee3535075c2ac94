// One payment against wallets that are late, forgetful and silent: it is never believed to have failed when it was made.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../core/bytes.ts';
import { applyObservation, applyOutcome, beginPayment, nextAct, repeatPayment, type Payment } from './payment.ts';
import type { Observation, PayOutcome } from './rail.ts';

const NOW = 1_800_000_000;
const hash = sha256Hex('x');
const terms = {
  agreement: hash,
  rail: 'sandbox',
  amountMsat: 5n,
  paymentHash: hash,
  payee: '',
  expiresAt: NOW + 900,
  isTestMoney: true,
} as const;
const fresh = beginPayment(terms, 'lnbcrt1', NOW);
const settled: PayOutcome = { kind: 'settled', preimage: hash };

describe('a payment', () => {
  it('is settled by the wallet’s word alone, and stays so', () => {
    const paid = applyOutcome(fresh, settled, NOW);
    expect(paid).toMatchObject({ state: 'settled', preimage: hash });
    expect(applyOutcome(paid, { kind: 'failed', reason: 'refused' }, NOW)).toBe(paid);
    expect(applyObservation(paid, { kind: 'not-found' }, NOW + 10_000)).toBe(paid);
    expect(nextAct(paid, undefined, NOW)).toBe('none');
  });

  it('that nobody answered for is asked about before anything else', () => {
    const unknown = applyOutcome(fresh, { kind: 'unknown' }, NOW);
    for (const payment of [fresh, unknown]) expect(nextAct(payment, undefined, NOW)).toBe('look-up');
    for (const kind of ['pending', 'unknown', 'expired', 'failed'] as const) expect(nextAct(unknown, { kind }, NOW + 60)).toBe('wait');
  });

  it('is made again only after the wallet knows of none, after a while, and three times at most', () => {
    const unknown = applyOutcome(fresh, { kind: 'unknown' }, NOW);
    const notFound: Observation = { kind: 'not-found' };
    expect(nextAct(unknown, notFound, NOW + 1)).toBe('wait');
    expect(nextAct(unknown, notFound, NOW + 60)).toBe('pay');
    expect(nextAct(unknown, notFound, NOW + 900)).toBe('wait');
    const third = { ...repeatPayment(repeatPayment(unknown, NOW), NOW), state: 'unknown' } as const;
    expect(nextAct(third, notFound, NOW + 60)).toBe('wait');
  });

  it('that an empty wallet refused is made again without counting, until the invoice ends', () => {
    let payment = fresh;
    for (let at = NOW; at < NOW + 900; at += 60) {
      payment = applyOutcome(payment, { kind: 'failed', reason: 'insufficient-balance' }, at);
      expect(payment).toMatchObject({ state: 'failed', tries: 1 });
      expect(nextAct(payment, undefined, at + 1)).toBe('wait');
      expect(nextAct(payment, undefined, at + 50)).toBe(at + 50 < NOW + 900 ? 'pay' : 'none');
      payment = repeatPayment(payment, at + 50);
    }
  });

  it('has failed for certain only where nothing was tried before, or where it can no longer be made', () => {
    expect(applyOutcome(fresh, { kind: 'failed', reason: 'insufficient-balance' }, NOW).state).toBe('failed');
    expect(applyOutcome(fresh, { kind: 'failed', reason: 'payment-failed' }, NOW).state).toBe('unknown');
    expect(applyOutcome(repeatPayment(fresh, NOW), { kind: 'failed', reason: 'refused' }, NOW).state).toBe('unknown');
    expect(applyObservation(fresh, { kind: 'not-found' }, NOW + 900).state).toBe('unknown');
    expect(applyObservation(fresh, { kind: 'not-found' }, NOW + 1_100)).toMatchObject({ state: 'failed', reason: 'expired' });
    expect(applyObservation(fresh, { kind: 'settled', amountMsat: 5n }, NOW).state).toBe('unknown');
  });

  it('never counts as failed once money has moved, whatever is lost, late or cut off', () => {
    // What the wallet does with an order, and whether its answer arrives; then how much time passes and whether it can be asked.
    const round = fc.record({
      deed: fc.constantFrom('now', 'later', 'never', 'refuses', 'fails'),
      isHeard: fc.boolean(),
      passes: fc.integer({ min: 1, max: 300 }),
      isAsked: fc.boolean(),
      dies: fc.boolean(),
    });
    let moved = 0;
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 25 }), (rounds) => {
        let payment: Payment = fresh;
        let [now, hasPaid] = [NOW, 0];
        let due: number[] = [];
        let mustCall = true;
        const settle = (): void => {
          if (due.some((at) => at <= now && at <= terms.expiresAt)) hasPaid = 1;
          due = due.filter((at) => at > now);
        };
        for (const { deed, isHeard, passes, isAsked, dies } of rounds) {
          if (mustCall) {
            mustCall = false;
            const inTime = now <= terms.expiresAt;
            if (deed === 'now' && inTime) hasPaid = 1;
            if (deed === 'later') due.push(now + 5);
            const answer: PayOutcome = hasPaid === 1 ? settled : refusal(deed);
            if (!dies) payment = applyOutcome(payment, isHeard && deed !== 'later' && deed !== 'never' ? answer : { kind: 'unknown' }, now);
          }
          now += passes;
          settle();
          const seen: Observation = !isAsked
            ? { kind: 'unknown' }
            : hasPaid === 1
              ? { kind: 'settled', amountMsat: 5n, preimage: hash }
              : { kind: 'not-found' };
          if (nextAct(payment, undefined, now) === 'look-up') payment = applyObservation(payment, seen, now);
          if (nextAct(payment, seen, now) === 'pay') {
            payment = repeatPayment(payment, now);
            mustCall = true;
          }
          if (hasPaid === 1) expect(payment.state).not.toBe('failed');
          if (payment.state === 'settled') expect(hasPaid).toBe(1);
          expect(payment.tries).toBeLessThanOrEqual(3);
        }
        moved += hasPaid;
      }),
      { numRuns: 2_000 },
    );
    expect(moved).toBeGreaterThan(500);
  });
});

function refusal(deed: string): PayOutcome {
  if (deed === 'refuses') return { kind: 'failed', reason: 'insufficient-balance' };
  return deed === 'fails' ? { kind: 'failed', reason: 'payment-failed' } : { kind: 'unknown' };
}
