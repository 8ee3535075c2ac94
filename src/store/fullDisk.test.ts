// A full disk is called one, loses nothing, and is looked at without writing; whoever may not mount a small one tries what needs none.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWholeFile } from '../cli/wholeFile.ts';
import { isFullDiskError } from '../core/fullDisk.ts';
import { everything } from './everything.fixture.ts';
import { makeHome } from './home.ts';
import { inspectHome } from './inspectHome.ts';
import { explainFaults } from './openDatabase.ts';
import { openHome, type OpenedHome } from './openHome.ts';
import { replacePrivateFile } from './privateFile.ts';
import { hasNoRoom } from './room.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-full-'));
const disk = join(folder, 'disk');
const isMounted = mountSmall();
afterAll(() => {
  if (isMounted) execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true, force: true });
});

function mountSmall(): boolean {
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const open = (home: string): OpenedHome => openHome({ home, isExclusive: true, lockWaitMs: 0 });

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

function makeFilled(home: string): void {
  makeHome(home);
  const { store, close } = open(home);
  store.save(everything);
  close();
}

describe('a full disk', () => {
  it.each(['ENOSPC', 'EDQUOT'])('is named when the system says %s', (code) => {
    const fault = Object.assign(new Error('no room'), { code, syscall: 'write' });
    const error = failureOf(() =>
      explainFaults(() => {
        throw fault;
      }),
    );
    expect(isFullDiskError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'store/unavailable',
      retryable: true,
      message: expect.stringMatching(/^The disk is full: .*Make room/) as string,
    });
  });

  it('is named when SQLite has no more pages; what was saved before is there', () => {
    const home = join(folder, 'paged');
    makeFilled(home);
    const { store, db, close } = open(home);
    db.exec('PRAGMA max_page_count = 1');
    expect(isFullDiskError(failureOf(() => store.save([{ kind: 'setting', key: 'large', value: 'x'.repeat(500_000) }])))).toBe(true);
    expect([store.readSetting('large'), store.listJobs().length]).toEqual([undefined, 1]);
    close();
  });

  it('is not what another fault is called', () => {
    const fault = Object.assign(new Error('disk I/O error'), { errcode: 10 });
    const error = failureOf(() =>
      explainFaults(
        () => {
          throw fault;
        },
        join(folder, 'any.db'),
      ),
    );
    expect([isFullDiskError(error), hasNoRoom(join(folder, 'nowhere', 'any.db')), hasNoRoom(join(folder, 'any.db'))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe.runIf(isMounted)('on a disk of 2 MiB that is full', () => {
  const home = join(disk, 'home');
  const file = join(disk, 'report.txt');
  const filler = join(disk, 'filler');
  beforeAll(() => {
    makeFilled(home);
    writeFileSync(file, 'the old one');
    failureOf(() => writeFileSync(filler, new Uint8Array(4_000_000)));
  });
  afterAll(() => rmSync(filler, { force: true }));

  it('a home says so, can be looked at, and is whole when there is room', () => {
    expect(isFullDiskError(failureOf(() => open(home)))).toBe(true);
    expect(inspectHome(home)).toMatchObject({ integrity: 'sound', isExposed: false, freeBytes: 0 });
    expect(isFullDiskError(failureOf(() => replacePrivateFile(join(home, 'wallet'), 'x'.repeat(100_000))))).toBe(true);
    rmSync(filler);
    rmSync(join(home, 'wallet.new'), { force: true });
    const { store, close } = open(home);
    expect([store.listJobs().length, store.listQueued().length]).toEqual([1, 1]);
    close();
    failureOf(() => writeFileSync(filler, new Uint8Array(4_000_000)));
  });

  it('a file of the owner’s is the old one or none, and nothing is left beside it', () => {
    const long = 'x'.repeat(100_000);
    expect(failureOf(() => writeWholeFile(file, long, 'replace'))).toMatchObject({ code: 'ENOSPC' });
    expect(failureOf(() => writeWholeFile(join(disk, 'new.txt'), long, 'new'))).toMatchObject({ code: 'ENOSPC' });
    expect(readFileSync(file, 'utf8')).toBe('the old one');
    expect(readdirSync(disk).toSorted()).toEqual(['filler', 'home', 'report.txt']);
  });
});
