// The field types of a mandate, each with the limit that keeps it exact; what does not fit is a problem with a code, never a guess.

import { z } from 'zod';
import { isMsatText, MAX_MSAT, type Msat } from '../core/money.ts';
import { unixSeconds } from '../negotiate/fields.ts';
import type { StrategySpec } from './strategies/buildStrategy.ts';
import { MOST_ROUNDS, soundStrategySchema } from './strategies/strategySchema.ts';

const PATTERN = /^(?:\*|[a-z0-9][a-z0-9._:/-]{0,63}\*?)$/;
const KEY = /^(?:\*|[0-9a-f]{64})$/;
const DIGITS = /^(?:0|[1-9][0-9]{0,18})$/;
const MAX_LIST = 256;
const LONGEST_S = 366 * 86_400;

/** Says what is wrong with a value, in a word that `describeProblem` knows. */
export function word(code: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? 'missing' : code) };
}

/** Reads a whole number written as a number or as decimal digits; undefined for anything else, and for what is not exact. */
function readWhole(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value >= 0n ? value : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === 'string' && DIGITS.test(value) ? BigInt(value) : undefined;
}

/** An amount in msat: a whole number of at most all bitcoin there can be, as a number where that is exact, else as digits in quotes. */
export const amount = z.unknown().transform((value, context): Msat => {
  const msat = readWhole(value);
  if (msat !== undefined && isMsatText(msat.toString())) return msat;
  context.addIssue({ code: 'custom', message: value === undefined ? 'missing' : 'amount' });
  return z.NEVER;
});

/** A limit of an issue: an amount where the term is a price, else a whole number. */
export const bound = z.unknown().transform((value, context): bigint => {
  const whole = readWhole(value);
  if (whole !== undefined && whole <= MAX_MSAT) return whole;
  context.addIssue({ code: 'custom', message: value === undefined ? 'missing' : 'whole-number' });
  return z.NEVER;
});

/** A strategy by its name, or by its kind with options that are in their ranges. */
export const strategy: z.ZodType<StrategySpec> = z.unknown().transform((value, context): StrategySpec => {
  const parsed = soundStrategySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = namesModule(value) ? 'own-strategy' : 'strategy';
  context.addIssue({ code: 'custom', message: value === undefined ? 'missing' : problem });
  return z.NEVER;
});

/** As jobs and services may name a strategy of the owner's own. */
function namesModule(value: unknown): boolean {
  if (typeof value === 'string') return /[/\\#]|\.[cm]?[jt]s$/.test(value);
  return typeof value === 'object' && value !== null && (value as { readonly kind?: unknown }).kind === 'own';
}

/** How many offers a strategy has. */
export const rounds = z.int(word('rounds')).min(1, word('rounds')).max(MOST_ROUNDS, word('rounds'));
/** Unix seconds; whoever reads a file turns its dates into these. */
export const instant = z.custom<number>((value) => unixSeconds.safeParse(value).success, word('time'));
/** A span of time, longer than none. */
export const spanS = z.int(word('whole-number')).min(1, word('zero')).max(LONGEST_S, word('too-large'));
/** How many of something, at least one. */
export const count = z.int(word('whole-number')).min(1, word('zero')).max(1_000_000, word('too-large'));
/** Exactly this name, or with a `*` at its end every name that begins so. `*` alone is every name. */
export const patterns = z
  .array(z.string().regex(PATTERN, word('pattern')))
  .min(1, word('empty'))
  .max(MAX_LIST, word('too-large'));
/** Public keys, hex; `*` is everybody. */
export const keys = z.array(z.string().regex(KEY, word('key'))).max(MAX_LIST, word('too-large'));
/** Identifiers of `publish`, rails and the like: what a term may be. */
export const values = z
  .array(
    z.custom<string | number>((value) => (typeof value === 'string' && value.length <= 200) || Number.isSafeInteger(value), word('value')),
  )
  .min(1, word('empty'))
  .max(64, word('too-large'));
