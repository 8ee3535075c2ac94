// The simple bargainers meet when their limits do, never past them, and always come to an end.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Package } from './bargainTerms.ts';
import { decideAsBuyer, decideAsProvider, type SeenMove } from './haggle.ts';

interface Bargain {
  readonly price: bigint | undefined;
  readonly moves: number;
}

/** Lets the two bargain; each sees the moves from its own side. */
function bargain(maxMsat: bigint, bidMsat: bigint, listMsat: bigint, minMsat: bigint): Bargain {
  const log: { by: 'buyer' | 'provider'; type: string; packages?: readonly Package[] }[] = [{ by: 'buyer', type: 'open' }];
  for (let turn = 0; turn < 20; turn += 1) {
    const me = turn % 2 === 0 ? 'provider' : 'buyer';
    const seen: SeenMove[] = log.map(({ by, ...move }) => ({ ...move, by: by === me ? 'me' : 'peer' }));
    const decision = me === 'buyer' ? decideAsBuyer(seen, { maxMsat, bidMsat }) : decideAsProvider(seen, { listMsat, minMsat });
    if (decision.kind === 'accept') return { price: decision.priceMsat, moves: log.length };
    if (decision.kind === 'reject') return { price: undefined, moves: log.length };
    if (decision.kind !== 'offer') throw new Error('nobody moves');
    log.push({ by: me, type: 'offer', packages: decision.packages });
  }
  throw new Error('they never end');
}

describe('two bargainers', () => {
  it('go from 900 over 600 to 700 with the limits of the demo', () => {
    expect(bargain(750n, 600n, 900n, 700n)).toEqual({ price: 700n, moves: 4 });
  });

  it('agree exactly when the buyer’s limit reaches the provider’s, within both limits', () => {
    const amount = fc.bigInt({ min: 1n, max: 2_000n });
    fc.assert(
      fc.property(amount, amount, amount, amount, (maxMsat, bidMsat, listMsat, minMsat) => {
        const { price } = bargain(maxMsat, bidMsat, listMsat, minMsat);
        expect(price !== undefined).toBe(maxMsat >= minMsat);
        if (price === undefined) return;
        expect(price).toBeLessThanOrEqual(maxMsat);
        expect(price).toBeGreaterThanOrEqual(minMsat);
      }),
    );
  });

  it('answer a question before anything else, and wait for their turn', () => {
    const limits = { maxMsat: 1n, bidMsat: 1n };
    expect(decideAsBuyer([{ by: 'peer', type: 'ask' }], limits)).toEqual({ kind: 'answer' });
    expect(decideAsBuyer([{ by: 'me', type: 'open' }], limits)).toEqual({ kind: 'wait' });
    expect(decideAsBuyer([], limits)).toEqual({ kind: 'wait' });
    expect(decideAsProvider([{ by: 'me', type: 'offer', packages: [{ '/price': 1n }] }], { listMsat: 1n, minMsat: 1n })).toEqual({
      kind: 'wait',
    });
  });
});

describe('an offer of several packages', () => {
  const offered = (...prices: (bigint | undefined)[]): SeenMove[] => [
    { by: 'me', type: 'offer', packages: [{ '/price': 1n }] },
    { by: 'peer', type: 'offer', packages: prices.map((price) => (price === undefined ? {} : { '/price': price })) },
  ];
  const buyer = { maxMsat: 750n, bidMsat: 600n };
  const provider = { listMsat: 900n, minMsat: 700n };

  it('is taken where it is best for each side, the first of equals', () => {
    expect(decideAsBuyer(offered(800n, 730n, 720n, 720n), buyer)).toEqual({ kind: 'accept', alternative: 2, priceMsat: 720n });
    expect(decideAsProvider(offered(650n, 710n, 740n, 740n), provider)).toEqual({ kind: 'accept', alternative: 2, priceMsat: 740n });
  });

  it('is never taken where it may not be taken, however good the price would be', () => {
    expect(decideAsBuyer(offered(undefined, 740n), buyer)).toEqual({ kind: 'accept', alternative: 1, priceMsat: 740n });
    expect(decideAsBuyer(offered(undefined, 760n), buyer)).toEqual({ kind: 'reject', reason: 'too-expensive' });
    expect(decideAsBuyer(offered(undefined, undefined), buyer)).toEqual({ kind: 'reject', reason: 'too-expensive' });
    expect(decideAsProvider(offered(undefined, undefined), provider)).toEqual({ kind: 'offer', packages: [{ '/price': 700n }] });
  });

  it('is bid against by its cheapest package, once', () => {
    const [, theirs] = offered(800n, 590n);
    expect(decideAsBuyer(theirs === undefined ? [] : [theirs], buyer)).toEqual({ kind: 'accept', alternative: 1, priceMsat: 590n });
    const [, dearer] = offered(800n, 690n);
    expect(decideAsBuyer(dearer === undefined ? [] : [dearer], buyer)).toEqual({ kind: 'offer', packages: [{ '/price': 600n }] });
  });

  it('of which nothing is known by the rules is waited for', () => {
    expect(decideAsBuyer([{ by: 'peer', type: 'offer' }], buyer)).toEqual({ kind: 'wait' });
    expect(decideAsProvider([{ by: 'peer', type: 'offer' }], provider)).toEqual({ kind: 'wait' });
  });
});
