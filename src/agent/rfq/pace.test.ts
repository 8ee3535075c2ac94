// Who may bid while others have not answered, and until when they are waited for.

import { describe, expect, it } from 'vitest';
import { findBidTime, type Progression } from './pace.ts';

const at = (nid: string, more: Partial<Progression>): Progression => ({
  nid,
  isOurTurn: false,
  lastType: 'offer',
  lastAt: 100,
  ownOffers: 0,
  ...more,
});

describe('in step', () => {
  const own = at('own', { isOurTurn: true, ownOffers: 2 });

  it('a bid waits for those who are no further and have time left to answer, the first of them to run out', () => {
    const others = [at('a', { ownOffers: 2, lastAt: 110 }), at('b', { ownOffers: 1, lastAt: 105 }), own];
    expect(findBidTime(own, others, 50, 120)).toBe(155);
    expect(findBidTime(own, others, 50, 155)).toBe(160);
    expect(findBidTime(own, others, 50, 160)).toBeUndefined();
  });

  it('nobody waits for one that is further, for one whose turn is ours, or where there is no time to gather', () => {
    expect(findBidTime(own, [own, at('a', { ownOffers: 3 })], 50, 120)).toBeUndefined();
    expect(findBidTime(own, [own, at('a', { isOurTurn: true })], 50, 120)).toBeUndefined();
    expect(findBidTime(own, [own, at('a', {})], 0, 120)).toBeUndefined();
  });

  it('two that have both answered bid both', () => {
    const other = at('a', { isOurTurn: true, ownOffers: 2 });
    expect([findBidTime(own, [own, other], 50, 120), findBidTime(other, [own, other], 50, 120)]).toEqual([undefined, undefined]);
  });
});
