// `simulate` from the command line and as a function: what it prints and draws, and what it says to input that is wrong.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulateNegotiations } from '../src/agent/simulation/simulateNegotiations.ts';
import { runCli } from './cli.fixture.ts';

const FILE = {
  domain: {
    issues: [
      { kind: 'integer', name: 'price_msat', min: '100000', max: '1000000000000', step: '1000' },
      { kind: 'integer', name: 'within_h', min: 1, max: 72 },
      { kind: 'discrete', name: 'format', values: ['pdf', 'docx'] },
    ],
  },
  utility: {
    reserve: 0.4,
    issues: {
      price_msat: { weight: 5, value: { kind: 'linear', best: 'low' } },
      within_h: {
        weight: 3,
        value: {
          kind: 'points',
          points: [
            { at: 6, value: 1 },
            { at: '72', value: 0 },
          ],
        },
      },
      format: { weight: 1, value: { kind: 'table', values: { pdf: 1, docx: 0.6 } } },
    },
  },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-simulate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('simulate', () => {
  it('needs no file and no home, and prints the same table again', async () => {
    const args = ['simulate', '--scenarios', '10', '--against', 'boulware,firm'];
    const [one, other] = await Promise.all([runCli(args), runCli(args)]);
    expect(one.stderr).toBe('');
    expect(one.code).toBe(0);
    expect(one.stdout).toContain('You negotiate by trade-off: 10 negotiations with each opponent, up to 12 rounds each (seed 1).');
    expect(one.stdout).toMatch(/^boulware +\d+ %/m);
    expect(other.stdout).toBe(one.stdout);
  });

  it('takes a utility from a file, prints JSON and draws an SVG that only its owner can read', async () => {
    const [path, plot] = [join(folder, 'job.json'), join(folder, 'job.svg')];
    writeFileSync(path, JSON.stringify({ ...FILE, strategy: { kind: 'time', exponent: 3 } }));
    const result = await runCli(['simulate', path, '--json', '--scenarios', '3', '--against', 'linear', '--plot', plot]);
    expect(result.json()).toMatchObject({
      strategy: 'own time',
      rounds: 12,
      scenarios: 3,
      isExact: false,
      plot,
      rows: [{ opponent: 'linear', agreed: 3 }],
    });
    expect(readFileSync(plot, 'utf8')).toContain('<title>own time with linear, 12 rounds</title>');
    expect(statSync(plot).mode & 0o777).toBe(0o600);
  });

  it('plays a known opponent twice, each speaking first once', () => {
    const opponent = {
      ...FILE.utility,
      issues: { ...FILE.utility.issues, price_msat: { weight: 5, value: { kind: 'linear', best: 'high' } } },
    };
    const { rows, scenarios, strategy } = simulateNegotiations({
      file: { ...FILE, opponent, strategy: 'linear' },
      against: ['boulware', 'linear'],
    });
    expect([scenarios, strategy]).toEqual([2, 'linear']);
    expect(rows.map(({ played, agreed }) => [played, agreed])).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it.each<[string, unknown, string]>([
    ['no object', 7, 'Invalid input'],
    [
      'a number that JSON cannot hold',
      { ...FILE, domain: { issues: [{ kind: 'integer', name: 'n', min: 1.5, max: 2 }] } },
      '/domain/issues/0/min',
    ],
    ['a word too many', { ...FILE, hint: 1 }, 'hint'],
    ['an unknown strategy', { ...FILE, strategy: 'psychic' }, '/strategy'],
    [
      'a range the wrong way round',
      { ...FILE, domain: { issues: [{ kind: 'integer', name: 'n', min: 2, max: 1 }] } },
      'issue n: min must not be above max',
    ],
    [
      'a weight for nothing',
      { ...FILE, utility: { ...FILE.utility, issues: { ...FILE.utility.issues, tip: FILE.utility.issues.price_msat } } },
      'issue tip: the domain has no such issue',
    ],
    ['a reserve above 1', { ...FILE, utility: { ...FILE.utility, reserve: 2 } }, 'the reserve must be a number from 0 to 1'],
    ['an opponent that is not sound', { ...FILE, opponent: { reserve: 0, issues: {} } }, 'the opponent: at least one issue'],
  ])('refuses a file with %s and says where', (_, file, words) => {
    expect(() => simulateNegotiations({ file })).toThrow(
      expect.objectContaining({ code: 'input/invalid', message: expect.stringContaining(words) as string }) as Error,
    );
  });

  it('refuses options out of range', () => {
    for (const request of [{ rounds: 0 }, { scenarios: 1e9 }, { reserve: 2 }, { sizes: [1_000, 1_000] }, { against: [] }])
      expect(() => simulateNegotiations(request)).toThrow(expect.objectContaining({ code: 'input/invalid' }) as Error);
    expect(() => simulateNegotiations({ file: { ...FILE, strategy: { kind: 'firm', level: 3 } } })).toThrow('level');
  });

  it('says what is wrong on the command line, with exit code 64, and 66 for a file that is not there', async () => {
    const wrong = await Promise.all([
      runCli(['simulate', '--against', 'psychic']),
      runCli(['simulate', '--rounds', 'many']),
      runCli(['simulate', '-'], { stdin: '{' }),
      runCli(['simulate', join(folder, 'none.json')]),
    ]);
    expect(wrong.map(({ code }) => code)).toEqual([64, 64, 64, 66]);
    expect(wrong.map(({ stdout }) => stdout)).toEqual(['', '', '', '']);
  });
});
