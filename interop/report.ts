// What a drive prints: lines for a person or JSON lines, and at the end a report in Markdown.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { displayText } from '../src/core/text.ts';
import type { DriveOptions } from './options.ts';
import type { Step } from './steps.ts';

/** How a step ended. */
export type Outcome =
  | { readonly outcome: 'ok'; readonly seen: string }
  | { readonly outcome: 'skipped'; readonly why: string }
  /** `code` is one of the project's error codes, or `timeout`; `exitCode` follows sysexits.h. */
  | { readonly outcome: 'failed'; readonly why: string; readonly code: string; readonly exitCode: number };

/** A step with its end. */
export interface Done {
  readonly step: string;
  readonly result: Outcome;
}

/** Our agent, as it is made known to the person. */
export interface Opening {
  readonly npub: string;
  readonly home: string;
  readonly isKept: boolean;
}

/** Prints what happens. */
export interface Printer {
  readonly open: (opening: Opening, options: DriveOptions) => void;
  readonly begin: (step: Step) => void;
  readonly ask: (step: Step, text: string) => void;
  readonly end: (done: Done) => void;
  readonly report: (markdown: string, results: readonly Done[]) => void;
}

/** A printer of JSON lines or of text. */
export function makePrinter(isJson: boolean): Printer {
  return isJson ? jsonPrinter : textPrinter;
}

const jsonPrinter: Printer = {
  open: ({ npub, home }, { relays, peer, steps }) =>
    printJson({ type: 'open', npub, home, relays, peer, steps: steps.map(({ name }) => name) }),
  begin: ({ name, does }) => printJson({ type: 'step', step: name, does }),
  ask: ({ name }, text) => printJson({ type: 'ask', step: name, text }),
  end: ({ step, result }) => printJson({ type: 'outcome', step, ...result }),
  report: (markdown, results) => printJson({ type: 'report', results: results.map(({ step, result }) => ({ step, ...result })), markdown }),
};

const textPrinter: Printer = {
  open: ({ npub, home, isKept }, { relays, waitS }) =>
    printLines([
      'Our agent:',
      `  npub    ${npub}`,
      `  relays  ${relays.join(' ')}`,
      `  home    ${home}${isKept ? '' : ' (removed at the end)'}`,
      '',
      'The account on the other side has to read and write at one of these relays. A client that takes invites only from',
      'accounts on a list needs our npub on it first: stop with Ctrl-C, and start with --home to have the same npub again.',
      `Each step waits ${waitS} s for the other side. To pass over one, type skip and Enter.`,
    ]),
  begin: ({ name, does }) => printLines(['', `${name}: ${does}`]),
  ask: (_, text) => printLines([`  → ${text}`]),
  end: ({ result }) => printLines([`  ${renderOutcome(result)}`]),
  report: (markdown) => printLines(['', 'The report, for docs/interop.md once you have completed and checked it:', '', markdown.trimEnd()]),
};

function renderOutcome(result: Outcome): string {
  return result.outcome === 'ok' ? `ok: ${result.seen}` : `${result.outcome}: ${displayText(result.why)}`;
}

/** The report: no key and no name of anybody is in it. */
export function writeReport({ relays, peerVersion }: DriveOptions, results: readonly Done[], now: Date): string {
  const date = now.toISOString().slice(0, 10);
  const peer = peerVersion === undefined ? '(client, version, device)' : toCell(peerVersion);
  const facts = [
    ['date', date],
    ['agent-negotiate', describeOurselves()],
    ['other side', peer],
    ['relay', relays.map((relay) => `\`${toCell(relay)}\``).join(' ')],
    ['seen on the other side', '(what its screen showed where it was not as expected)'],
  ];
  const rows = results.map(({ step, result }) => [
    `\`${step}\``,
    result.outcome,
    toCell(result.outcome === 'ok' ? result.seen : result.why),
  ]);
  return [
    `### ${peer}, ${date}`,
    '',
    ...writeTable(['what', 'value'], facts),
    '',
    ...writeTable(['step', 'outcome', 'what was seen'], rows),
    '',
  ].join('\n');
}

function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function toCell(text: string): string {
  return displayText(text, 300).replaceAll('|', '\\|');
}

function describeOurselves(): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const ask = (...args: string[]): string => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const commit = ask('rev-parse', '--short', 'HEAD');
  const changes = commit === '' || ask('status', '--porcelain') === '' ? '' : ' with local changes';
  return `${version}${commit === '' ? '' : `, commit ${commit}${changes}`}, Node ${process.versions.node}`;
}

/** Prints one JSON line. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
