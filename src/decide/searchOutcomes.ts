// Finds outcomes of a domain that is too large to list: at every level of worth some, each as low as that level allows.

import { makeOutcome, type OutcomeSpace } from './outcomeSpace.ts';
import { seedDice, shuffle, type SeededDice } from './seededDice.ts';
import type { Outcome } from './utility.ts';

const LEVELS = 256;
const TRIES = 12;

/** An outcome and what it is worth. */
export interface Found {
  readonly outcome: Outcome;
  readonly worth: number;
}

/**
 * Outcomes from the best to the worst, best first, a dozen around each of 256 levels. `values` says what each rung of each issue adds
 * to the whole. The same input finds the same outcomes.
 */
export function searchOutcomes(space: OutcomeSpace, values: readonly Float64Array[]): readonly Found[] {
  const dice = seedDice('search');
  const found = new Map<string, { readonly digits: readonly number[]; readonly worth: number }>();
  const add = (digits: readonly number[]): void => void found.set(digits.join(), { digits, worth: sumUp(values, digits) });
  const [top, bottom] = [values.map(findTop), values.map(findBottom)];
  add(top);
  add(bottom);
  const [best, worst] = [sumUp(values, top), sumUp(values, bottom)];
  for (let level = 0; level < LEVELS; level += 1) {
    const target = worst + ((best - worst) * level) / LEVELS;
    for (let each = 0; each < TRIES; each += 1) add(reach(values, target, dice));
  }
  const sorted = [...found.values()].sort((a, b) => b.worth - a.worth);
  return sorted.map(({ digits, worth }) => ({ outcome: makeOutcome(space, digits), worth }));
}

/** Starts anywhere, takes the best of one issue after the other until the target is met, then gives away what is above it. */
function reach(values: readonly Float64Array[], target: number, dice: SeededDice): readonly number[] {
  const digits = values.map(({ length }) => dice.below(length));
  let worth = sumUp(values, digits);
  const set = (issue: number, rung: number): void => {
    worth += (values[issue]?.[rung] ?? 0) - (values[issue]?.[digits[issue] ?? 0] ?? 0);
    digits[issue] = rung;
  };
  const issues = values.map((_, issue) => issue);
  for (const issue of shuffle(issues, dice)) if (worth < target) set(issue, findTop(values[issue] ?? new Float64Array()));
  for (const issue of shuffle(issues, dice)) {
    const adds = values[issue] ?? new Float64Array();
    set(issue, findLeast(adds, target - (worth - (adds[digits[issue] ?? 0] ?? 0)), digits[issue] ?? 0));
  }
  return digits;
}

/** The rung that adds least, but not less than `needed`; `otherwise` when none does. */
function findLeast(adds: Float64Array, needed: number, otherwise: number): number {
  let least = otherwise;
  adds.forEach((value, rung) => {
    if (value >= needed && value < (adds[least] ?? 0)) least = rung;
  });
  return least;
}

function findTop(adds: Float64Array): number {
  return adds.reduce((top, value, rung) => (value > (adds[top] ?? 0) ? rung : top), 0);
}

function findBottom(adds: Float64Array): number {
  return adds.reduce((bottom, value, rung) => (value < (adds[bottom] ?? 0) ? rung : bottom), 0);
}

function sumUp(values: readonly Float64Array[], digits: readonly number[]): number {
  return values.reduce((sum, adds, issue) => sum + (adds[digits[issue] ?? 0] ?? 0), 0);
}
