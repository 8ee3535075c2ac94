// `simulate` from the command line and as a function: what it prints and draws, and what it says to input that is wrong.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMandateDocument } from '../src/agent/mandate/readMandateFile.ts';
import { simulateNegotiations, type SimulationRequest } from '../src/agent/simulation/simulateNegotiations.ts';
import { POLICY_PRESETS } from '../src/cli/policyPresets.ts';
import { listBargainIssues } from '../src/decide/bargainIssues.ts';
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
    ['no object', 7, 'The simulation file must be an object with fields'],
    [
      'a number that JSON cannot hold',
      { ...FILE, domain: { issues: [{ kind: 'integer', name: 'n', min: 1.5, max: 2 }] } },
      'domain.issues[0].min must be a whole number, in quotes',
    ],
    ['a word too many', { ...FILE, hint: 1 }, 'hint is not known here'],
    ['an unknown strategy', { ...FILE, strategy: 'psychic' }, 'strategy must be one of boulware, '],
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

const TIME = '/delivery/within_s';
const ISSUES = [
  { term: '/price', as: 'buyer', reserve: 900_000, target: 600_000 },
  { term: TIME, as: 'buyer', reserve: 43_200, target: 7_200 },
  { term: '/scope/revisions', as: 'buyer', reserve: 1 },
  { term: '/price', as: 'seller', reserve: 500_000, target: 800_000 },
  { term: TIME, as: 'seller', reserve: 14_400, target: 86_400 },
];
const POLICY = {
  version: 1,
  name: 'both ways',
  role: 'both',
  services: { capabilities: ['*'] },
  peers: { allow: ['*'] },
  limits: { per_deal_msat: 1_000_000, per_day_msat: 1_000_000, open_msat: 1_000_000 },
  issues: ISSUES,
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 100 },
};
const oneSided = (role: 'buyer' | 'seller', changes: object = {}): object => ({
  ...POLICY,
  role,
  issues: ISSUES.filter((issue) => issue.as === role),
  ...changes,
});
const KEPT = '/confidentiality/retention_s';
const tryPolicy = (policy: string | object, more: SimulationRequest = {}) =>
  simulateNegotiations({ policy, against: ['linear'], scenarios: 4, ...more });

