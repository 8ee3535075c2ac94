// The simple bargainers meet when their limits do, never past them, and always come to an end.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Package } from './bargainTerms.ts';
import { bargainByStrategy } from './bargainByStrategy.ts';
import { listBargainIssues, makeBargainTable } from './bargainIssues.ts';
import { decideAsBuyer, decideAsProvider, type SeenMove } from './haggle.ts';
import type { Role } from '../negotiate/agreement.ts';
import { buildStrategy } from './strategies/buildStrategy.ts';
import { NAMED_STRATEGIES } from './strategies/namedStrategies.ts';

interface Bargain {
  readonly price: bigint | undefined;
  readonly moves: number;
}

/** Lets the two bargain; each sees the moves from its own side. */
function bargain(maxMsat: bigint, bidMsat: bigint, listMsat: bigint, minMsat: bigint): Bargain {
  const log: { by: 'buyer' | 'provider'; type: string; packages?: readonly Package[] }[] = [{ by: 'buyer', type: 'open' }];
  for (let turn = 0; turn < 40; turn += 1) {
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

type Named = keyof typeof NAMED_STRATEGIES;
type Decide = (moves: readonly SeenMove[]) => ReturnType<typeof decideAsBuyer>;

/** One side by a strategy, in so many rounds. */
function byStrategy(role: Role, name: Named, [bestMsat, worstMsat]: readonly [bigint, bigint], rounds: number): Decide {
  const table = makeBargainTable(listBargainIssues({ role, bestMsat, worstMsat }, undefined));
  const strategy = buildStrategy(NAMED_STRATEGIES[name]);
  return (moves) => {
    const bargained = bargainByStrategy(moves, { role, table, rounds, seed: 'x', strategy });
    if (bargained.kind === 'refused') throw new Error(bargained.fault);
    return bargained.decision;
  };
}

interface Meeting {
  readonly by: Role;
  readonly offers: readonly [provider: number, buyer: number];
  readonly price?: bigint;
  readonly reason?: string;
}

/** Lets any two bargain; says at what price and by whom it ended, and how many offers each had made. */
function meet(provider: Decide, buyer: Decide): Meeting {
  const log: { by: Role; type: string; packages?: readonly Package[] }[] = [{ by: 'buyer', type: 'open' }];
  const offers = (by: Role): number => log.filter((each) => each.by === by && each.type === 'offer').length;
  for (let turn = 0; turn < 300; turn += 1) {
    const [me, decide] = turn % 2 === 0 ? (['provider', provider] as const) : (['buyer', buyer] as const);
    const decision = decide(log.map(({ by, ...move }) => ({ ...move, by: by === me ? 'me' : 'peer' })));
    const ended = { by: me, offers: [offers('provider'), offers('buyer')] } as const;
    if (decision.kind === 'accept') return { ...ended, price: decision.priceMsat };
    if (decision.kind === 'reject') return { ...ended, reason: decision.reason };
    if (decision.kind !== 'offer') throw new Error('nobody moves');
    log.push({ by: me, type: 'offer', packages: decision.packages });
  }
  throw new Error('they never end');
}

describe('against a strategy', () => {
  const seller: Decide = (moves) => decideAsProvider(moves, { listMsat: 900_000n, minMsat: 720_000n });
  const buyer: Decide = (moves) => decideAsBuyer(moves, { maxMsat: 800_000n, bidMsat: 500_000n });
  const names = (Object.keys(NAMED_STRATEGIES) as Named[]).flatMap((name) => [3, 8, 12].map((rounds) => ({ name, rounds })));

  it.each(names)('a seller waits until a buyer by $name in $rounds rounds has come to its floor', ({ name, rounds }) => {
    const { price = 0n } = meet(seller, byStrategy('buyer', name, [600_000n, 900_000n], rounds));
    expect(price).toBeGreaterThanOrEqual(720_000n);
    expect(price).toBeLessThanOrEqual(900_000n);
  });

  it.each(names.filter(({ name }) => name !== 'firm'))(
    'a buyer waits until a seller by $name in $rounds rounds is within its limit, if it comes there',
    ({ name, rounds }) => {
      const made = meet(byStrategy('provider', name, [950_000n, 600_000n], rounds), buyer);
      // One that answers in kind, or has no time, may never come down to what would be taken; a buyer that waits is not who ends it.
      if (made.price === undefined) expect(made.by).toBe('provider');
      else expect(made.price <= 800_000n && made.price >= 600_000n).toBe(true);
    },
  );

  it('does not bargain for ever: after twelve offers each of them ends, whatever the other one would go on with', () => {
    const low = byStrategy('buyer', 'boulware', [1_000n, 700_000n], 100);
    expect(meet(seller, low)).toEqual({ by: 'provider', offers: [12, 12], reason: 'too-cheap' });
    const high = byStrategy('provider', 'firm', [950_000n, 850_000n], 100);
    expect(meet(high, buyer)).toEqual({ by: 'buyer', offers: [13, 12], reason: 'too-expensive' });
  });
});

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
    expect(decideAsBuyer(offered(undefined, 760n), buyer)).toEqual({ kind: 'offer', packages: [{ '/price': 600n }] });
    expect(decideAsBuyer(offered(undefined, 760n), { ...buyer, patience: 1 })).toEqual({ kind: 'reject', reason: 'too-expensive' });
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
