// The verbs around the market as a user runs them: services come and go, scores, wallets, and everything that is asked for wrongly.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeySigner } from '../src/nostr/signer.ts';
import { createRelayPool } from '../src/nostr/relayPool.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { sha256 } from '../src/core/bytes.ts';
import { safeName, saveResult } from '../src/cli/jobs/saveResult.ts';
import { runCli } from './cli.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService, launch, openMarket, writeServices, type CliLine, type Market, type Trader } from './market.fixture.ts';

let market: Market;
let buyer: Trader;
let seller: Trader;
beforeAll(async () => {
  market = await openMarket();
  buyer = await market.makeTrader('buyer', 10_000_000n);
  seller = await market.makeTrader('seller', 0n);
});
afterAll(() => market.close());

const ask = async (...args: string[]) => (await runCli([...args, '--json'])).json();
const names = async (capability: string): Promise<unknown> =>
  ((await ask('find', capability, '--home', buyer.home))['services'] as { service: string; price: string }[]).map(
    ({ service, price }) => `${service} ${price}`,
  );

describe('a service on the market', () => {
  it('is announced, changed, not announced again in vain, and withdrawn', async () => {
    const config = writeServices(market, [describeService()]);
    const home = ['--home', seller.home];
    expect(await ask('announce', ...home, '--config', config)).toMatchObject({
      announced: ['upper'],
      published: { waiting: 0 },
    });
    expect(await names('upper-case')).toEqual(['upper 900 sats per request']);
    expect(await ask('announce', ...home, '--config', config)).toMatchObject({ announced: [] });
    writeServices(market, [describeService({ list_sats: '950.5' })]);
    expect(await ask('announce', ...home, '--config', config)).toMatchObject({ announced: ['upper'] });
    expect(await names('upper-case')).toEqual(['upper 950.5 sats per request']);
    expect(await ask('announce', ...home)).toMatchObject({ services: [{ service: 'upper', price: '950.5 sats per request' }] });
    expect(await ask('announce', ...home, '--withdraw', 'upper')).toMatchObject({ withdrawn: ['upper'], services: [] });
    expect(await names('upper-case')).toEqual([]);
    expect(await ask('announce', ...home, '--withdraw', 'upper')).toMatchObject({ error: { code: 'input/not-found' } });
    // Announced once more it is found again, although a withdrawal is on record.
    expect(await ask('announce', ...home, '--config', config)).toMatchObject({ announced: ['upper'] });
    expect(await names('upper-case')).toEqual(['upper 950.5 sats per request']);
  });

  it('whose file is wrong is not announced', async () => {
    const path = join(market.folder, 'wrong.json');
    for (const text of ['', '[]', '{"services":[]}', '{"services":[{}]}', '{"services":[{"id":5}]}', '{"service":[]}']) {
      writeFileSync(path, text);
      expect(await ask('announce', '--home', buyer.home, '--config', path)).toMatchObject({ error: { code: 'input/invalid' } });
      expect((await runCli(['serve', '--home', buyer.home, '--config', path])).code).toBe(64);
    }
    expect(await ask('announce', '--home', buyer.home)).toMatchObject({ services: [] });
  });
});

describe('a score', () => {
  it('is explained: who said what, what it weighs, and what does not count', async () => {
    const pool = createRelayPool({ clock: { now: () => Math.floor(Date.now() / 1_000) } });
    const attest = async (by: string, type: string, content: string, more: string[][] = []): Promise<void> => {
      const tags = [['L', 'ai.wot'], ['l', type, 'ai.wot'], ['p', subject.pubkey], ...more];
      const event = await createKeySigner(sha256(by)).signEvent({ kind: 1985, created_at: Math.floor(Date.now() / 1_000), tags, content });
      await pool.publish([market.relay.url], event, { purpose: 'lookup' });
    };
    const subject = createKeySigner(sha256('subject'));
    await attest('a', 'service-quality', 'Careful \u001b[31mand on time.');
    await attest('b', 'work-completed', 'Work completed (test money, worthless)', [['t', 'test-money']]);
    await attest('c', 'dispute', 'Stole my cat.');
    await attest('d', 'general-trust', 'Known for years.');
    pool.close();
    const npub = encodeNpub(subject.pubkey);
    const view = await ask('trust', npub, '--home', buyer.home);
    // 10 × 0.8 × 1.3 and 10 × 1.5 × 1.3, less what a few seconds take; a stranger's complaint and play money count for nothing.
    expect(view).toMatchObject({ npub, score: 30, attestations: 3, verdict: { kind: 'ok' } });
    const { stdout } = await runCli(['trust', npub, '--home', buyer.home]);
    expect(stdout).toContain('quality of service');
    expect(stdout).toContain('its author has no standing');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('test money');
  });

  it('of a key that is none is refused', async () => {
    expect(await ask('trust', 'npub1x', '--home', buyer.home)).toMatchObject({ error: { code: 'input/invalid' } });
  });
});

