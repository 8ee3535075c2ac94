// What a strategy decided, as a job keeps it: for the owner's eyes, never sent and never logged.

import { z } from 'zod';
import type { BargainRecord } from '../../decide/bargainByStrategy.ts';
import { BARGAIN_TERMS, type Package } from '../../decide/bargainTerms.ts';
import type { SeenMove } from '../../decide/haggle.ts';
import type { Decision } from '../../decide/strategies/strategy.ts';
import type { Outcome } from '../../decide/utility.ts';

/** How many decisions a job keeps: the latest. */
export const MOST_DECISIONS = 32;

const digits = z.string().regex(/^(?:0|[1-9][0-9]{0,21})$/);
const share = z.number();

/** A decision as JSON has it: numbers of terms as decimal digits. */
export const savedDecisionSchema = z.strictObject({
  issues: z.array(
    z.strictObject({
      term: z.enum(BARGAIN_TERMS),
      better: z.enum(['lower', 'higher']),
      best: digits,
      worst: digits,
      weight: z.number().exactOptional(),
    }),
  ),
  kind: z.enum(['offer', 'alternatives', 'accept', 'end']),
  outcomes: z.array(z.record(z.string(), digits)),
  alternative: z.int().optional(),
  reason: z.enum(['nothing-acceptable', 'impasse', 'out-of-time']).optional(),
  because: z.strictObject({
    strategy: z.looseObject({ kind: z.string() }).catchall(z.union([z.string(), z.number(), z.boolean()])),
    seed: z.string(),
    timing: z.strictObject({
      round: z.int(),
      rounds: z.int(),
      elapsedS: z.number().exactOptional(),
      limitS: z.number().exactOptional(),
    }),
    seen: z.int(),
    preferences: z.string(),
    figures: z.record(z.string(), share),
  }),
});

/** The offers of both sides that it was decided from, oldest first, each with its packages. */
export const savedOffersSchema = z.array(
  z.strictObject({ by: z.enum(['me', 'peer']), packages: z.array(z.partialRecord(z.enum(BARGAIN_TERMS), digits)) }),
);

/** Offers as a job keeps them. */
export type SavedOffers = z.infer<typeof savedOffersSchema>;

/** The offers among these moves. */
export function saveOffers(moves: readonly SeenMove[]): SavedOffers {
  return moves.flatMap(({ by, type, packages = [{}] }) => (type === 'offer' ? [{ by, packages: packages.map(toDigits) }] : []));
}

/** Kept offers as moves, to decide from them again. */
export function readOffers(saved: SavedOffers): readonly SeenMove[] {
  return saved.map(({ by, packages }) => ({ by, type: 'offer', packages: packages.map(toOutcome) }));
}

/** A decision as a job keeps it. */
export type SavedDecision = z.infer<typeof savedDecisionSchema>;

/** What a job keeps from now on: the decisions before and this one, which takes the place of the same one made before. */
export function keepDecision(kept: readonly SavedDecision[], record: BargainRecord): SavedDecision[] {
  const saved = saveDecision(record);
  const isSame = JSON.stringify(kept.at(-1)) === JSON.stringify(saved);
  return isSame ? [...kept] : [...kept, saved].slice(-MOST_DECISIONS);
}

/** The record of a kept decision, to be decided again. */
export function readDecision({ issues, kind, outcomes, alternative = 0, reason = 'impasse', because }: SavedDecision): BargainRecord {
  const known = outcomes.map(toOutcome);
  const [outcome = {}] = known;
  return {
    issues: issues.map((issue) => ({ ...issue, best: BigInt(issue.best), worst: BigInt(issue.worst) })),
    decision: decisionOf(kind, { outcome, outcomes: known, alternative, reason, because }),
  };
}

interface Parts {
  readonly outcome: Outcome;
  readonly outcomes: readonly Outcome[];
  readonly alternative: number;
  readonly reason: Extract<Decision, { kind: 'end' }>['reason'];
  readonly because: Decision['because'];
}

function decisionOf(kind: Decision['kind'], { outcome, outcomes, alternative, reason, because }: Parts): Decision {
  switch (kind) {
    case 'offer':
      return { kind, outcome, because };
    case 'alternatives':
      return { kind, outcomes, because };
    case 'accept':
      return { kind, alternative, outcome, because };
    case 'end':
      return { kind, reason, because };
    default:
      return kind satisfies never;
  }
}

function saveDecision({ issues, decision }: BargainRecord): SavedDecision {
  const saved = {
    issues: issues.map((issue) => ({ ...issue, best: issue.best.toString(), worst: issue.worst.toString() })),
    kind: decision.kind,
    outcomes: outcomesOf(decision).map(toDigits),
    ...(decision.kind === 'accept' ? { alternative: decision.alternative } : {}),
    ...(decision.kind === 'end' ? { reason: decision.reason } : {}),
    because: decision.because,
  };
  // As it will be read: the two can be compared.
  return savedDecisionSchema.parse(JSON.parse(JSON.stringify(saved)));
}

/** What a decision offers or accepts; nothing where it ends. */
export function outcomesOf(decision: Decision): readonly Outcome[] {
  if (decision.kind === 'alternatives') return decision.outcomes;
  return decision.kind === 'end' ? [] : [decision.outcome];
}

function toDigits(outcome: Outcome | Package): Record<string, string> {
  return Object.fromEntries(Object.entries(outcome).map(([term, value]) => [term, value.toString()]));
}

function toOutcome(values: Readonly<Record<string, string>>): Readonly<Record<string, bigint>> {
  return Object.freeze(Object.fromEntries(Object.entries(values).map(([term, value]) => [term, BigInt(value)])));
}
