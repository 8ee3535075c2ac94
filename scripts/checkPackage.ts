// Packs the package as npm would publish it, and checks what is inside: contents, entry points, types, size.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { report, run, runNpm } from './run.ts';

// Of which the bundled @noble packages are a quarter.
const MAX_TARBALL_BYTES = 1_700_000;
const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'bin/agent-negotiate.js',
  'bin/runtime.js',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/cli/main.js',
  // Found by its place alone.
  'dist/agent/strategies/strategyWorker.js',
];
const ALLOWED = /^(?:package\.json|README\.md|LICENSE|SECURITY\.md|bin\/[\w-]+\.js|docs\/[\w-]+\.md|dist\/.+|node_modules\/.+)$/;
// Every hunk of ours says whose it is.
const MARK = 'agent-negotiate:';
const UNWANTED = /^dist\/.*(?:\.test\.|\.fixture\.|\.map$|\.tsbuildinfo$|(?<!\.d)\.ts$)/;

interface Manifest {
  readonly bundleDependencies?: string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Packs into `folder`; returns the path of the tarball. Throws with npm's words when it cannot. */
async function pack(folder: string): Promise<string> {
  const packed = await runNpm(['pack', '--silent', '--pack-destination', folder]);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (packed.code !== 0 || tarball === undefined) throw new Error(`npm pack failed.\n${packed.output}`);
  return join(folder, tarball);
}

async function unpack(tarball: string, folder: string): Promise<string> {
  mkdirSync(folder);
  const unpacked = await run('tar', ['-xzf', tarball, '-C', folder]);
  if (unpacked.code !== 0) throw new Error(`tar could not read the package.\n${unpacked.output}`);
  return join(folder, 'package');
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
}

function checkContents(folder: string, files: readonly string[], bundled: readonly string[]): string[] {
  const isBundled = (file: string): boolean => bundled.some((name) => file.startsWith(`node_modules/${name}/`));
  const own = files.filter((file) => !isBundled(file));
  return [
    ...REQUIRED.filter((file) => !files.includes(file)).map((file) => `missing: ${file}`),
    ...own
      .filter((file) => !ALLOWED.test(file) || file.startsWith('node_modules/') || UNWANTED.test(file))
      .map((file) => `does not belong in the package: ${file}`),
    ...own
      .filter((file) => readFileSync(join(folder, file), 'utf8').includes(process.cwd()))
      .map((file) => `names the folder it was built in: ${file}`),
  ];
}

/** The packages that travel inside: those that are named, and what they depend on. */
function listBundled(folder: string, names: readonly string[], known: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  const fresh = names.filter((name) => !known.has(name));
  if (fresh.length === 0) return known;
  const dependencies = fresh.flatMap((name) => {
    const path = join(folder, 'node_modules', name, 'package.json');
    return existsSync(path) ? Object.keys((JSON.parse(readFileSync(path, 'utf8')) as Manifest).dependencies ?? {}) : [];
  });
  return listBundled(folder, dependencies, new Set([...known, ...fresh]));
}

/** npm takes a peer of a bundled package for bundled too, and a global install leaves its folder empty unless it is. */
function checkPeers(folder: string, { dependencies = {} }: Manifest, bundled: readonly string[]): string[] {
  const peers = bundled.flatMap((name) => {
    const path = join(folder, 'node_modules', name, 'package.json');
    return existsSync(path) ? Object.keys((JSON.parse(readFileSync(path, 'utf8')) as Manifest).peerDependencies ?? {}) : [];
  });
  const left = peers.filter((name) => name in dependencies && !bundled.includes(name));
  return [...new Set(left)].map((name) => `a peer of a bundled package is not bundled: ${name}`);
}

/** A bundled package is there because it is patched: without the patch it must not be published. */
function checkPatches(folder: string): string[] {
  return readdirSync('patches').flatMap((patch) => {
    const name = patch.slice(0, patch.lastIndexOf('+')).replace('+', '/');
    const files = [...readFileSync(join('patches', patch), 'utf8').matchAll(/^\+\+\+ b\/(.+)$/gm)].map((match) => match[1] ?? '');
    const isPatched = (file: string): boolean => existsSync(join(folder, file)) && readFileSync(join(folder, file), 'utf8').includes(MARK);
    return files.filter((file) => !isPatched(file)).map((file) => `${name} is not patched: ${file}. Run: npm run prepare`);
  });
}

async function checkEntries(folder: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true, pack: false });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function checkTypes(tarball: string): Promise<string[]> {
  const attw = 'node_modules/@arethetypeswrong/cli/dist/index.js';
  const { code, output } = await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']);
  return code === 0 ? [] : [`attw: ${output}`];
}

/** Packs and looks; what is wrong comes back with a word on what was looked at. */
async function checkPackage(workFolder: string): Promise<{ readonly checked: string; readonly problems: readonly string[] }> {
  const tarball = await pack(workFolder);
  const folder = await unpack(tarball, join(workFolder, 'unpacked'));
  const files = listFiles(folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { size } = statSync(tarball);
  const bundled = [...listBundled(folder, manifest.bundleDependencies ?? [])];
  const problems = [...checkContents(folder, files, bundled), ...checkPeers(folder, manifest, bundled), ...checkPatches(folder)];
  if (size > MAX_TARBALL_BYTES) problems.push(`too large: ${size} bytes packed, at most ${MAX_TARBALL_BYTES} are allowed`);
  // Without its entry points the package tells the other tools nothing.
  if (problems.length === 0) problems.push(...(await checkEntries(folder)), ...(await checkTypes(tarball)));
  return { checked: `${files.length} files, ${Math.round(size / 1000)} kB packed`, problems };
}

const workFolder = mkdtempSync(join(tmpdir(), 'agent-negotiate-pack-'));
const { checked, problems } = await checkPackage(workFolder)
  .catch((error: Error) => ({ checked: 'nothing to look at', problems: [error.message] }))
  .finally(() => rmSync(workFolder, { recursive: true, force: true }));
report('package', checked, problems);
