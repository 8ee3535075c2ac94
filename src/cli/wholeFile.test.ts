// A file of the owner's is there whole, in its place, and no other is touched; output that cannot be written ends in one line.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeWholeFile } from './wholeFile.ts';

const COMMAND = new URL('../../bin/agent-negotiate.js', import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-whole-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a whole file', () => {
  it('is the owner’s alone, and takes the place of another where that is wanted', () => {
    const path = join(folder, 'a.txt');
    writeWholeFile(path, 'one', 'new');
    expect(() => writeWholeFile(path, 'two', 'new')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['one', 0o600]);
    writeWholeFile(path, 'two', 'replace');
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['two', ['a.txt']]);
  });

  it('is written through a link, and to what is no file', () => {
    const path = join(folder, 'a.txt');
    const link = join(folder, 'link');
    writeFileSync(path, 'one');
    symlinkSync(path, link);
    writeWholeFile(link, 'two', 'replace');
    writeWholeFile('/dev/null', 'two', 'replace');
    expect([readFileSync(path, 'utf8'), lstatSync(link).isSymbolicLink(), statSync('/dev/null').isCharacterDevice()]).toEqual([
      'two',
      true,
      true,
    ]);
  });
});

describe.runIf(existsSync('/dev/full'))('output to a full disk', () => {
  it('ends in one line on stderr and exit code 74', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'policy', 'init'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([status, stderr]).toEqual([74, 'The output could not be written: the disk is full. Make room, and run it again.\n']);
  });
});
