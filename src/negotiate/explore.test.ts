import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { explore } from './explore.fixture.ts';
import { LARGE_CASES, SMALL_CASES } from './exploreCases.fixture.ts';
import { listLiarCases } from './exploreLiarCases.fixture.ts';
import { exploreLiar } from './exploreLiar.fixture.ts';
import { isAgreed, SCRIPTS } from './exploreScripts.fixture.ts';
import type { Machine } from './exploreSide.fixture.ts';
import { exploreWire } from './exploreWire.fixture.ts';
import { isWholeLane } from '../../test/lane.fixture.ts';

// `npm run explore` sets this: minutes instead of seconds.
const isDeep = env['EXPLORE_DEPTH'] === 'deep';
const timeoutMs = isDeep ? 900_000 : 60_000;

function codesIn({ messages }: Machine): ReadonlySet<string> {
  return new Set(messages.flatMap(({ body }) => (body.type === 'error' ? body.code : [])));
}

describe('two honest sides, in every order of moves, messages and clocks,', () => {
  it.each([...SMALL_CASES, ...(isDeep ? LARGE_CASES : [])])('hold one deal or none: $name', { timeout: timeoutMs }, (kase) => {
    const report = explore(kase);
    // The races that a case is for have been met, deals are made in it, and some come to nothing.
    expect([...codesIn(report.machine)]).toEqual(expect.arrayContaining([...kase.meets]));
    expect([...report.outcomes.keys()].some((outcome) => outcome.startsWith('agreed'))).toBe(true);
    expect(report.outcomes.size).toBeGreaterThan(1);
  });
});

describe('one honest side against a liar', () => {
  const all = listLiarCases(isDeep ? 4 : 2);
  const quick = all
    .filter(({ name, honest }) => honest === 0 || /accepts|both have/.test(name))
    .filter((_, i) => isWholeLane || i % 2 === 0);
  it.each(isDeep ? all : quick)('is free again or holds a deal, and can prove what it was told: $name', { timeout: timeoutMs }, (kase) => {
    const report = exploreLiar(kase);
    expect(report.layers.every((count) => count > 0)).toBe(true);
    expect(codesIn(report.machine).size).toBeGreaterThan(3);
    if (isDeep) expect(report.cheats).toBeGreaterThan(0);
  });
});

describe('a deal over a network that reorders, repeats and loses', () => {
  const troubles = [
    { overtakings: 1, repetitions: 0, losses: 0 },
    { overtakings: 0, repetitions: 1, losses: 0 },
    { overtakings: 0, repetitions: 0, losses: 1 },
    ...(isDeep ? [{ overtakings: 0, repetitions: 1, losses: 1 }] : []),
  ];
  const cases = Object.entries(SCRIPTS).flatMap(([name, script]) =>
    troubles.map((trouble) => ({ name, script, trouble, told: JSON.stringify(trouble) })),
  );
  it.each(cases.filter((_, i) => isWholeLane || i % 2 === 0))(
    'is made in the end by delivery and repetition alone: $name, $told',
    { timeout: timeoutMs },
    ({ script, trouble }) => {
      const report = exploreWire(script, trouble, isAgreed);
      expect(report.silent).toBeGreaterThan(1);
      expect(report.longest).toBeLessThan(40);
    },
  );
});
