// The verbs of the owner's policy as he types them: written, checked, put in force, asked, approved.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

let lab: Lab;
let [buyer, seller]: TestAgent[] = [];
beforeAll(async () => {
  lab = await makeLab();
  [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
});
afterAll(() => lab.close());

describe('policy', () => {
  it('init writes a file that check takes and explain puts into sentences; needs no agent', async () => {
    const folder = lab.makeHome().replace(/home$/, '');
    const file = join(folder, 'policy.toml');
    const written = await runCli(['policy', 'init', '--preset', 'seller', '--out', file]);
    expect(written.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await runCli(['policy', 'init', '--out', file])).code).toBe(64);
    expect((await runCli(['policy', 'init', '--preset', 'seller'])).stdout).toBe(readFileSync(file, 'utf8'));
    expect((await runCli(['policy', 'init', '--preset', 'broker'])).code).toBe(64);
    const checked = await runCli(['policy', 'check', file, '--json']);
    expect([checked.code, checked.json()]).toMatchObject([0, { isValid: true, role: 'seller' }]);
    const explained = await runCli(['policy', 'explain', file]);
    expect(explained.stdout).toContain('As seller, /price is at least 700 sats; it aims at 900 sats.');
    const proposed = readFileSync(file, 'utf8').replace(/^# (\[bargain\]|strategy = |rounds = )/gm, '$1');
    const bargains = await runCli(['policy', 'explain', '-'], { stdin: proposed });
    expect(bargains.stdout).toContain('Jobs that are not told otherwise bargain by trade-off, with at most 12 offers.');
    const psychic = await runCli(['policy', 'check', '-'], { stdin: proposed.replace('"trade-off"', '"psychic"').replace('= 12', '= 0') });
    expect([psychic.code, psychic.stdout]).toEqual([65, expect.stringContaining('bargain.strategy is no strategy')]);
    expect(psychic.stdout).toContain('bargain.rounds must be a whole number from 1 to 100.');
    const wrong = await runCli(['policy', 'check', '-', '--json'], { stdin: 'version = 1\nbudget = 4711' });
    expect(wrong.code).toBe(65);
    expect(wrong.json()).toMatchObject({ isValid: false });
    expect(wrong.stdout).toContain('"budget"');
    expect(wrong.stdout).not.toContain('4711');
  });

  it('is said to be over, or not to have begun, wherever it is looked at', async () => {
    if (seller === undefined) throw new Error('no agents');
    const home = ['--home', seller.home];
    const preset = (await runCli(['policy', 'init', '--preset', 'seller'])).stdout;
    const over = preset.replace('version = 1', 'version = 1\nvalid_until = 2020-01-01T00:00:00Z');
    const early = preset.replace('version = 1', 'version = 1\nvalid_from = 2099-01-01T00:00:00Z');
    const warning = 'Warning: This policy is over since 2020-01-01 00:00:00 UTC: everything but duties is refused';
    const told = [
      await runCli(['policy', 'check', '-'], { stdin: over }),
      await runCli(['policy', 'explain', '-'], { stdin: over }),
      await runCli(['policy', 'set', '-', ...home], { stdin: over }),
      await runCli(['policy', 'show', ...home]),
    ];
    expect(told.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    for (const { stdout } of told) expect(stdout).toContain(warning);
    for (const { stdout } of told) expect(stdout).not.toMatch(/In force from now on|is in order\./);
    expect((await runCli(['policy', 'show', '--json', ...home])).json()).toMatchObject({ isSet: true, term: 'ended' });
    expect((await runCli(['policy', 'check', '-', '--json'], { stdin: over })).json()).toMatchObject({ isValid: true, term: 'ended' });
    expect((await runCli(['policy', 'check', '-'], { stdin: early })).stdout).toContain('Warning: This policy holds from 2099-01-01');
    expect((await runCli(['policy', 'check', '-', '--json'], { stdin: preset })).json()).toMatchObject({ isValid: true, term: 'holds' });
    expect((await runCli(['policy', 'unset', ...home])).code).toBe(0);
  });

  it('set puts it in force: verbs are refused with 77, asked about with 75, and go on once approved', async () => {
    if (buyer === undefined || seller === undefined) throw new Error('no agents');
    const home = ['--home', buyer.home];
    const file = join(buyer.home, '..', 'policy.toml');
    const preset = (await runCli(['policy', 'init'])).stdout;
    expect((await runCli(['policy', 'show', ...home])).stdout).toContain('No policy is in force');
    expect((await runCli(['policy', 'set', '-', ...home], { stdin: 'version = 2' })).code).toBe(65);
    writeFileSync(file, preset);
    const set = await runCli(['policy', 'set', file, ...home]);
    const { digest } = (await runCli(['policy', 'check', file, '--json'])).json();
    expect([set.code, set.stdout]).toEqual([0, expect.stringContaining(String(digest))]);
    expect((await runCli(['policy', 'show', '--text', ...home])).stdout).toBe(preset);

    const denied = await runCli(['start', seller.npub, 'weapons', '--json', ...home]);
    expect([denied.code, denied.json().error]).toMatchObject([
      77,
      { code: 'mandate/denied', details: { reasons: 'service (services.capabilities)' } },
    ]);
    const started = await runCli(['start', seller.npub, 'translation', '--json', ...home]);
    const { nid } = started.json()['negotiation'] as { nid: string };
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid, priceMsat: 600_000n }));
    await runCli(['sync', ...home]);
    const asked = await runCli(['accept', nid, '--json', ...home]);
    expect([asked.code, asked.json().error]).toMatchObject([75, { code: 'mandate/approval-needed' }]);
    expect((await runCli(['policy', 'show', ...home])).stdout).toMatch(/accept for up to 600 sats {2}\(amount, first-deal\)/);
    const unclear = await runCli(['approve', 'zzz', ...home]);
    expect([unclear.code, unclear.stderr]).toEqual([64, expect.stringMatching(/digest, as policy show lists it/)]);
    const approved = await runCli(['approve', nid.slice(0, 8), ...home]);
    expect(approved.stdout).toContain('Approved: ');
    expect((await runCli(['accept', nid, ...home])).code).toBe(0);
    expect((await runCli(['policy', 'show', ...home])).stdout).toContain('promised  600 sats in 1 signatures and deals');
    expect((await runCli(['policy', 'settle', nid, ...home])).code).toBe(66);
    expect((await runCli(['approve', nid, ...home])).code).toBe(66);

    const again = (await runCli(['start', seller.npub, 'translation', '--json', ...home])).json()['negotiation'] as { nid: string };
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid: again.nid, priceMsat: 600_000n }));
    await runCli(['sync', ...home]);
    expect((await runCli(['accept', again.nid, '--approve', ...home])).code).toBe(0);
    expect((await runCli(['policy', 'unset', ...home])).code).toBe(0);
    expect((await runCli(['policy', 'show', '--json', ...home])).json()).toEqual({ isSet: false });
  });

  it.runIf(isWholeLane)('asks about a message to a group, which approve or --approve lets through', async () => {
    if (buyer === undefined || seller === undefined) throw new Error('no agents');
    const home = ['--home', buyer.home];
    const made = (await runCli(['group', 'create', 'Plans', seller.npub, '--json', ...home])).json();
    const group = String(made['group']);
    const policy = (await runCli(['policy', 'init'])).stdout.replace('when = ["first-deal", "amendment"]', 'when = ["free-text"]');
    expect((await runCli(['policy', 'set', '-', ...home], { stdin: policy })).code).toBe(0);
    const say = (text: string, ...more: string[]) => runCli(['group', 'say', group, text, '--json', ...more, ...home]);
    const asked = await say('Hello.');
    expect([asked.code, asked.json().error]).toMatchObject([75, { code: 'mandate/approval-needed' }]);
    expect((await runCli(['policy', 'show', ...home])).stdout).toMatch(
      new RegExp(`^ {2}[0-9a-f]{12} {2}${group.slice(0, 8)} {2}group {2}group-message {2}\\(own-words\\)$`, 'm'),
    );
    expect((await runCli(['approve', group.slice(0, 8), ...home])).stdout).toContain('a verb of yours has to be run again');
    expect((await say('Hello.')).code).toBe(0);
    expect([(await say('Hello.')).code, (await say('Hello.', '--approve')).code]).toEqual([75, 0]);
    const rename = ['group', 'rename', group, 'More plans', ...home];
    expect([(await runCli(rename)).code, (await runCli([...rename, '--approve'])).code]).toEqual([75, 0]);
    const create = ['group', 'create', 'Others', seller.npub, ...home];
    expect([(await runCli(create)).code, (await runCli([...create, '--approve'])).code]).toEqual([75, 0]);
    expect((await say('x'.repeat(4_001), '--approve')).code).toBe(77);
    expect((await runCli(['policy', 'unset', ...home])).code).toBe(0);
  });
});
