// The command line from a stranger's first command to a checked bundle, each command a process of its own.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { runCli, type CliResult } from './cli.fixture.ts';

let relay: RunningRelay;
let folder: string;
beforeAll(async () => {
  relay = await startRelay({ requireAuthForGiftWraps: true });
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-cli-'));
});
afterAll(async () => {
  await relay.close();
  rmSync(folder, { recursive: true, force: true });
});

const homeOf = (name: string): string => join(folder, name);

async function as(name: string, ...args: string[]): Promise<CliResult> {
  return runCli([...args, '--json', '--home', homeOf(name)]);
}

describe('the command line', () => {
  it('walks two owners from init to a bundle that verifies as closed', async () => {
    const seller = (await as('seller', 'init', '--relay', relay.url, '--invites', 'ask')).json();
    const buyer = (await as('buyer', 'init', '--relay', relay.url)).json();
    expect(statSync(homeOf('buyer')).mode & 0o777).toBe(0o700);
    expect(statSync(join(homeOf('buyer'), 'identity.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(homeOf('buyer'), 'agent.db')).mode & 0o777).toBe(0o600);
    const npub = String(seller['npub']);

    const started = (await as('buyer', 'start', npub, 'translation', 'A secret letter, one page')).json();
    const nid = (started['negotiation'] as { nid: string }).nid.slice(0, 8);

    // The seller decides whom to let in.
    const knocked = (await as('seller', 'sync')).json();
    expect(knocked).toMatchObject({ joined: [], invites: [buyer['npub']], events: [] });
    expect((await as('seller', 'list')).json()).toMatchObject({ negotiations: [], invites: [{ from: buyer['npub'] }] });
    const joined = (await as('seller', 'sync', '--from', String(buyer['npub']))).json();
    expect(joined).toMatchObject({ joined: [buyer['npub']], events: [{ type: 'open' }] });
    expect((await as('seller', 'list')).json()).toMatchObject({ negotiations: [{ service: 'translation' }], invites: [] });

    // The text of a message can come from stdin, so that it never stands in the list of processes.
    const asked = await runCli(['send', nid, '-', '--json', '--home', homeOf('seller')], { stdin: 'By when?\n' });
    expect(asked.json()).toMatchObject({ isSent: true });
    expect((await as('buyer', 'sync')).json()).toMatchObject({ events: [{ type: 'ask' }] });
    await as('buyer', 'send', nid, 'Within a day.');
    expect((await as('seller', 'sync')).json()).toMatchObject({ events: [{ type: 'answer' }] });
    await as('seller', 'offer', nid, '--sats', '900', '--within', '24h', '--output', 'plain text');
    await as('buyer', 'sync');
    await as('buyer', 'offer', nid, '--sats', '600');
    await as('seller', 'sync');
    await as('seller', 'offer', nid, '--sats', '700');
    await as('buyer', 'sync');
    expect((await as('buyer', 'accept', nid, '--sats', '600')).json()).toMatchObject({ error: { code: 'negotiation/refused' } });
    expect((await as('buyer', 'accept', nid, '--sats', '700')).json()).toMatchObject({ isSent: true, negotiation: { phase: 'accepting' } });
    for (const name of ['seller', 'buyer', 'seller', 'buyer']) await as(name, 'sync');

    const files = ['buyer', 'seller'].map((name) => join(folder, `${name}.json`));
    for (const [i, name] of ['buyer', 'seller'].entries()) {
      expect((await as(name, 'status', nid, '--bundle', files[i] ?? '')).json()).toMatchObject({
        phase: 'agreed',
        agreement: { state: 'agreed', price: '700 sats' },
      });
    }
    const [mine = '', theirs = ''] = files.map((file) => readFileSync(file, 'utf8'));
    expect(mine).toBe(theirs);

    // Somebody with nothing but the file.
    const verified = await runCli(['verify', files[0] ?? '', '--json']);
    expect(verified.code).toBe(0);
    expect(verified.json()).toMatchObject({ state: 'closed', isDeal: true, price: '700 sats', buyer: buyer['npub'], provider: npub });
    const shown = await runCli(['verify', '-'], { stdin: mine });
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('CLOSED: both sides signed and hold this deal.');
    expect(shown.stdout).toContain('Deliver within: 1 day after payment');

    writeFileSync(files[1] ?? '', mine.replace('"amount_msat":"700000"', '"amount_msat":"70000"'));
    const tampered = await runCli(['verify', files[1] ?? '', '--json']);
    expect(tampered.code).toBe(65);
    expect(tampered.json()).toMatchObject({ state: 'invalid', isDeal: false });

    // Several negotiations with one peer, in the channel that is there.
    const again = (await as('buyer', 'start', npub, 'proof-reading')).json();
    expect((again['negotiation'] as { nid: string }).nid.slice(0, 8)).not.toBe(nid);
    await as('seller', 'sync');
    expect(((await as('seller', 'list')).json()['negotiations'] as unknown[]).length).toBe(2);
    const ended = (await as('seller', 'reject', (again['negotiation'] as { nid: string }).nid)).json();
    expect(ended).toMatchObject({ negotiation: { phase: 'cancelled' } });

    // Nothing that was said went to the relay in the clear.
    const stored = JSON.stringify(relay.storedEvents());
    for (const secret of ['A secret letter', 'By when?', 'Within a day.', 'plain text', 'translation'])
      expect(stored).not.toContain(secret);
  });

  it('speaks to people without --json', async () => {
    const home = homeOf('person');
    const made = await runCli(['init', '--relay', relay.url, '--home', home]);
    expect(made.stdout).toMatch(/^Your agent is ready\.\n {2}npub {5}npub1/);
    expect(made.stdout).toContain('Anyone can ask for a negotiation with it; others wait until you let them in');
    expect(made.stderr).toBe('');
    const listed = await runCli(['list'], { env: { AGENT_NEGOTIATE_HOME: home } });
    expect(listed.stdout).toBe('No negotiations yet. Start one with: agent-negotiate start NPUB SERVICE\n');
    const quiet = await runCli(['sync', '--home', home]);
    expect(quiet.stdout).toBe('Nothing new.\n');
  });

  it('finds the home in the XDG data folder', async () => {
    const data = join(folder, 'xdg');
    expect((await runCli(['init', '--relay', relay.url, '--json'], { env: { XDG_DATA_HOME: data } })).json()['home']).toBe(
      join(data, 'agent-negotiate'),
    );
  });

  it('takes a key from a file and refuses a home that has one', async () => {
    const file = join(folder, 'key');
    writeFileSync(file, `${'01'.repeat(32)}\n`);
    const made = await as('keyed', 'init', '--relay', relay.url, '--key-file', file);
    expect(made.json()['pubkey']).toBe('1b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f');
    const again = await as('keyed', 'init', '--relay', relay.url);
    expect(again.code).toBe(73);
    expect(again.json().error?.code).toBe('home/exists');
    writeFileSync(file, 'nsec1abc');
    expect((await as('unkeyed', 'init', '--key-file', file)).json().error?.code).toBe('input/invalid');
  });

  it.each([
    [['frobnicate']],
    [['status']],
    [['offer', 'abcd', '--price', '3']],
    [['sync', '--wait', 'soon']],
    [['offer', 'abcd', '--sats', '-1']],
    [['offer', 'abcd', '--by', 'tomorrow']],
    [['relay', '--port', '99999']],
    [['demo', '--buyer-max', '0.5']],
    [['demo', '--ask', '4']],
    [['init', '--relay', 'http://example.com']],
    [['start', 'npub1nonsense', 'translation']],
    [['start', '00'.repeat(32), 'Not A Capability']],
  ])('refuses the malformed command %j with advice and without a trace', async (args) => {
    await as('strict', 'init', '--relay', relay.url);
    const result = await runCli([...args, '--json', '--home', homeOf(args[0] === 'init' ? 'never' : 'strict')]);
    expect(result.code).toBe(64);
    expect(result.json().error?.code).toMatch(/^(?:input|relay)\/invalid/);
    expect(result.stderr).not.toBe('');
    expect(result.stderr).not.toMatch(/ at .*\.ts:\d+/);
  });

  it('says without an agent what to do first', async () => {
    const result = await as('nowhere', 'list');
    expect(result.code).toBe(78);
    expect(result.stderr).toBe('There is no agent here yet. Run: agent-negotiate init\n');
  });
});
