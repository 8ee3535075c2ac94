import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // A lane of its own, by its own command (npm run soak).
    exclude: process.env['SOAK_S'] === undefined ? ['test/soak.test.ts'] : [],
    globalSetup: ['test/stateFolder.fixture.ts'],
    setupFiles: ['test/sameEachRun.fixture.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