describe('simulate with a policy', () => {
  it('bargains about what a job under it would, from the same best to the same worst', () => {
    const file = readMandateDocument(POLICY);
    if (file.kind === 'refused') throw new Error('no policy');
    const { mandate } = file;
    const buyer = tryPolicy(POLICY, { role: 'buyer' });
    const bid = { role: 'buyer', bestMsat: 600_000n, worstMsat: 950_000n } as const;
    expect(buyer.policy?.issues).toEqual(listBargainIssues(bid, mandate));
    expect(buyer.policy).toMatchObject({ name: 'both ways', role: 'buyer', others: ['/scope/revisions'] });
    expect(buyer.policy?.ranges).toEqual(['/price from 600 sats to 900 sats', `${TIME} from 2 h to 12 h`]);
    const seller = tryPolicy(mandate, { role: 'seller', bestMsat: 950_000n });
    const list = { role: 'provider', bestMsat: 950_000n, worstMsat: 500_000n, withinS: 86_400 } as const;
    expect(seller.policy?.issues).toEqual(listBargainIssues(list, mandate));
    expect(seller.policy?.ranges).toEqual(['/price from 950 sats to 500 sats', `${TIME} from 1 day to 4 h`]);
    const kept = oneSided('seller', {
      issues: [...ISSUES.filter(({ as }) => as === 'seller'), { term: KEPT, reserve: 3_600, target: 86_400 }],
    });
    expect(tryPolicy(kept).policy?.ranges).toContain(`${KEPT} from 1 day to 1 h`);
    for (const { rows } of [buyer, seller]) expect(rows).toMatchObject([{ opponent: 'linear', played: 4, agreed: 4, refused: 0 }]);
  });

  it('lets the seller speak first, and several offers be made at once, as jobs do', () => {
    const price = (role: 'buyer' | 'seller'): object => oneSided(role, { issues: ISSUES.filter((each) => each.as === role).slice(0, 1) });
    const [svg = '', other = ''] = (['buyer', 'seller'] as const).map(
      (role) => tryPolicy(price(role), { against: ['firm'], strategy: 'firm', rounds: 1, plot: true }).svg ?? '',
    );
    // The first to speak has offered once, the other one answers with its last word.
    const marks = (text: string, colour: string): number => text.split(`fill="${colour}"`).length;
    expect(marks(other, '#1f6feb')).toBeGreaterThan(marks(svg, '#1f6feb'));
    expect(marks(svg, '#d1242f')).toBeGreaterThan(marks(other, '#d1242f'));
    const [one, several] = (['trade-off', 'variants'] as const).map((strategy) => tryPolicy(oneSided('buyer'), { strategy }).rows);
    expect(several).not.toEqual(one);
  });

  it.each<[string, string | object, SimulationRequest, string, string]>([
    ['of both sides without a role', POLICY, {}, 'role', '--role buyer'],
    ['of the other side', oneSided('buyer'), { role: 'seller' }, 'role', 'not for this side'],
    ['that says no price to begin with', oneSided('buyer', { issues: [] }), {}, 'no-best', '--best'],
    ['without a worst price', oneSided('seller', { issues: [] }), { bestMsat: 9_000n }, 'no-worst', 'reserve and target'],
    ['whose best price is past its worst', oneSided('buyer'), { bestMsat: 900_001n }, 'best', 'past the worst'],
    ['with nothing between best and worst', oneSided('buyer', { issues: [] }), { bestMsat: 1_000_000n }, 'no-range', 'nothing to bargain'],
    ['that has ended', oneSided('buyer', { valid_until: '2027-01-31T12:00:00Z' }), { now: 1_801_396_801 }, 'expired', 'valid_until'],
    [
      'that contradicts itself',
      oneSided('buyer', { issues: [{ term: '/price', reserve: 2, target: 3 }] }),
      {},
      'problems',
      'issues[0].reserve',
    ],
    ['that is no TOML', 'version = = 1', {}, 'problems', 'Line 1 is no TOML'],
  ])('refuses a policy %s, and says what to do', (_, policy, more, reason, words) => {
    expect(() => tryPolicy(policy, more)).toThrow(
      expect.objectContaining({
        code: 'input/invalid',
        details: { reason },
        message: expect.stringContaining(words) as string,
      }) as Error,
    );
  });

  it('is tried before it begins to hold, and to its last second', () => {
    const [begins, ends] = ['2027-01-31T11:00:00Z', '2027-01-31T12:00:00Z'];
    const policy = oneSided('buyer', { valid_from: begins, valid_until: ends });
    for (const now of [0, 1_801_396_800]) expect(tryPolicy(policy, { now }).total.played).toBe(4);
  });

  it('negotiates as the policy says where nothing else is said', () => {
    const policy = oneSided('buyer', { bargain: { strategy: 'boulware', rounds: 9 } });
    const shown = ({ strategy, rounds }: ReturnType<typeof tryPolicy>): unknown => [strategy, rounds];
    expect(shown(tryPolicy(policy))).toEqual(['boulware', 9]);
    expect(shown(tryPolicy(policy, { rounds: 20 }))).toEqual(['boulware', 20]);
    expect(shown(tryPolicy(policy, { strategy: 'linear' }))).toEqual(['linear', 12]);
    expect(shown(tryPolicy(oneSided('buyer')))).toEqual(['trade-off', 12]);
    expect(shown(tryPolicy(oneSided('buyer', { bargain: { strategy: { kind: 'time', exponent: 3 } } })))).toEqual(['own time', 12]);
    expect(tryPolicy(policy).rows).toEqual(tryPolicy(oneSided('buyer'), { strategy: 'boulware', rounds: 9 }).rows);
  });

  it('takes a file or a policy, and what belongs to a policy with one only', () => {
    for (const request of [{ file: FILE, policy: POLICY, role: 'buyer' }, { role: 'buyer' }, { bestMsat: 1n }] as const)
      expect(() => simulateNegotiations(request)).toThrow(expect.objectContaining({ code: 'input/invalid' }) as Error);
  });

  it('on the command line names the policy and its ranges in sats and hours, prints JSON and draws', async () => {
    const [path, plot] = [join(folder, 'policy.json'), join(folder, 'policy.svg')];
    writeFileSync(path, JSON.stringify(POLICY));
    const common = ['--scenarios', '3', '--against', 'linear'];
    const [shown, json, preset, wrong] = await Promise.all([
      runCli(['simulate', '--policy', path, '--role', 'buyer', ...common]),
      runCli(['simulate', '--policy', path, '--role', 'seller', '--best', '900.5', '--json', '--plot', plot, ...common]),
      runCli(['simulate', '--policy', '-', ...common], { stdin: POLICY_PRESETS.seller }),
      runCli(['simulate', path, '--policy', path, '--json']),
    ]);
    expect([shown.stderr, shown.code]).toEqual(['', 0]);
    expect(shown.stdout.split('\n')[0]).toBe(
      'Your policy “both ways”, as buyer by trade-off: /price from 600 sats to 900 sats, /delivery/within_s from 2 h to 12 h; ' +
        '3 negotiations with each opponent, up to 12 rounds each (seed 1).',
    );
    expect(shown.stdout).toMatch(/^linear +100 %/m);
    expect(json.json()).toMatchObject({ policy: { role: 'seller', issues: [{ term: '/price', best: '900500' }, { term: TIME }] }, plot });
    expect(readFileSync(plot, 'utf8')).toContain('<title>trade-off with linear, 12 rounds</title>');
    expect(preset.stdout).toContain('Your policy “seller”, as seller by trade-off: /price from 900 sats to 700 sats;');
    expect([wrong.code, wrong.json().error?.code]).toEqual([64, 'input/invalid']);
  });
});
