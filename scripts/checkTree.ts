// Checks what no other tool looks at: a lock file complete for every platform, exact versions, no leftovers in the text.

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { report } from './run.ts';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Lock = Readonly<Record<string, LockedPackage>>;

const TEXT_ELSEWHERE = /^package-lock\.json$|^vectors\/|\.(?:png|jpg|gif|wasm|tgz|ico|woff2)$/;
const MACHINE_PATH = /(?<![\w.~-])\/(?:home|root|Users|work|farm)\/\w/;
const LEFTOVER = /\b(?:TODO|FIXME)\b/;

/** Where Node would find `name` from the package at `path`, in the lock's own terms; undefined when it is nowhere. */
function findLocked(lock: Lock, path: string, name: string): string | undefined {
  const here = `${path === '' ? '' : `${path}/`}node_modules/${name}`;
  if (here in lock) return here;
  if (path === '') return undefined;
  return findLocked(lock, path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name);
}

// npm leaves out the packages of other platforms when it wrote the lock where some were missing, and `npm ci` fails there.
function checkLock(lock: Lock): string[] {
  return Object.entries(lock).flatMap(([path, locked]) => {
    const absent = Object.keys(locked.optionalDependencies ?? {}).filter((name) => findLocked(lock, path, name) === undefined);
    const problems = absent.map((name) => `package-lock.json: ${path} may need ${name}, which is not locked`);
    if (locked.resolved?.startsWith('http') === true) problems.push(`package-lock.json: ${path} holds a download address`);
    const needsIntegrity = path !== '' && locked.link !== true && locked.inBundle !== true;
    if (needsIntegrity && locked.integrity === undefined) problems.push(`package-lock.json: ${path} has no integrity`);
    return problems;
  });
}

function checkExactVersions(manifest: Readonly<Record<string, unknown>>): string[] {
  const entries = ['dependencies', 'devDependencies'].flatMap((key) => Object.entries((manifest[key] ?? {}) as Record<string, string>));
  return entries
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `package.json: ${name} ${version} is not exact`);
}

/** The project's own text files, relative to its root. */
function listFiles(): string[] {
  return listTree().filter((path) => !TEXT_ELSEWHERE.test(path) && existsSync(path));
}

// Without git (an archive of the sources) the folders that git would ignore are left out by name.
function listTree(): string[] {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  if (git.status === 0) return [...new Set(git.stdout.split('\0'))].filter((path) => path !== '');
  const entries = globSync('**/*', { exclude: (entry) => ['node_modules', 'dist', 'coverage'].includes(entry.name), withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative('.', join(entry.parentPath, entry.name)));
}

function checkText(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const where = `${path}:${index + 1}`;
    const problems = MACHINE_PATH.test(line) ? [`${where}: a path of one machine`] : [];
    if (path.startsWith('src/') && LEFTOVER.test(line)) problems.push(`${where}: a note to do something later; do it, or say why not`);
    return problems;
  });
}

const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const files = listFiles();
const lock = readJson('package-lock.json')['packages'] as Lock;
report('tree', `${files.length} files, ${Object.keys(lock).length} locked packages`, [
  ...checkLock(lock),
  ...checkExactVersions(readJson('package.json')),
  ...files.flatMap(checkText),
]);
