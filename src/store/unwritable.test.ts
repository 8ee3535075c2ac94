// A home that cannot be written says so, loses nothing, and goes on when the cause is gone.

import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything } from './everything.fixture.ts';
import { databasePath, makeHome } from './home.ts';
import { openHome, type OpenedHome } from './openHome.ts';

const NOBODY = 65_534;

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-unwritable-'));
  home = join(folder, 'home');
  makeHome(home);
  const { store, close } = openHome({ home, isExclusive: true, lockWaitMs: 0 });
  store.save(everything);
  close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As somebody to whom modes apply: they do not to root. */
function asUser<T>(work: () => T): T {
  if (process.geteuid?.() !== 0) return work();
  chmodSync(folder, 0o711);
  for (const path of [home, ...readdirSync(home).map((name) => join(home, name))]) chownSync(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

const open = (): OpenedHome => openHome({ home, isExclusive: true, lockWaitMs: 0 });

/** Opens it and saves something; what fails is thrown. */
function use(value: string): void {
  const { store, close } = open();
  try {
    store.save([{ kind: 'setting', key: 'later', value }]);
  } finally {
    close();
  }
}

describe('a home that cannot be written', () => {
  it.each([
    ['a folder that is read-only', () => chmodSync(home, 0o500), () => chmodSync(home, 0o700)],
    ['a database that is read-only', () => chmodSync(databasePath(home), 0o400), () => chmodSync(databasePath(home), 0o600)],
    ['a folder that cannot be entered', () => chmodSync(home, 0o000), () => chmodSync(home, 0o700)],
  ])('with %s is refused, and whole when that is over', (_what, spoil, mend) => {
    spoil();
    expect(() => asUser(() => use('no'))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(?:store\/unavailable|home\/unreadable)$/) as string }),
    );
    mend();
    asUser(() => {
      use('yes');
      const { store, close } = open();
      expect([store.readSetting('later'), store.listJobs().length, store.listQueued().length]).toEqual(['yes', 1, 1]);
      close();
    });
  });
});