describe('a wallet', () => {
  it('is connected from a file or from stdin, kept for its owner alone, and shown', async () => {
    const path = join(market.folder, 'wallet.url');
    writeFileSync(path, `${buyer.walletUrl}\n`);
    expect(await ask('wallet', '--home', buyer.home, '--connect', path)).toMatchObject({
      rail: 'sandbox',
      isTestMoney: true,
      balanceMsat: '10000000',
    });
    expect((await runCli(['wallet', '--home', buyer.home, '--connect', '-'], { stdin: buyer.walletUrl })).stdout).toBe(
      'Sandbox wallet: 10000 sats (test money, worthless)\n',
    );
    for (const file of readdirSync(buyer.home)) expect(statSync(join(buyer.home, file)).mode & 0o077).toBe(0);
  });

  it('whose URL is wrong is refused without a word of it, and the old one stays', async () => {
    const wrong = buyer.walletUrl.replace('relay=', 'really=');
    const { code, stdout, stderr } = await runCli(['wallet', '--home', buyer.home, '--connect', '-', '--json'], { stdin: wrong });
    expect(code).toBe(64);
    expect(stdout + stderr).not.toContain(wrong.slice(40, 60));
    expect(await ask('wallet', '--home', buyer.home)).toMatchObject({ rail: 'sandbox' });
  });

  it('that is missing is asked for before anything is announced or ordered', async () => {
    const home = join(market.folder, 'poor');
    await runCli(['init', '--home', home, '--relay', market.relay.url]);
    const config = writeServices(market, [describeService({ id: 'never' })]);
    for (const args of [['serve', '--config', config], ['deal', '--find', 'upper-case', '--max', '5'], ['wallet']]) {
      const result = await runCli([...args, '--home', home, '--json']);
      expect(result.code).toBe(78);
      expect(result.json()).toMatchObject({ error: { code: 'wallet/missing' } });
    }
    expect(await ask('announce', '--home', home)).toMatchObject({ services: [] });
    expect(await ask('list', '--home', home)).toMatchObject({ negotiations: [] });
  });
});

