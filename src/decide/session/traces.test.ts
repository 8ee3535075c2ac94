// Negotiations that were recorded from NegMAS come out the same here, offer by offer.

import { describe, expect, it } from 'vitest';
import { BUYER, PRICE, SELLER } from '../price.fixture.ts';
import { buildStrategy, type StrategySpec } from '../strategies/buildStrategy.ts';
import { NAMED_STRATEGIES } from '../strategies/namedStrategies.ts';
import { playSession } from './playSession.ts';

const { boulware, linear, conceder } = NAMED_STRATEGIES;
// By NegMAS's own rule of acceptance for it, which lets an offer pass that our default takes.
const naive = { ...NAMED_STRATEGIES['naive-tit-for-tat'], mirrors: true };

describe('a recorded negotiation about a price from 0 to 10, the buyer first, reserves 0.2, ten rounds', () => {
  it.each<[string, StrategySpec, StrategySpec, readonly number[], bigint, number]>([
    ['Boulware with linear', boulware, linear, [0, 10, 0, 9, 0, 8, 0, 8, 0, 7, 0, 6, 1, 5, 2, 5, 3, 4], 4n, 10],
    ['linear with linear', linear, linear, [0, 10, 1, 9, 2, 8, 2, 8, 3, 7, 4, 6, 5], 5n, 7],
    ['naive tit for tat with conceder', naive, conceder, [0, 6, 1, 5, 1, 5, 3, 4, 5], 5n, 5],
  ])('%s', (_, buyer, seller, prices, agreed, rounds) => {
    const parties = [
      { utility: BUYER, strategy: buildStrategy(buyer) },
      { utility: SELLER, strategy: buildStrategy(seller) },
    ] as const;
    const session = playSession({ domain: PRICE, parties, rounds: 10, seed: 'any' });
    expect(session.offers.map(({ outcomes }) => Number(outcomes[0]?.['price']))).toEqual(prices);
    expect(session.offers.every(({ by }, i) => by === i % 2)).toBe(true);
    expect(session.end).toMatchObject({ kind: 'agreed', outcome: { price: agreed } });
    expect(session.rounds).toBe(rounds);
  });
});
