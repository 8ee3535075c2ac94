// What belongs to which home on the command line of `serve`.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNegotiateError } from '../../core/errors.ts';
import { planHomes, type HomeNote } from './planHomes.ts';

function refusal(notes: readonly HomeNote[]): string | undefined {
  try {
    planHomes(notes, {});
    return undefined;
  } catch (error) {
    return isNegotiateError(error) ? error.code : 'other';
  }
}

describe('the homes of one serve', () => {
  it('are one home for one --home or none, in whatever order the options come', () => {
    const plan = { home: '/a', config: 's.json', relays: ['wss://one', 'wss://two'] };
    const relays: HomeNote[] = [
      ['relay', 'wss://one'],
      ['relay', 'wss://two'],
    ];
    expect(planHomes([['config', 's.json'], ...relays, ['home', '/a']], {})).toEqual([plan]);
    expect(planHomes([['home', '/a'], ['config', 's.json'], ...relays], {})).toEqual([plan]);
    expect(planHomes([['config', 's.json'], ...relays], { AGENT_NEGOTIATE_HOME: '/a' })).toEqual([plan]);
  });

  it('take what stands after each of them; what stands before the first is for all who have none of their own', () => {
    const plans = planHomes(
      [
        ['key-file', 'shared.key'],
        ['relay', 'wss://all'],
        ['home', '/a'],
        ['config', 'a.json'],
        ['home', '/b'],
        ['passphrase-file', 'b.txt'],
        ['relay', 'wss://b'],
        ['home', '/c'],
      ],
      { AGENT_NEGOTIATE_HOME: '/unused' },
    );
    expect(plans).toEqual([
      { home: '/a', config: 'a.json', keyFile: 'shared.key', relays: ['wss://all'] },
      { home: '/b', passphraseFile: 'b.txt', relays: ['wss://all', 'wss://b'] },
      { home: '/c', keyFile: 'shared.key', relays: ['wss://all'] },
    ]);
  });

  it('are refused where it is not clear what belongs to which, or one is named twice', () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-plan-'));
    try {
      mkdirSync(join(folder, 'a'));
      symlinkSync(join(folder, 'a'), join(folder, 'b'));
      const homes = (...names: string[]): HomeNote[] => names.map((name) => ['home', join(folder, name)]);
      expect(refusal(homes('a', 'c'))).toBeUndefined();
      const refused: HomeNote[][] = [
        homes('a', 'b'),
        homes('c', 'c'),
        [['config', 's.json'], ...homes('a', 'c')],
        [...homes('a'), ['config', 's.json'], ['config', 't.json']],
        [...homes('a'), ['config', 's.json'], ['config', 't.json'], ...homes('c')],
        [['passphrase-file', '-'], ...homes('a', 'c')],
      ];
      expect(refused.map(refusal)).toEqual(refused.map(() => 'input/invalid'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