describe('an order', () => {
  it.each([
    ['nothing', []],
    ['no limit', ['--find', 'upper-case']],
    ['no capability', ['--max', '5']],
    ['a limit of another shape', ['--find', 'upper-case', '--max', '1e3']],
    ['a limit of nothing', ['--find', 'upper-case', '--max', '0']],
    ['a score of another shape', ['--find', 'upper-case', '--max', '5', '--min-trust', '101']],
    ['a time of another shape', ['--find', 'upper-case', '--max', '5', '--wait', 'soon']],
    ['a capability of another shape', ['--find', 'Upper Case', '--max', '5']],
  ])('of %s is refused', async (_, args) => {
    expect(await ask('deal', ...args, '--home', buyer.home)).toMatchObject({ error: { code: 'input/invalid' } });
  });

  it('of what is not there says so', async () => {
    expect(await ask('deal', '--find', 'unheard-of', '--max', '5', '--home', buyer.home)).toMatchObject({
      error: { code: 'input/not-found' },
    });
    expect(await ask('deal', '--find', 'upper-case', '--max', '5', '--input', '/no/such/file', '--home', buyer.home)).toMatchObject({
      error: { code: 'input/not-found' },
    });
    for (const wrong of [
      ['--weigh', 'price=1'],
      ['--collect', '1m'],
      ['--ask', '0'],
      ['--ask', 'many'],
      ['--ask', '2', '--weigh', 'speed=1'],
    ]) {
      const args = ['deal', '--find', 'upper-case', '--max', '5', '--home', buyer.home, ...wrong];
      expect(await ask(...args)).toMatchObject({ error: { code: 'input/invalid' } });
    }
    expect(await ask('deal', 'abcdef', '--home', buyer.home)).toMatchObject({ error: { code: 'input/not-found' } });
    expect(await ask('deal', '--find', 'upper-case', '--max', '5', '--min-trust', '50', '--home', buyer.home)).toMatchObject({
      error: { code: 'negotiation/refused', details: { reason: 'trust' } },
    });
  });

  it.runIf(isWholeLane)('that takes longer than its owner waits is told so, listed, and finished later', async () => {
    const home = ['--home', buyer.home];
    const out = join(market.folder, 'out');
    const order = ['--find', 'upper-case', '--max', '750', '--about', 'Large letters, please.', '--out', out];
    const early = await runCli(['deal', ...home, ...order, '--wait', '1s']);
    expect(early.code).toBe(75);
    expect(early.stderr).toContain('Nothing is lost; go on with: agent-negotiate deal');
    const [job] = (await ask('jobs', ...home))['jobs'] as { nid: string; isOver: boolean }[];
    expect(job).toMatchObject({ isOver: false });
    const told: CliLine[] = [];
    const serving = launch(['serve', '--home', seller.home, '--config', writeServices(market, [describeService()])], (line) =>
      told.push(line),
    );
    const late = await runCli(['deal', job?.nid ?? '', ...home, '--out', out]);
    serving.kill('SIGTERM');
    expect(await serving.ended).toBe(0);
    expect(late.code).toBe(0);
    expect(late.stdout).toContain('of test money');
    expect(readFileSync(join(out, 'large.txt'), 'utf8')).toBe('LARGE LETTERS, PLEASE.');
    expect(told.filter(({ event }) => event === 'step').map(({ step }) => step)).toEqual(['negotiate', 'request', 'pay', 'deliver']);
    const again = await runCli(['deal', ...home, ...order, '--json']);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('"resumed":true');
    const { stdout: history } = await runCli(['history', job?.nid ?? '', ...home]);
    expect(history).toContain('large.txt (22 bytes)');
  });

  it.runIf(isWholeLane)('that ended without a deal says by whom and why, and is a new one with other limits', async () => {
    const home = ['--home', buyer.home];
    const args = ['deal', ...home, '--find', 'upper-case', '--about', 'Letters.', '--bid', '1', '--strategy', 'firm', '--rounds', '2'];
    const serving = launch(['serve', '--home', seller.home, '--config', writeServices(market, [describeService()])], () => undefined);
    const deal = async (...more: string[]) => {
      const { code, stdout } = await runCli([...args, ...more, '--json']);
      const lines = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as CliLine);
      return { code, job: lines.find(({ event }) => event === 'job'), done: lines.find(({ event }) => event === 'done') };
    };
    const none = { outcome: 'no-deal', endedBy: 'me', reason: 'too-expensive' };
    expect(await deal('--max', '1')).toMatchObject({ code: 65, job: { resumed: false }, done: none });
    expect(await deal('--max', '1')).toMatchObject({ code: 65, job: { resumed: true, unused: [] }, done: none });
    const { stdout } = await runCli([...args, '--max', '1']);
    expect(stdout).toContain('This was ordered before');
    expect(stdout).toContain('Your side ended it: too much was asked (too-expensive).');
    expect(await deal('--max', '2')).toMatchObject({ code: 65, job: { resumed: false }, done: none });
    serving.kill('SIGTERM');
    await serving.ended;
    // Without anybody who answers it runs, and goes on with what it was ordered with.
    await deal('--max', '3', '--wait', '1s');
    const going = await runCli([...args, '--max', '900', '--within', '1h', '--wait', '1s']);
    expect([going.code, going.stdout]).toEqual([75, expect.stringContaining('Not used: --max, --within\n')]);
  });

  it('whose result could not be written is refused before anything is ordered', async () => {
    const home = ['--home', buyer.home];
    const before = await ask('jobs', ...home);
    const file = join(market.folder, 'a-file');
    writeFileSync(file, '');
    const args = ['deal', '--find', 'upper-case', '--max', '5', '--about', 'Nowhere to put it.', ...home];
    for (const out of [file, join(file, 'under', 'it')])
      expect(await ask(...args, '--out', out)).toMatchObject({ error: { code: 'input/invalid' } });
    expect(await ask('jobs', ...home)).toEqual(before);
  });
});

describe('a result', () => {
  it('is written under a safe name and over nothing', () => {
    expect(['../../.bashrc', 'a b/c', '', '...', '-rf', 'ä', 'x'.repeat(300), 'translation.txt'].map(safeName)).toEqual([
      'bashrc',
      'a_b_c',
      'result-3',
      'result-4',
      'rf',
      'result-6',
      'x'.repeat(100),
      'translation.txt',
    ]);
    const folder = join(market.folder, 'results');
    const file = (name: string, text: string) => ({ name, sha256: '', size: 0, data: new TextEncoder().encode(text) });
    const first = saveResult(folder, [file('a.txt', 'one')]);
    expect(saveResult(folder, [file('a.txt', 'one')])).toEqual(first);
    expect(saveResult(folder, [file('a.txt', 'two')])).toEqual([join(folder, '1-a.txt')]);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one');
    expect(() => saveResult(join(folder, 'a.txt'), [file('b', 'x')])).toThrow(expect.objectContaining({ code: 'input/invalid' }) as Error);
  });
});
