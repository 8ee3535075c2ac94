// A look at a home tells a sound database from a damaged one, and an exposed home from a private one, without changing either.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { databasePath, makeHome } from './home.ts';
import { inspectHome } from './inspectHome.ts';
import { openDatabase } from './openDatabase.ts';

let home: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'agent-negotiate-inspect-')), 'home');
  makeHome(home);
  openDatabase(databasePath(home)).close();
});
afterEach(() => rmSync(join(home, '..'), { recursive: true, force: true }));

it('a new home is sound, private and small', () => {
  expect(inspectHome(home)).toMatchObject({ integrity: 'sound', isExposed: false });
  expect(inspectHome(home).sizeBytes).toBeLessThan(1_048_576);
  expect(inspectHome(home).freeBytes).toBeGreaterThan(0);
});

it('a database with a page of junk in it is damaged', () => {
  const bytes = readFileSync(databasePath(home));
  bytes.fill(0xab, 8_192, 12_288);
  writeFileSync(databasePath(home), bytes);
  expect(inspectHome(home).integrity).toBe('damaged');
});

it('a file that is no database is damaged, and one that is gone is unreadable', () => {
  writeFileSync(databasePath(home), 'x'.repeat(10_000));
  expect(inspectHome(home).integrity).toBe('damaged');
  rmSync(databasePath(home));
  expect(inspectHome(home).integrity).toBe('unreadable');
});

it('a home that others can read is exposed', () => {
  chmodSync(home, 0o755);
  expect(inspectHome(home).isExposed).toBe(true);
});
