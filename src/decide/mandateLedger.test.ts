// The ledger counts what the last day and hour held, whichever way the clock has gone, and forgets nothing that still counts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeBooks, countActs, EMPTY_LEDGER, settleHolds, sumHeld, sumSpent, type Ledger } from './mandateLedger.ts';
import { NOW, PEER, STRANGER } from './mandate.fixture.ts';

const DAY_S = 86_400;
const spend = (msat: bigint, at: number, i = 0): Ledger['spent'][number] => ({ agreement: String(i), peer: PEER, msat, at });
const anyLedger = fc
  .record({
    spent: fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 100n }), fc.integer({ min: -3 * DAY_S, max: DAY_S })), { maxLength: 400 }),
    acts: fc.array(fc.tuple(fc.constantFrom(PEER, STRANGER), fc.integer({ min: -3 * DAY_S, max: DAY_S }), fc.boolean()), {
      maxLength: 400,
    }),
  })
  .map(({ spent, acts }): Ledger => ({
    ...EMPTY_LEDGER,
    spent: spent.map(([msat, ago], i) => spend(msat, NOW + ago, i)),
    acts: acts.map(([peer, ago, isNew]) => ({ peer, at: NOW + ago, isNew })),
  }));

describe('the ledger', () => {
  it('counts a payment for 24 hours, and one from a clock that ran ahead as well', () => {
    const ledger = { ...EMPTY_LEDGER, spent: [spend(1n, NOW - DAY_S), spend(2n, NOW - DAY_S + 1), spend(4n, NOW + DAY_S)] };
    expect(sumSpent(ledger, NOW)).toBe(6n);
    expect(sumSpent(ledger, NOW + DAY_S - 1)).toBe(4n);
    expect(sumSpent(ledger, NOW - 2 * DAY_S)).toBe(7n);
  });

  it('is written without what no longer counts, and loses nothing that does', () => {
    fc.assert(
      fc.property(anyLedger, fc.integer({ min: 0, max: DAY_S }), (ledger, later) => {
        const closed = closeBooks(ledger, NOW);
        expect(sumSpent(closed, NOW + later)).toBe(sumSpent(ledger, NOW + later));
        for (const peer of [undefined, PEER, STRANGER])
          expect(countActs(closed, NOW + later, peer)).toEqual(countActs(ledger, NOW + later, peer));
        expect(closed.latestAt).toBe(NOW);
      }),
    );
    const old = Array.from({ length: 400 }, (_, i) => spend(1n, NOW - 9 * DAY_S, i));
    expect(closeBooks({ ...EMPTY_LEDGER, spent: old }, NOW).spent).toHaveLength(200);
  });

  it('never takes an earlier time for the latest', () => {
    expect(closeBooks({ ...EMPTY_LEDGER, latestAt: NOW }, NOW - 100).latestAt).toBe(NOW);
  });

  it('forgets questions and answers after a day', () => {
    const ask = { digest: 'd', peer: PEER, what: 'accept', reasons: [], at: NOW - DAY_S };
    const ledger = { ...EMPTY_LEDGER, asks: [ask, { ...ask, at: NOW }], approved: [{ digest: 'd', at: NOW - DAY_S }] };
    expect(closeBooks(ledger, NOW)).toMatchObject({ asks: [{ at: NOW }], approved: [] });
  });

  it('frees what its owner has settled, and counts what he paid', () => {
    const hold = { id: '1', nid: '2', peer: PEER, agreement: '3', msat: 700n };
    const ledger = { ...EMPTY_LEDGER, open: [hold, { ...hold, id: '4', agreement: '5' }] };
    const settled = settleHolds(ledger, [hold], 650n, NOW);
    expect(sumHeld(settled)).toEqual({ heldMsat: 700n, openDeals: 1 });
    expect(sumSpent(settled, NOW)).toBe(650n);
    expect(settleHolds(ledger, [], 650n, NOW)).toBe(ledger);
  });
});
