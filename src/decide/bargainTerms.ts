// The numbers among the terms that jobs bargain about, one row for each: how much it matters, in which steps, and where it stands in terms.

import { canonicalJson } from '../core/canonical.ts';
import { MAX_MSAT } from '../core/money.ts';
import { makeFixedPrice, readFixedAmount } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';
import type { TermsLeaf } from '../negotiate/termsLeaves.ts';

/** What a job's own settings say of such numbers: of a buyer the worst that it takes, of a provider what it offers first. */
export interface OwnNumbers {
  /** Seconds after payment by which the result is there. */
  readonly withinS?: number | undefined;
  /** Seconds after delivery for which the provider keeps inputs and result. */
  readonly retentionS?: number | undefined;
}

/** What a row says of a number. Which of two is better for whom is told by `directionOf`. */
interface Row {
  /** How much it matters beside the others, where the mandate does not say. */
  readonly weight: number;
  /** Strategies go in the first of these that fits both ends. */
  readonly steps: readonly bigint[];
  /** The least and the most that terms can say. */
  readonly least: bigint;
  readonly most: bigint;
  /** What a buyer asks for first whose mandate aims at nothing; its reserve where there is none. */
  readonly buyerAims?: bigint;
  /** Which of a job's own settings it is. */
  readonly own?: keyof OwnNumbers;
  readonly read: (terms: Terms) => bigint | undefined;
  readonly write: (terms: Terms, value: bigint) => Terms;
}

const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

const ROWS = {
  '/price': {
    weight: 3,
    steps: [1_000n, 1n],
    least: 0n,
    most: MAX_MSAT,
    read: ({ price }) => readFixedAmount(price),
    write: (terms, value) => ({ ...terms, price: makeFixedPrice(value) }),
  },
  '/delivery/within_s': {
    weight: 1,
    steps: [3_600n, 60n, 1n],
    least: 1n,
    most: MOST_EXACT,
    own: 'withinS',
    read: ({ delivery }) => toBig(delivery?.within_s),
    write: (terms, value) => ({ ...terms, delivery: { ...terms.delivery, within_s: Number(value) } }),
  },
  '/confidentiality/retention_s': {
    weight: 1,
    steps: [86_400n, 3_600n, 60n, 1n],
    least: 0n,
    most: MOST_EXACT,
    buyerAims: 0n,
    own: 'retentionS',
    read: ({ confidentiality }) => toBig(confidentiality?.retention_s),
    write: (terms, value) => ({ ...terms, confidentiality: { ...terms.confidentiality, retention_s: Number(value) } }),
  },
} as const satisfies Readonly<Partial<Record<TermsLeaf, Row>>>;

/** A term that jobs bargain about. */
export type BargainTerm = keyof typeof ROWS;

/** Their names, the price first. */
export const BARGAIN_TERMS = Object.keys(ROWS) as [BargainTerm, ...BargainTerm[]];

/** What terms say of the numbers that jobs bargain about; a number that they do not name is left out. */
export type Package = Readonly<Partial<Record<BargainTerm, bigint>>>;

/** The row of a term. */
export function rowOf(term: BargainTerm): Row {
  return ROWS[term];
}

/** The numbers of terms. */
export function readPackage(terms: Terms): Package {
  const known = BARGAIN_TERMS.flatMap((term) => {
    const value = rowOf(term).read(terms);
    return value === undefined ? [] : [[term, value] as const];
  });
  return Object.fromEntries(known);
}

/** The terms with these numbers; what the package does not name stays as it is. */
export function writePackage(base: Terms, values: Package): Terms {
  return BARGAIN_TERMS.reduce((terms, term) => {
    const value = values[term];
    return value === undefined ? terms : rowOf(term).write(terms, value);
  }, base);
}

/** The terms of each package, in their order; those that come to the same terms once. */
export function writePackages(base: Terms, packages: readonly Package[]): readonly Terms[] {
  const written = new Map<string, Terms>();
  for (const values of packages) {
    const terms = writePackage(base, values);
    const key = canonicalJson(terms);
    if (!written.has(key)) written.set(key, terms);
  }
  return [...written.values()];
}

function toBig(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
