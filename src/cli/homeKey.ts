// The key of a protected home, from wherever its owner keeps it: a file, a program, or the owner's head; never from an argument.

import { spawnSync } from 'node:child_process';
import { NegotiateError } from '../core/errors.ts';
import type { HomeKey, ProtectionMethod } from '../agent/composeHome.ts';
import { readBytes, readFileOrStdin, type CommonOptions } from './io.ts';
import { askSecret } from './askSecret.ts';

const COMMAND_TIMEOUT_MS = 60_000;
const MAX_KEY_BYTES = 65_536;
const METHODS: readonly ProtectionMethod[] = ['passphrase', 'key-file', 'key-command'];

/** Where a key is. */
export type KeySource = Pick<CommonOptions, 'passphraseFile' | 'keyFile' | 'keyCommand'>;

/** The key that the options or the environment name, or what the owner types; undefined when there is none. Throws `input/…`. */
export async function findHomeKey(home: string, options: KeySource): Promise<HomeKey | undefined> {
  const named = readKey(options) ?? readKey(sourceOf(process.env));
  if (named !== undefined || !process.stdin.isTTY) return named;
  // Only here, since it costs a look into the home.
  const { readProtectionMethod } = await import('../agent/composeHome.ts');
  if (readProtectionMethod(home) !== 'passphrase') return undefined;
  return { kind: 'passphrase', passphrase: await askSecret(`Passphrase of ${home}: `) };
}

/** A key to protect a home with from now on. A passphrase that is typed is typed twice. Throws `input/invalid`. */
export async function askNewKey(method: ProtectionMethod, options: KeySource, isFirst = true): Promise<HomeKey> {
  // Once there is a key, the environment names that one.
  const named = readKey(options) ?? (isFirst ? readKey(sourceOf(process.env)) : undefined);
  if (named?.kind === method) return named;
  if (method !== 'passphrase') throw new NegotiateError('input/invalid', `Say where the ${method} is. See docs/keys.md.`);
  if (!process.stdin.isTTY)
    throw new NegotiateError('input/invalid', 'Give the passphrase in a file, or run this in a terminal to type it.');
  const passphrase = await askSecret('New passphrase: ');
  if ((await askSecret('Once more: ')) === passphrase) return { kind: 'passphrase', passphrase };
  throw new NegotiateError('input/invalid', 'The two are not the same. Nothing was changed; try again.');
}

/** Reads the word for a way to protect a home. Throws `input/invalid`. */
export function readMethod(word: string): ProtectionMethod {
  const method = METHODS.find((each) => each === word);
  if (method !== undefined) return method;
  throw new NegotiateError('input/invalid', `A home is protected by one of: ${METHODS.join(', ')}.`);
}

/** What opens a home, in words. */
export function describeMethod(method: ProtectionMethod | undefined): string {
  if (method === undefined) return 'by nothing: whoever can read its files can read it';
  return { passphrase: 'by a passphrase', 'key-file': 'by a key file', 'key-command': 'by what a command prints' }[method];
}

/** A passphrase from a file, from stdin for `-`, or typed. Throws `input/…`. */
export async function readPassphrase(path: string | undefined): Promise<string> {
  if (path !== undefined) return stripLineEnd(readFileOrStdin(path));
  if (process.stdin.isTTY) return askSecret('Passphrase: ');
  throw new NegotiateError('input/invalid', 'Give the passphrase with: --passphrase-file FILE');
}

function sourceOf(env: NodeJS.ProcessEnv): KeySource {
  const [passphraseFile, keyFile, keyCommand] = ['PASSPHRASE_FILE', 'KEY_FILE', 'KEY_COMMAND'].map(
    (name) => env[`AGENT_NEGOTIATE_${name}`],
  );
  return { ...(passphraseFile ? { passphraseFile } : {}), ...(keyFile ? { keyFile } : {}), ...(keyCommand ? { keyCommand } : {}) };
}

function readKey({ passphraseFile, keyFile, keyCommand }: KeySource): HomeKey | undefined {
  if ([passphraseFile, keyFile, keyCommand].filter((each) => each !== undefined).length > 1)
    throw new NegotiateError('input/invalid', 'A home has one key. Name a passphrase file, a key file or a key command.');
  if (passphraseFile !== undefined) return { kind: 'passphrase', passphrase: stripLineEnd(readFileOrStdin(passphraseFile)) };
  if (keyFile !== undefined) return { kind: 'key-file', bytes: readBytes(keyFile, MAX_KEY_BYTES) };
  return keyCommand === undefined ? undefined : { kind: 'key-command', bytes: runKeyCommand(keyCommand) };
}

/** Without a shell: a list of words, or a JSON list where a word has spaces in it. What it asks of the owner, it asks on the terminal. */
function runKeyCommand(command: string): Uint8Array {
  const [program = '', ...args] = splitCommand(command);
  const result = spawnSync(program, args, {
    stdio: [process.stdin.isTTY ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    shell: false,
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_KEY_BYTES,
  });
  if (result.status === 0) return new Uint8Array(Buffer.from(stripLineEnd(result.stdout.toString('latin1')), 'latin1'));
  throw new NegotiateError('input/invalid', 'The key command did not say the key. Run it by hand and see why.');
}

function splitCommand(command: string): readonly string[] {
  if (!command.trimStart().startsWith('[')) return command.split(/\s+/).filter((word) => word !== '');
  try {
    const words = JSON.parse(command) as unknown;
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch {
    // Said below, without the words: they may tell where the key is.
  }
  throw new NegotiateError('input/invalid', 'The key command must be words, or a JSON list of words.');
}

/** Editors and programs end what they write with a line end. */
function stripLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
