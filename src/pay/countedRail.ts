// A wallet of which it is known whether it is being asked something: another one may take its place meanwhile.

import type { Rail } from './rail.ts';

/** A wallet that tells when it is not in use. */
export interface CountedRail extends Rail {
  /** Resolves when the calls that are under way have ended; never rejects. */
  readonly quiet: () => Promise<void>;
}

/** Counts the calls of a wallet. */
export function countCalls(rail: Rail): CountedRail {
  const underWay = new Set<Promise<void>>();
  const count = <T>(call: Promise<T>): Promise<T> => {
    const ended: Promise<void> = call.then(
      () => void underWay.delete(ended),
      () => void underWay.delete(ended),
    );
    underWay.add(ended);
    return call;
  };
  return {
    describe: () => count(rail.describe()),
    balance: () => count(rail.balance()),
    makeInvoice: (order) => count(rail.makeInvoice(order)),
    pay: (invoice) => count(rail.pay(invoice)),
    lookUp: (paymentHash, direction) => count(rail.lookUp(paymentHash, direction)),
    close: () => rail.close(),
    quiet: async () => void (await Promise.all(underWay)),
  };
}
