// What a command prints: for a program one JSON document on stdout, for a person lines; everything else goes to stderr.

import { readFileSync } from 'node:fs';
import { NegotiateError } from '../core/errors.ts';
import { explainFullDisk, isFullDiskFault } from '../core/fullDisk.ts';
import { writeWholeFile } from './wholeFile.ts';

const MAX_STDIN_BYTES = 1_048_576;

/** The options that every verb has. */
export interface CommonOptions {
  readonly json?: true;
  readonly home?: string;
  readonly relay?: readonly string[];
  /** What opens a protected home (see homeKey.ts). */
  readonly passphraseFile?: string;
  readonly keyFile?: string;
  readonly keyCommand?: string;
}

/** Prints a result: the whole of it as JSON with `--json`, otherwise the lines. */
export function printResult(options: CommonOptions, result: unknown, lines: () => readonly string[]): void {
  if (options.json === true) printJson(result);
  else printLines(lines());
}

/** Prints one JSON document on one line; a bigint becomes its decimal digits. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each))}\n`);
}

/** Prints lines for a person on stdout. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints a remark on stderr. */
export function printRemark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Shows the owner where the bunker wants a request approved. */
export function onApprovalUrl(url: string): void {
  printRemark(describeApproval(url));
}

/** The same in words. */
export function describeApproval(url: string): string {
  return `Your bunker asks for your approval. Open this page, and wait here: ${url}`;
}

/** The text itself, or what comes on stdin for `-`, so that it need not stand among the arguments. Throws `input/invalid`. */
export function readTextArgument(text: string): string {
  return text === '-' ? readFileOrStdin('-').trimEnd() : text;
}

/** The text of a file, or of stdin for `-`. Throws `input/invalid`, `input/not-found`. */
export function readFileOrStdin(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

/** The bytes of a file, or of stdin for `-`. Throws `input/invalid` for more than `maxBytes` (1 MiB by default), `input/not-found`. */
export function readBytes(path: string, maxBytes = MAX_STDIN_BYTES): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path === '-' ? 0 : path);
  } catch (cause) {
    throw new NegotiateError('input/not-found', 'The file cannot be read. Check its path and that you may read it.', { cause });
  }
  if (bytes.length <= maxBytes) return bytes;
  throw new NegotiateError('input/invalid', `The file is larger than ${maxBytes / 1_048_576} MiB. Give a smaller one.`);
}

/** Writes a file that only its owner can read, whole or not at all. Throws `input/invalid`, `store/unavailable` for a full disk. */
export function writeOwnFile(path: string, text: string): void {
  try {
    writeWholeFile(path, text, 'replace');
  } catch (cause) {
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
    throw new NegotiateError('input/invalid', 'The file cannot be written there. Check the path and that you may write to it.', { cause });
  }
}

/** Writes a file that only its owner can read and that must not be there yet. Throws as {@link writeOwnFile}. */
export function writeNewOwnFile(path: string, text: string): void {
  try {
    writeWholeFile(path, text, 'new');
  } catch (cause) {
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
    throw new NegotiateError('input/invalid', 'The file is there already, or cannot be written. Choose another path.', { cause });
  }
}
