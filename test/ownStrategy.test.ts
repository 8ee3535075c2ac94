// An own strategy from a file, as its owner runs it: in simulations, in a purchase and in a sale; and what comes of one that fails.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readMarkdown } from '../scripts/markdown.ts';
import { planOf } from '../src/agent/jobs/plan.ts';
import { listSeenMoves } from '../src/agent/jobs/bargain.ts';
import { findJob, type Job, type Purchase, type Sale } from '../src/agent/jobs/job.ts';
import { readDecision } from '../src/agent/jobs/savedDecision.ts';
import { simulateNegotiations } from '../src/agent/simulation/simulateNegotiations.ts';
import { readChoice } from '../src/agent/strategies/readChoice.ts';
import { settleChoice } from '../src/agent/strategies/openStrategy.ts';
import { choiceSchema } from '../src/decide/strategies/strategySchema.ts';
import { readServices } from '../src/cli/serve/readServices.ts';
import { replayBargain } from '../src/decide/bargainByStrategy.ts';
import { decodeMove, type MoveRumor } from '../src/negotiate/move.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { stateOf } from './mandate.fixture.ts';
import { describeService, openMarket, writeServices } from './market.fixture.ts';
import { stubborn } from './ownStrategy.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

const GRANT = 10_000_000n;
const { fences } = readMarkdown(readFileSync('docs/strategies.md', 'utf8'));

