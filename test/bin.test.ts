// The command's first steps: which Node runs it, from which files, and how a re-run shares its wrapper's fate.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { chooseEntry, decideRuntime, findBundledNode, isCheckout, isNewEnough, isSqliteWarning, keepCompiledCode } from '../bin/runtime.js';

// Stands in for an old Node: only the wrapper is told this version, the Node it starts knows its own.
const PRETEND_OLD = "data:text/javascript,Object.defineProperty(process,'version',{value:'v18.20.4'})";
const BIN = join('bin', 'agent-negotiate.js');
const MAIN = `
import 'node:sqlite';
export async function main(argv: string[]): Promise<number> {
  // Before the first line, which tells the test that signals may come.
  if (argv[0] === 'wait' && argv[1] !== undefined) process.once(argv[1], () => process.stdout.write('closing\\n', () => process.exit(9)));
  process.stdout.write([process.pid, process.version, process.env['AGENT_NEGOTIATE_LIFELINE_FD'], ...argv].join(' ') + '\\n');
  if (argv[0] === 'throw') throw new Error('broken on purpose');
  if (argv[0] === 'warn') process.emitWarning('something else', 'ExperimentalWarning');
  if (argv[0] !== 'wait') return 7;
  return new Promise(() => setInterval(() => undefined, 60_000));
}
`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A package with the real bin/ and a small main; with `node`, also the `node` package in that version. */
function createPackage(options: { readonly under?: string; readonly node?: string } = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agent-negotiate-bin-')));
  folders.push(folder);
  const root = join(folder, options.under ?? '.');
  for (const path of ['bin', 'src/cli', 'dist/cli']) mkdirSync(join(root, path), { recursive: true });
  for (const name of ['agent-negotiate.js', 'runtime.js']) copyFileSync(join(import.meta.dirname, '../bin', name), join(root, 'bin', name));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'src/cli/main.ts'), MAIN);
  writeFileSync(join(root, 'dist/cli/main.js'), 'export const main = async () => (process.stdout.write("from dist\\n"), 0);');
  if (options.node !== undefined) installNode(join(root, 'node_modules/node'), options.node);
  return root;
}

function installNode(folder: string, version: string): void {
  const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  mkdirSync(dirname(binary), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'node', version }));
  symlinkSync(process.execPath, binary);
}

// What is compiled here is of no use to anybody later.
const KEEP_NOTHING = { NODE_DISABLE_COMPILE_CACHE: '1' };

