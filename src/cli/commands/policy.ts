// `policy`: writes, checks and explains what the owner lets the agent do while he is away.

import { readMandateFile, type MandateFile } from '../../agent/mandate/readMandateFile.ts';
import { NegotiateError } from '../../core/errors.ts';
import { displayText } from '../../core/text.ts';
import { printLines, printResult, readFileOrStdin, writeNewOwnFile, type CommonOptions } from '../io.ts';
import { POLICY_PRESETS } from '../policyPresets.ts';

const EXIT_WRONG = 65;

/** Options of `policy init`. */
export interface PolicyInitOptions extends CommonOptions {
  readonly preset?: string;
  readonly out?: string;
}

/** Checks a mandate file; needs no agent. The exit code is 0 when nothing is wrong with it, else 65. */
export function runPolicyCheck(path: string, options: CommonOptions): number {
  const file = readMandateFile(readFileOrStdin(path));
  printResult(options, describe(file), () =>
    file.kind === 'ok' ? ['The policy is in order.', `digest  ${file.digest}`] : renderProblems(file),
  );
  return file.kind === 'ok' ? 0 : EXIT_WRONG;
}

/** Says in sentences what a mandate file permits. The exit code is 65 when it is wrong: then it permits nothing. */
export function runPolicyExplain(path: string, options: CommonOptions): number {
  const file = readMandateFile(readFileOrStdin(path));
  printResult(options, describe(file), () => (file.kind === 'ok' ? [...file.explanation, `digest  ${file.digest}`] : renderProblems(file)));
  return file.kind === 'ok' ? 0 : EXIT_WRONG;
}

/** Prints a mandate to start from, or writes it to a new file. */
export function runPolicyInit({ preset = 'buyer', out, ...options }: PolicyInitOptions): void {
  if (preset !== 'buyer' && preset !== 'seller')
    throw new NegotiateError('input/invalid', 'There are two presets: --preset buyer and --preset seller.');
  const text = POLICY_PRESETS[preset];
  if (out === undefined)
    return options.json === true ? printResult(options, { preset, toml: text }, () => []) : printLines([text.trimEnd()]);
  writeNewOwnFile(out, text);
  printResult(options, { preset, file: out }, () => [`Written. Look at it, then: agent-negotiate policy check ${displayText(out)}`]);
}

/** What a program is told of a mandate file. */
export function describe(file: MandateFile): object {
  if (file.kind === 'refused') return { isValid: false, problems: file.problems };
  const { mandate, digest, explanation } = file;
  return { isValid: true, name: mandate.name, role: mandate.role, digest, explanation };
}

/** The problems, one a line. */
export function renderProblems({ problems }: Extract<MandateFile, { kind: 'refused' }>): readonly string[] {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return [`The policy has ${count}:`, ...problems.map(({ text }) => `  ${displayText(text)}`)];
}