let folder: string;
let shown: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-own-'));
  // The example of the document, as it stands there.
  shown = write('stubborn.ts', fences.find(({ text }) => text.includes('stubborn: Strategy'))!.text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('how an own strategy is written', () => {
  it.each<[unknown, unknown]>([
    ['./mine.js', { kind: 'own', module: '/f/mine.js' }],
    ['mine.ts#careful', { kind: 'own', module: '/f/mine.ts', export: 'careful' }],
    ['../lib/mine', { kind: 'own', module: '/lib/mine' }],
    ['/a/b.mjs#x', { kind: 'own', module: '/a/b.mjs', export: 'x' }],
    [
      { kind: 'own', module: 'mine.js', export: 'x' },
      { kind: 'own', module: '/f/mine.js', export: 'x' },
    ],
    ['boulware', 'boulware'],
    ['trade-off', 'trade-off'],
    [
      { kind: 'time', exponent: 2 },
      { kind: 'time', exponent: 2 },
    ],
    [{ kind: 'own' }, { kind: 'own' }],
    [undefined, undefined],
    [7, 7],
  ])('%j is told from the others', (written, choice) => {
    expect(readChoice(written, '/f')).toEqual(choice);
  });

  it('as the document shows it, in JSON and as text', async () => {
    const written: unknown = JSON.parse(fences.find(({ text }) => text.includes('"own"'))!.text);
    const choice = { kind: 'own', module: shown, export: 'stubborn' };
    for (const each of [written, './stubborn.ts#stubborn']) expect(choiceSchema.parse(readChoice(each, folder))).toEqual(choice);
    expect(await settleChoice({}, { kind: 'own', module: shown })).toEqual(choice);
  });
});

describe('simulate', () => {
  it('plays the example of the document as a function of a program plays it, and prints nothing that it prints', async () => {
    const loud = write(
      'loud.ts',
      `console.log('LOUD');\n${readFileSync(shown, 'utf8').replace('const view', "console.error('LOUD');\n  const view")}`,
    );
    const args = ['simulate', '--json', '--scenarios', '20', '--against', `linear,${shown}#stubborn`];
    const [plain, noisy] = await Promise.all([runCli([...args, '--strategy', shown]), runCli([...args, '--strategy', loud])]);
    const result = plain.json();
    expect(result).toMatchObject({
      strategy: 'stubborn',
      rows: [
        { opponent: 'linear', played: 20, refused: 0 },
        { opponent: 'stubborn', played: 20, refused: 0 },
      ],
    });
    expect([noisy.stderr, noisy.json()]).toEqual(['', result]);
  });

  it('takes a module named in its file from beside the file', async () => {
    const reserve = 0.2;
    const issues = [{ kind: 'integer', name: 'price', min: 1, max: 20 }];
    const utility = { reserve, issues: { price: { weight: 1, value: { kind: 'linear', best: 'low' } } } };
    const path = write('job.json', JSON.stringify({ domain: { issues }, utility, strategy: { kind: 'own', module: 'stubborn.ts' } }));
    const { stdout, code } = await runCli(['simulate', path, '--scenarios', '4', '--against', 'linear']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('You negotiate by stubborn: 4 negotiations')]);
  });

  it('says what was wrong with answers, and ends', async () => {
    const path = write('tired.mjs', 'export const tired = () => { throw new Error("SECRET"); };');
    const { stdout, stderr, code } = await runCli(['simulate', '--strategy', path, '--against', 'linear', '--scenarios', '3']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('3 of 3 negotiations ended because a strategy failed (threw).');
    expect(stdout).not.toContain('SECRET');
  });

  it('shows its mistakes, and what a module prints, to whoever looks for them', async () => {
    const module = `export const tired = ({ history }) => { console.log('HERE'); if (history.length > 0) throw new Error('TOO TIRED'); return { kind: 'offer', because: { figures: {} } }; };`;
    const path = write('mistaken.mjs', module);
    const args = ['simulate', '--strategy', path, '--against', 'linear', '--scenarios', '30', '--json'];
    const [quiet, loud] = await Promise.all([runCli(args), runCli([...args, '--debug'])]);
    expect([quiet.stderr, loud.json()]).toEqual(['', quiet.json()]);
    expect(loud.stderr).toContain('HERE');
    expect(loud.stderr).toContain('The strategy threw: Error: TOO TIRED');
    expect(loud.stderr).toContain('The strategy returned what is not sent (malformed): {');
    expect(loud.stderr.match(/The strategy (threw|returned)/g)).toHaveLength(10);
  });

  it('refuses a module that it cannot use, without naming its path', async () => {
    const wrong = await Promise.all(
      [join(folder, 'none.js'), `${shown}#other`].map((path) => runCli(['simulate', '--against', `linear,${path}`])),
    );
    expect(wrong.map(({ code, stdout }) => [code, stdout])).toEqual(Array(2).fill([64, '']));
    expect(wrong.map(({ stderr }) => stderr)).toEqual([expect.stringContaining('is not there'), expect.stringContaining('of that name')]);
    expect(wrong.map(({ stderr }) => stderr).join()).not.toContain(folder);
    expect(() => simulateNegotiations({ strategy: { kind: 'own', module: shown, export: 'no name' } })).toThrow(
      expect.objectContaining({ code: 'input/invalid' }) as Error,
    );
  });
});

describe('a program', () => {
  it.each([
    ['answers', undefined, 'offer'],
    ['hangs', 'export const strategy = () => { for (;;) {} };', 'stalled'],
  ])('ends by itself though a strategy of its own %s', (name, text, outcome) => {
    const module = text === undefined ? shown : write(`program-${name}.mjs`, text);
    const program = `
      import { makeRandomScenario, openStrategy, runStrategy } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
      const { domain, utilities: [utility] } = makeRandomScenario('p', { sizes: [4], interests: 'opposed', reserves: [0.3, 0.3] });
      const input = { domain, utility, history: [], timing: { round: 0, rounds: 6 }, seed: '1' };
      const run = runStrategy(openStrategy({ kind: 'own', module: ${JSON.stringify(module)} }), input);
      process.stdout.write(run.kind === 'decided' ? run.decision.kind : run.fault);`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 25_000 });
    expect([status, stdout]).toEqual([0, outcome]);
  });
});

describe('serve', () => {
  const configure = (name: string, strategy: unknown): string => write(name, JSON.stringify({ services: [describeService({ strategy })] }));

  it('finds a module beside its configuration', () => {
    const path = configure('services.json', { kind: 'own', module: './stubborn.ts' });
    expect(readServices(path).map(({ strategy }) => strategy)).toEqual([{ kind: 'own', module: shown }]);
  });

  it('does not start with a module that it cannot use', async () => {
    const path = configure('bad.json', { kind: 'own', module: './none.ts' });
    const home = join(folder, 'home');
    mkdirSync(home);
    const { code, stderr } = await runCli(['serve', '--home', home, '--config', path]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('The module of your own strategy is not there.')]);
    expect(stderr).not.toContain(folder);
  });
});