function start(
  root: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
  env: NodeJS.ProcessEnv = KEEP_NOTHING,
): ChildProcess {
  const child = spawn(process.execPath, [...nodeOptions, join(root, BIN), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

const startOld = (root: string, ...args: string[]): ChildProcess => start(root, args, ['--import', PRETEND_OLD]);

async function readAll(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

async function finish(child: ChildProcess): Promise<Ended> {
  const [[code, signal], stdout, stderr] = await Promise.all([once(child, 'exit'), readAll(child.stdout), readAll(child.stderr)]);
  return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
}

/** Waits for the first line of a `wait` command; `rest` yields what comes after it, until the last holder of stdout is gone. */
async function untilReady(child: ChildProcess): Promise<{ readonly pid: number; readonly rest: AsyncIterator<string> }> {
  if (child.stdout === null) throw new Error('The child was started without a pipe.');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  return { pid: Number(String(first.value).split(' ')[0]), rest: lines };
}

describe('the choice of a Node', () => {
  it.each(['22.18.0', '22.21.3', '23.6.0', '24.0.0', '100.0.1'])('takes %s as it is', (version) => {
    expect(isNewEnough(`v${version}`)).toBe(true);
    expect(decideRuntime({ version: `v${version}`, bundled: { version: '24.1.0', path: '/n' }, isRerun: false, checkout: true })).toEqual({
      kind: 'here',
    });
  });

  it.each(['12.22.12', '18.20.4', '20.20.2', '22.17.1', '22.9.0', '23.5.0', 'nonsense'])('does not run under %s', (version) => {
    expect(isNewEnough(version)).toBe(false);
  });

  it('starts another Node only from a process that is not itself such a start, and only a newer one', () => {
    const version = fc.tuple(fc.integer({ min: 10, max: 26 }), fc.integer({ min: 0, max: 30 })).map((parts) => `${parts.join('.')}.0`);
    let reruns = 0;
    fc.assert(
      fc.property(version, version, fc.boolean(), fc.boolean(), (own, other, isRerun, checkout) => {
        const decision = decideRuntime({ version: `v${own}`, bundled: { version: other, path: '/n' }, isRerun, checkout });
        if (decision.kind === 'rerun') reruns += 1;
        expect(decision.kind === 'here').toBe(isNewEnough(own));
        expect(decision.kind === 'rerun').toBe(!isNewEnough(own) && !isRerun && isNewEnough(other));
      }),
      { numRuns: 500 },
    );
    expect(reruns).toBeGreaterThan(10);
  });

  it('says in one line what to do when there is no other Node', () => {
    const facts = { version: 'v18.20.4', bundled: undefined, isRerun: false };
    const advice = 'agent-negotiate needs Node 22.18 or newer (this is v18.20.4). Run: ';
    expect(decideRuntime({ ...facts, checkout: false })).toEqual({
      kind: 'advise',
      message: `${advice}npx -y -p node@24 -p agent-negotiate agent-negotiate …`,
    });
    expect(decideRuntime({ ...facts, checkout: true })).toEqual({ kind: 'advise', message: `${advice}npm ci, then the same again` });
  });

  it('finds the Node of the `node` package, and nothing where its binary is missing', () => {
    const root = createPackage({ node: '24.1.0' });
    expect(findBundledNode(root, process.platform)).toMatchObject({ version: '24.1.0' });
    expect(findBundledNode(root, process.platform === 'win32' ? 'linux' : 'win32')).toBeUndefined();
    expect(findBundledNode(createPackage(), process.platform)).toBeUndefined();
  });
});

describe('the choice of the files', () => {
  const everythingExists = (): boolean => true;
  const nothingExists = (): boolean => false;

  it('runs the sources in a checkout and the build where there are none', () => {
    const root = join('/', 'somewhere', 'agent-negotiate');
    expect(chooseEntry(root, everythingExists)).toBe(join(root, 'src', 'cli', 'main.ts'));
    expect(chooseEntry(root, nothingExists)).toBe(join(root, 'dist', 'cli', 'main.js'));
  });

  it('runs the build under node_modules even when sources lie beside it, for Node strips no types there', () => {
    const root = join('/', 'somewhere', 'node_modules', 'agent-negotiate');
    expect(isCheckout(root, everythingExists)).toBe(false);
    expect(chooseEntry(root, everythingExists)).toBe(join(root, 'dist', 'cli', 'main.js'));
    expect(isCheckout('C:\\x\\node_modules\\agent-negotiate', everythingExists)).toBe(false);
    expect(isCheckout(join('/', 'my_node_modules_lab'), everythingExists)).toBe(true);
  });

  it('really runs the build when installed', async () => {
    const ended = await finish(start(createPackage({ under: 'node_modules/agent-negotiate' }), []));
    expect(ended).toMatchObject({ code: 0, stdout: 'from dist\n', stderr: '' });
  });
});

describe('a run under a Node that is new enough', () => {
  it('hands the arguments over and exits with the code it is given, without the warning about SQLite', async () => {
    const ended = await finish(start(createPackage(), ['a b', '--flag']));
    expect(ended).toMatchObject({ code: 7, stderr: '' });
    expect(ended.stdout).toMatch(/^\d+ v\S+ {2}a b --flag\n$/);
  });

  it('keeps every other warning', async () => {
    expect((await finish(start(createPackage(), ['warn']))).stderr).toContain('ExperimentalWarning: something else');
    expect(isSqliteWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')).toBe(true);
    expect(isSqliteWarning('SQLite is an experimental feature', { type: 'ExperimentalWarning' })).toBe(true);
    expect(isSqliteWarning('SQLite is an experimental feature', 'DeprecationWarning')).toBe(false);
    expect(isSqliteWarning('Type stripping is an experimental feature', 'ExperimentalWarning')).toBe(false);
  });

  it('exits with 70 when the command line itself breaks', async () => {
    const ended = await finish(start(createPackage(), ['throw']));
    expect(ended).toMatchObject({ code: 70, signal: null });
    expect(ended.stderr).toContain('broken on purpose');
  });

  it('says that the build is missing when it is', async () => {
    const root = createPackage({ under: 'node_modules/agent-negotiate' });
    rmSync(join(root, 'dist'), { recursive: true });
    expect(await finish(start(root, []))).toMatchObject({ code: 70, stderr: expect.stringContaining('npm run build') as string });
  });
});

describe('what is compiled', () => {
  const isPosix = process.platform !== 'win32';

  /** A folder for caches in `root`, and how the command is run with it. */
  function createCaches(mode = 0o700) {
    const root = createPackage({ under: 'node_modules/agent-negotiate' });
    const caches = join(root, 'caches');
    mkdirSync(caches);
    chmodSync(caches, mode);
    const runWith = (): Promise<Ended> => finish(start(root, [], [], { XDG_CACHE_HOME: caches }));
    return { caches, own: join(caches, 'agent-negotiate'), runWith };
  }
  const listAll = (folder: string): string[] => readdirSync(folder, { recursive: true }).map(String);
  const works = { code: 0, stdout: 'from dist\n', stderr: '' };

  it('is kept for the next run, in a folder for its owner alone', async () => {
    const { own, runWith } = createCaches();
    expect(await runWith()).toMatchObject(works);
    const kept = listAll(own);
    expect(kept.length).toBeGreaterThan(1);
    if (isPosix) expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(await runWith()).toMatchObject(works);
    expect(listAll(own)).toEqual(kept);
  });

  it.runIf(isPosix).each([
    ['others can read', 0o700, 0o750],
    ['others can write', 0o700, 0o702],
    ['others can replace', 0o777, 0o700],
  ])('is not kept where %s', async (_, above, mode) => {
    const { own, runWith } = createCaches(above);
    mkdirSync(own);
    chmodSync(own, mode);
    expect(await runWith()).toMatchObject(works);
    expect(listAll(own)).toEqual([]);
  });

  it.runIf(isPosix)('is not kept behind a link', async () => {
    const { caches, own, runWith } = createCaches();
    mkdirSync(join(caches, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(caches, 'elsewhere'), own);
    expect(await runWith()).toMatchObject(works);
    expect(listAll(join(caches, 'elsewhere'))).toEqual([]);
  });

  it('is not kept where no folder can be made, and the command runs all the same', async () => {
    const { own, runWith } = createCaches();
    writeFileSync(own, 'a file');
    expect(await runWith()).toMatchObject(works);
    expect(readFileSync(own, 'utf8')).toBe('a file');
  });

  it('is left to Node where its owner has told Node where to keep it', () => {
    const { caches } = createCaches();
    for (const name of ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE'])
      expect(keepCompiledCode({ XDG_CACHE_HOME: caches, [name]: '1' })).toBeUndefined();
    expect(listAll(caches)).toEqual([]);
  });
});

describe('a run under an old Node', () => {
  it('gives its one line of advice and exits with 69', async () => {
    const ended = await finish(startOld(createPackage(), 'x'));
    expect(ended).toMatchObject({ code: 69, stdout: '' });
    expect(ended.stderr).toBe('agent-negotiate needs Node 22.18 or newer (this is v18.20.4). Run: npm ci, then the same again\n');
  });

  it('is repeated under the Node that came along, with the same arguments and exit code, leaving no trace in the environment', async () => {
    const ended = await finish(startOld(createPackage({ node: '24.1.0' }), 'a b', '--flag'));
    expect(ended).toMatchObject({ code: 7, signal: null, stderr: '' });
    expect(ended.stdout).toMatch(new RegExp(`^\\d+ ${process.version.replaceAll('.', '\\.')} {2}a b --flag\\n$`));
  });

  // Windows knows none of these signals.
  const signals: readonly NodeJS.Signals[] = process.platform === 'win32' ? [] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

  it.each(signals)('passes %s on, and exits as the command does', async (signal) => {
    const child = startOld(createPackage({ node: '24.1.0' }), 'wait', signal);
    const { rest } = await untilReady(child);
    const ended = once(child, 'exit');
    child.kill(signal);
    expect((await rest.next()).value).toBe('closing');
    expect(await ended).toEqual([9, null]);
  });

  it.each(signals)('ends by %s when that is what ended the command', async (signal) => {
    const child = startOld(createPackage({ node: '24.1.0' }), 'wait');
    await untilReady(child);
    const ended = once(child, 'exit');
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
  });

  it.runIf(signals.length > 0)('asks the command to end when it is killed outright itself', async () => {
    const child = startOld(createPackage({ node: '24.1.0' }), 'wait', 'SIGTERM');
    const { pid, rest } = await untilReady(child);
    expect(pid).not.toBe(child.pid);
    child.kill('SIGKILL');
    expect((await rest.next()).value).toBe('closing');
    expect((await rest.next()).done).toBe(true); // Nobody holds the pipe any more: the command is gone.
  });
});
