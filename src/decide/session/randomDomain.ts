// Domains and utilities that a seed makes up: to try strategies on many that nobody has chosen.

import { seedDice, type SeededDice } from '../seededDice.ts';
import type { Domain, Issue, Utility } from '../utility.ts';

/** What kind of domain is wanted. */
export interface RandomDomainOptions {
  /** How many values each issue has. */
  readonly sizes: readonly number[];
  /** `opposed`: what is worth v of an issue to one side is worth 1 − v to the other; `independent`: they are drawn each for itself. */
  readonly interests: 'opposed' | 'independent';
  readonly reserves: readonly [number, number];
}

/** A domain and what two sides think of it. */
export interface Scenario {
  readonly domain: Domain;
  readonly utilities: readonly [Utility, Utility];
}

/** Makes one up. The worst value of each issue is worth 0 to a side and the best 1; weights are drawn evenly. */
export function makeRandomScenario(seed: string, { sizes, interests, reserves }: RandomDomainOptions): Scenario {
  const dice = seedDice(seed);
  const issues = sizes.map((size, i): Issue => ({
    kind: 'discrete',
    name: `issue${i + 1}`,
    values: Array.from({ length: size }, (_, j) => `v${j + 1}`),
  }));
  const firsts = sizes.map((size) => drawValues(size, dice));
  const seconds =
    interests === 'opposed' ? firsts.map((values) => values.map((value) => 1 - value)) : sizes.map((size) => drawValues(size, dice));
  const domain = { issues };
  return { domain, utilities: [makeUtility(domain, firsts, reserves[0], dice), makeUtility(domain, seconds, reserves[1], dice)] };
}

/** An opponent for a utility: it wants the opposite in each issue, and other issues matter to it. */
export function makeOpponent(domain: Domain, utility: Utility, reserve: number, seed: string): Utility {
  const dice = seedDice(seed);
  const entries = domain.issues.map((issue) => [issue.name, { weight: drawWeight(dice), value: oppose(issue, utility) }] as const);
  return { issues: Object.fromEntries(entries), reserve };
}

function oppose(issue: Issue, utility: Utility): Utility['issues'][string]['value'] {
  const value = utility.issues[issue.name]?.value;
  if (issue.kind === 'discrete') {
    const values = value?.kind === 'table' ? value.values : {};
    return { kind: 'table', values: Object.fromEntries(issue.values.map((label) => [label, 1 - (values[label] ?? 0.5)])) };
  }
  if (value?.kind === 'points') return { kind: 'points', points: value.points.map(({ at, value: worth }) => ({ at, value: 1 - worth })) };
  return { kind: 'linear', best: value?.kind === 'linear' && value.best === 'low' ? 'high' : 'low' };
}

function makeUtility({ issues }: Domain, values: readonly (readonly number[])[], reserve: number, dice: SeededDice): Utility {
  const entries = issues.map((issue, i) => {
    const labels = issue.kind === 'discrete' ? issue.values : [];
    const table = Object.fromEntries(labels.map((label, j) => [label, values[i]?.[j] ?? 0]));
    return [issue.name, { weight: drawWeight(dice), value: { kind: 'table', values: table } }] as const;
  });
  return { issues: Object.fromEntries(entries), reserve };
}

/** Values from 0 to 1 with both ends among them. */
function drawValues(size: number, dice: SeededDice): readonly number[] {
  const drawn = Array.from({ length: size }, () => dice.unit());
  const [low, high] = [Math.min(...drawn), Math.max(...drawn)];
  return drawn.map((value) => (high === low ? 1 : (value - low) / (high - low)));
}

// Never 0: an issue that nobody cares for is no issue.
function drawWeight(dice: SeededDice): number {
  return 0.05 + 0.95 * dice.unit();
}
