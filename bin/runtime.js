// Which Node runs the command, and from which files: decisions first, then the few effects they lead to.

import { spawn } from 'child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync } from 'fs';
import Module, { createRequire } from 'module';
import { Socket } from 'net';
import { constants, homedir } from 'os';
import { dirname, isAbsolute, join } from 'path';
import { fileURLToPath, pathToFileURL } from 'url';

/** Tells the re-run process which file descriptor closes when its wrapper is gone. */
const LIFELINE = 'AGENT_NEGOTIATE_LIFELINE_FD';
const LIFELINE_FD = 3;
const GRACE_MS = 5000;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const EXIT_UNAVAILABLE = 69;
const EXIT_BUG = 70;

/** True when this Node version strips types and has `node:sqlite` without flags. */
export function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major >= 24;
}

/** True in a checkout, where the sources are run as they are. Node strips no types under node_modules. */
export function isCheckout(root, exists) {
  return !root.split(/[\\/]/).includes('node_modules') && exists(join(root, 'src', 'cli', 'main.ts'));
}

/** The file that holds `main`: the source in a checkout, the build otherwise. */
export function chooseEntry(root, exists) {
  return isCheckout(root, exists) ? join(root, 'src', 'cli', 'main.ts') : join(root, 'dist', 'cli', 'main.js');
}

/**
 * Decides how to run: here, again under `bundled` (the `node` package's version and binary, if there is one), or not at all.
 * A process that is itself a re-run never starts another.
 */
export function decideRuntime({ version, bundled, isRerun, checkout }) {
  if (isNewEnough(version)) return { kind: 'here' };
  if (bundled !== undefined && !isRerun && isNewEnough(bundled.version)) return { kind: 'rerun', node: bundled.path };
  return { kind: 'advise', message: adviseUpgrade(version, checkout) };
}

function adviseUpgrade(version, checkout) {
  const remedy = checkout ? 'npm ci, then the same again' : 'npx -y -p node@24 -p agent-negotiate agent-negotiate …';
  return `agent-negotiate needs Node 22.18 or newer (this is ${version}). Run: ${remedy}`;
}

/** Finds the Node that the `node` package brings along, looking from `root` upwards; undefined when there is none. */
export function findBundledNode(root, platform) {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('node/package.json');
    const path = join(dirname(manifest), 'bin', platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(path) ? { version: JSON.parse(readFileSync(manifest, 'utf8')).version, path } : undefined;
  } catch (_error) {
    return undefined; // Not installed.
  }
}

/** Starts the command under the right Node. Sets the exit code; never throws. */
export function launch(argv) {
  const script = realpathSync(fileURLToPath(new URL('agent-negotiate.js', import.meta.url)));
  const root = dirname(dirname(script));
  const decision = decideRuntime({
    version: process.version,
    bundled: isNewEnough(process.version) ? undefined : findBundledNode(root, process.platform),
    isRerun: process.env[LIFELINE] !== undefined,
    checkout: isCheckout(root, existsSync),
  });
  if (decision.kind === 'here') return runHere(chooseEntry(root, existsSync), argv);
  if (decision.kind === 'rerun') return rerun(decision.node, [script].concat(argv));
  process.stderr.write(`${decision.message}\n`);
  process.exitCode = EXIT_UNAVAILABLE;
}

function runHere(entry, argv) {
  holdLifeline();
  silenceSqliteWarning();
  keepCompiledCode(process.env);
  import(pathToFileURL(entry).href)
    .then((cli) => cli.main(argv))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        process.stderr.write(`${explainFault(error, entry)}\n`);
        process.exitCode = EXIT_BUG;
      },
    );
}

/**
 * Has Node keep what it compiles for the next run, which then starts in a third less time; where it cannot, nothing is kept. Returns the
 * folder. Whoever writes there has us run what they wrote: it must be ours alone, so that Node's own choice, in the folder for temporary
 * files, will not do.
 */
export function keepCompiledCode(env) {
  if (Module.enableCompileCache === undefined || env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  try {
    const caches = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
    const folder = join(caches, 'agent-negotiate');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOwnFolder(caches, OTHERS_WRITE) || !isOwnFolder(folder, OTHERS)) return undefined;
    Module.enableCompileCache(folder);
    return folder;
  } catch (_error) {
    return undefined; // No home, or one that cannot be written.
  }
}

/** True for a real folder of this user's with none of these rights for others. Windows knows neither; a profile is its owner's there. */
function isOwnFolder(path, forbidden) {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return false;
  return process.geteuid === undefined || (stats.uid === process.geteuid() && (stats.mode & forbidden) === 0);
}

function explainFault(error, entry) {
  if (!existsSync(entry)) return `agent-negotiate is not built: ${join('dist', 'cli', 'main.js')} is missing. Run: npm run build`;
  return error instanceof Error ? error.stack : String(error);
}

/**
 * Runs `args` under another Node and becomes its shadow: same terminal, signals passed on, same end. The child holds one end of a
 * pipe, so that it also ends when this process is killed outright.
 */
function rerun(node, args) {
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: Object.assign({}, process.env, { [LIFELINE]: String(LIFELINE_FD) }),
  });
  const forward = forwardSignals(child);
  child.on('error', (error) => {
    process.stderr.write(`agent-negotiate could not start ${node}: ${error.message}. Run: npm ci\n`);
    process.exitCode = EXIT_UNAVAILABLE;
  });
  child.on('exit', (code, signal) => {
    for (const [name, listener] of forward) process.removeListener(name, listener);
    if (signal === null) process.exitCode = code;
    else endBySignal(signal);
  });
}

// A terminal sends its Ctrl-C to the child as well, and a second one often means "stop at once": it is swallowed here, not repeated.
function forwardSignals(child) {
  const listeners = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => [
    name,
    () => {
      if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
    },
  ]);
  for (const [name, listener] of listeners) process.on(name, listener);
  return listeners;
}

function endBySignal(signal) {
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(), GRACE_MS); // The signal was blocked or ignored: end with the shell's code for it.
}

// Asks for an orderly end when the wrapper is gone, and insists after a while. Neither keeps the process alive.
function holdLifeline() {
  const fd = Number(process.env[LIFELINE]);
  delete process.env[LIFELINE];
  if (fd !== LIFELINE_FD) return;
  const lifeline = new Socket({ fd, readable: true, writable: false });
  lifeline.on('error', () => undefined); // A reset says the same as a close, which follows.
  lifeline.on('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(128 + constants.signals.SIGTERM), GRACE_MS).unref();
  });
  lifeline.resume();
  lifeline.unref();
}

/** Drops the one warning that `node:sqlite` is experimental; every other warning still comes through. */
export function silenceSqliteWarning() {
  const emitWarning = process.emitWarning;
  process.emitWarning = function emitOtherWarning(warning, ...rest) {
    if (isSqliteWarning(warning, rest[0])) return;
    emitWarning.call(process, warning, ...rest);
  };
}

/** True for Node's warning that SQLite is experimental, given the arguments of `process.emitWarning`. */
export function isSqliteWarning(warning, options) {
  const type = typeof options === 'object' && options !== null ? options.type : options;
  return type === 'ExperimentalWarning' && /^SQLite is an experimental feature/.test(String(warning));
}
