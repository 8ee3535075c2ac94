// The second place: where it is, that it is for its owner alone, and that whatever is there instead is told apart.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findStateFolder, openSentinel } from './sentinel.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-sentinel-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const home = join(folder, 'home');
mkdirSync(home);
const [alice, bob] = ['aa'.repeat(32), 'bb'.repeat(32)];

describe('the second place', () => {
  it('is where the environment says, or the system has such things', () => {
    expect(findStateFolder({ AGENT_NEGOTIATE_STATE: '/s' })).toBe('/s');
    expect(findStateFolder({ AGENT_NEGOTIATE_STATE: '', XDG_STATE_HOME: '/x' })).toBe('/x/agent-negotiate');
    expect(findStateFolder({ XDG_STATE_HOME: 'relative' })).toMatch(/\/\.local\/state\/agent-negotiate$/);
  });

  it('keeps one record for each home and identity, for its owner alone', () => {
    const state = join(folder, 'deep', 'state');
    const sentinel = openSentinel(home, alice, state);
    expect(sentinel.read()).toEqual({ kind: 'missing' });
    expect(sentinel.canWrite()).toBe(true);
    expect(sentinel.write({ floor: 3, mark: 35 })).toBe(true);
    expect(sentinel.read()).toEqual({ kind: 'known', record: { floor: 3, mark: 35 } });
    expect([statSync(sentinel.path).mode & 0o777, statSync(dirname(sentinel.path)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(openSentinel(home, bob, state).read()).toEqual({ kind: 'missing' });
    expect(openSentinel(join(folder, 'other'), alice, state).read()).toEqual({ kind: 'missing' });
    symlinkSync(home, join(folder, 'link'));
    expect(openSentinel(join(folder, 'link'), alice, state).path).toBe(sentinel.path);
  });

  it.each(['', '{', '{}', '{"v":2,"floor":1,"mark":1}', '{"v":1,"floor":2,"mark":1}', '{"v":1,"floor":-1,"mark":1}', '[1]'])(
    'takes %j for damaged, and can be made anew',
    (text) => {
      const sentinel = openSentinel(home, alice, join(folder, 'damaged'));
      sentinel.write({ floor: 0, mark: 0 });
      writeFileSync(sentinel.path, text);
      expect(sentinel.read()).toEqual({ kind: 'damaged' });
      expect(sentinel.write({ floor: 1, mark: 1 })).toBe(true);
      expect(sentinel.read().kind).toBe('known');
    },
  );

  it('says so when it cannot be written, and throws nothing', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const sentinel = openSentinel(home, alice, join(file, 'state'));
    expect([sentinel.read().kind, sentinel.canWrite(), sentinel.write({ floor: 1, mark: 1 })]).toEqual(['missing', false, false]);
  });

  it.skipIf(process.getuid?.() === 0)('says so where it may not write', () => {
    const state = join(folder, 'locked');
    mkdirSync(state);
    chmodSync(state, 0o500);
    const sentinel = openSentinel(home, alice, state);
    expect([sentinel.canWrite(), sentinel.write({ floor: 1, mark: 1 })]).toEqual([false, false]);
  });

  it('knows when it is in the home itself', () => {
    expect(openSentinel(home, alice, join(home, 'state')).isInside).toBe(true);
    expect(openSentinel(home, alice, `${home}-state`).isInside).toBe(false);
  });
});