describe('in a job', () => {
  let stage: Stage;
  let buyer: Party;
  let seller: Party;
  beforeEach(async () => {
    stage = await openStage();
    [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
  });
  afterEach(() => stage.close());

  const sell = (strategy: unknown) => [describeService({ list_sats: '950', min_sats: '500', strategy, rounds: 6 })];
  const order = (strategy: unknown) =>
    buyer.call('buy', {
      find: 'upper-case',
      peer: seller.npub,
      about: 'Large letters.',
      inputs: [{ name: 'secret.txt', data: new TextEncoder().encode('a secret text') }],
      maxMsat: 900_000n,
      bidMsat: 400_000n,
      strategy,
      rounds: 6,
    });

  /** The moves that somebody made, without the receipts for those of the other. */
  const saidBy = ({ context: { store, pubkey } }: Party, nid: string): readonly string[] =>
    store.listMoves(nid).flatMap(({ author, rumor }) => {
      const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
      return author === pubkey && decoded.kind === 'move' && decoded.body.type !== 'receipt' ? [decoded.body.type] : [];
    });

  async function play(nid: string, services: ReturnType<typeof sell>) {
    for (let round = 0; round < 60; round += 1) {
      const reports = [await seller.call('pursue', { services }), await buyer.call('pursue', { nid })];
      expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
      const [job] = reports[1]?.jobs ?? [];
      if (job?.isOver === true) return job;
      stage.clock.advance(2);
    }
    throw new Error('not over');
  }

  it('the example of the document buys, within its limits, and its decisions name it and can be made again', async () => {
    const services = sell('linear');
    const { job } = await order({ kind: 'own', module: shown });
    expect((await play(job.nid, services)).outcome).toBe('completed');
    const paid = GRANT - buyer.wallet.balance();
    expect([paid >= 500_000n && paid <= 900_000n, stage.bank.isConserved()]).toEqual([true, true]);
    const { body } = findJob(buyer.context.store, job.nid) as Job<Purchase>;
    const named = { kind: 'own', module: shown, export: 'stubborn' };
    expect(body.tactics?.strategy).toEqual(named);
    const records = (body.decisions ?? []).map(readDecision);
    expect(records.length).toBeGreaterThan(1);
    const moves = listSeenMoves(buyer.context, stateOf(buyer.context.store, job.nid), planOf(body));
    for (const record of records) {
      expect(record.decision.because.strategy).toEqual(named);
      expect(replayBargain(record, moves, stubborn)).toEqual({ kind: 'same' });
      expect(replayBargain(record, moves)).toEqual({ kind: 'unknown-strategy' });
    }
    const told = await buyer.call('explainDecisions', { nid: job.nid });
    expect(told.decisions.map(({ strategy, replay }) => [strategy, replay])).toEqual(records.map(() => ['stubborn', 'same']));
    const seen = seller.context.store.listMoves(job.nid).map(({ rumor }) => rumor);
    for (const secret of [folder, 'stubborn', body.tactics?.seed ?? '']) expect(seen.join()).not.toContain(secret);
  });

  it('the example of the document sells, and never under its least', async () => {
    const { job } = await order('conceder');
    expect((await play(job.nid, sell({ kind: 'own', module: shown }))).outcome).toBe('completed');
    expect(seller.wallet.balance()).toBeGreaterThanOrEqual(500_000n);
    const { body } = findJob(seller.context.store, job.nid) as Job<Sale>;
    expect(body.decisions?.map(({ because }) => because.strategy['export'])).toContain('stubborn');
  });

  it.each([
    ['is not there', 'none.js', undefined],
    ['cannot be loaded', 'broken.mjs', 'export const = 1;'],
    ['exports no function', 'empty.mjs', 'export const strategy = 1;'],
  ])('a module that %s is refused when the order is placed', async (words, name, text) => {
    const module = text === undefined ? join(folder, name) : write(name, text);
    await expect(order({ kind: 'own', module })).rejects.toMatchObject({ code: 'input/invalid', message: expect.stringContaining(words) });
    expect([buyer.context.store.listJobs(), buyer.context.store.listNegotiations()]).toEqual([[], []]);
  });

  const BROKEN = [
    ['hangs', 'export const strategy = () => { for (;;) {} };', 'did not answer in time'],
    ['exits', 'export const strategy = () => process.exit(0);', 'ended its thread'],
    ['throws', 'export const strategy = () => { throw new Error("SECRET"); };', '(threw)'],
    ['never settles', 'export const strategy = async () => new Promise(() => {});', '(malformed)'],
  ] as const;
  it.each(BROKEN.filter((_, i) => isWholeLane || i % 2 === 0))(
    'a buyer whose module %s sends nothing, pays nothing, and is told',
    async (name, text, words) => {
      const services = sell('linear');
      const module = write(`${name.replaceAll(' ', '-')}.mjs`, text);
      const { job } = await order({ kind: 'own', module });
      await seller.call('pursue', { services });
      const reports = [await buyer.call('pursue', { nid: job.nid }), await buyer.call('pursue', { nid: job.nid })];
      for (const { problems } of reports) {
        expect(problems).toEqual([{ nid: job.nid, code: 'negotiation/refused', message: expect.stringContaining(words) as string }]);
        expect(JSON.stringify(problems)).not.toMatch(new RegExp(`SECRET|${folder}`));
      }
      expect([saidBy(buyer, job.nid), buyer.wallet.payCalls()]).toEqual([['open'], 0]);
      // Put right, it goes on where it stood.
      writeFileSync(
        module,
        readFileSync(shown, 'utf8')
          .replaceAll('stubborn', 'strategy')
          .replaceAll(/: Strategy|, type Strategy/g, ''),
      );
      expect((await play(job.nid, services)).outcome).toBe('completed');
    },
  );

  it('a seller whose module is gone answers nothing and is told, and its other sales go on', async () => {
    const module = write('gone.mjs', 'export const strategy = () => 1;');
    const services = [...sell({ kind: 'own', module }), describeService({ id: 'other', capabilities: ['other-case'], strategy: 'linear' })];
    rmSync(module);
    const { job } = await order('linear');
    const other = await buyer.call('buy', { find: 'other-case', peer: seller.npub, about: 'Other letters.', maxMsat: 900_000n });
    const { problems } = await seller.call('pursue', { services });
    expect(problems).toEqual([
      {
        nid: job.nid,
        code: 'negotiation/refused',
        message: 'The module of your own strategy is not there. Put the file in its place, or name another. Nothing was sent.',
      },
    ]);
    expect([saidBy(seller, job.nid), saidBy(seller, other.job.nid)]).toEqual([[], ['offer']]);
  });
});

const fromDaemons = (): void => {
  it('own strategies deal; one that hangs holds up nothing else, and no log says where it lies', async () => {
    const market = await openMarket();
    const [buyer, seller] = [await market.makeTrader('buyer', GRANT), await market.makeTrader('seller', 0n)];
    const own = { kind: 'own', module: shown };
    const config = writeServices(market, [
      describeService({ strategy: own, rounds: 6 }),
      describeService({
        id: 'stuck',
        capabilities: ['stuck'],
        strategy: write('stuck.mjs', 'export const stuck = () => { for (;;) {} };'),
      }),
    ]);
    const serve = (home: string, ...more: string[]) => {
      const bin = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));
      const child = spawn(process.execPath, [bin, 'serve', '--home', home, '--log', 'debug', '--json', ...more], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output = { text: '' };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (output.text += chunk.toString()));
      const until = async (words: string): Promise<void> => {
        while (!output.text.includes(words)) await once(child.stdout, 'data');
      };
      return { child, output, until, ended: once(child, 'close') };
    };
    const daemons = [serve(seller.home, '--config', config), serve(buyer.home)] as const;
    try {
      await Promise.all(daemons.map(({ until }) => until('"ready"')));
      const deal = (find: string, wait: string) =>
        runCli([
          'deal',
          '--home',
          buyer.home,
          '--find',
          find,
          '--max',
          '900',
          '--bid',
          '600',
          '--rounds',
          '6',
          '--wait',
          wait,
          '--json',
          '--out',
          join(folder, find),
          '--strategy',
          `${shown}#stubborn`,
        ]);
      const stuck = await deal('stuck', '1s');
      await daemons[0].until('"negotiation/refused"');
      const done = await deal('upper-case', '50s');
      expect([stuck.code, done.code, done.stdout.includes('"completed"')]).toEqual([75, 0, true]);
    } finally {
      for (const { child } of daemons) child.kill('SIGTERM');
      await Promise.all(daemons.map(({ ended }) => ended));
      await market.close();
    }
    const said = daemons.map(({ output }) => output.text).join('\n');
    expect(said).toContain('did not answer in time');
    expect(said).not.toContain(folder);
  });
};
if (isWholeLane) describe('from the command line, with a daemon on either side', fromDaemons);
