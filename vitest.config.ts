import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const FILES = ['src/**/*.test.ts', 'test/**/*.test.ts'];
const LANE = new URL('test/lane.fixture.ts', import.meta.url).href;

/** The files that know two lanes: those that import test/lane.fixture.ts. */
function listTwoLaned(): string[] {
  const isTwoLaned = (path: string): boolean => {
    const [, specifier] = /from '(\S*\/lane\.fixture\.ts)'/.exec(readFileSync(path, 'utf8')) ?? [];
    return specifier !== undefined && new URL(specifier, new URL(path, import.meta.url)).href === LANE;
  };
  return globSync(FILES).filter(isTwoLaned);
}

export default defineConfig({
  test: {
    include: process.env['TEST_LANE'] === 'whole' ? listTwoLaned() : FILES,
    // A lane of its own, by its own command (npm run soak).
    exclude: process.env['SOAK_S'] === undefined ? ['test/soak.test.ts'] : [],
    globalSetup: ['test/stateFolder.fixture.ts'],
    setupFiles: ['test/sameEachRun.fixture.ts'],
    // Long enough for a machine that is busy or slow: only what hangs gets there.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
  },
});
