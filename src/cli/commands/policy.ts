// `policy`: writes, checks and explains what the owner lets the agent do while he is away.

import type { PolicyView } from '../../agent/mandate/policy.ts';
import type { AskView } from '../../agent/mandate/viewAsk.ts';
import { readMandateFile, type MandateFile, type MandateFileProblem } from '../../agent/mandate/readMandateFile.ts';
import { viewTerm, type TermView } from '../../agent/mandate/viewTerm.ts';
import { NegotiateError } from '../../core/errors.ts';
import { formatSats, parseSats } from '../../core/money.ts';
import { displayText } from '../../core/text.ts';
import { printLines, printResult, readFileOrStdin, writeNewOwnFile, type CommonOptions } from '../io.ts';
import { describeAsk, shortId, shortNpub } from '../render.ts';
import { useAgent } from '../useAgent.ts';
import { POLICY_PRESETS } from '../policyPresets.ts';

const EXIT_WRONG = 65;

/** Options of `policy init`. */
export interface PolicyInitOptions extends CommonOptions {
  readonly preset?: string;
  readonly out?: string;
}

/** Checks a mandate file; needs no agent. The exit code is 0 when nothing is wrong with it, else 65; that it has ended is remarked on, and no fault of the file. */
export function runPolicyCheck(path: string, options: CommonOptions): number {
  const file = readMandateFile(readFileOrStdin(path));
  printResult(options, describe(file), () =>
    file.kind === 'ok'
      ? [
          ...renderRemark(lookAt(file)),
          `The policy is in order${lookAt(file).term === 'holds' ? '' : ' otherwise'}.`,
          `digest  ${file.digest}`,
        ]
      : renderProblems(file.problems),
  );
  return file.kind === 'ok' ? 0 : EXIT_WRONG;
}

/** Says in sentences what a mandate file permits. The exit code is 65 when it is wrong: then it permits nothing. */
export function runPolicyExplain(path: string, options: CommonOptions): number {
  const file = readMandateFile(readFileOrStdin(path));
  printResult(options, describe(file), () =>
    file.kind === 'ok' ? [...renderRemark(lookAt(file)), ...file.explanation, `digest  ${file.digest}`] : renderProblems(file.problems),
  );
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

/** Options of `policy show`. */
export interface PolicyShowOptions extends CommonOptions {
  readonly text?: true;
}

/** Puts a mandate in force. The exit code is 65 when it is wrong: then nothing has changed. */
export async function runPolicySet(path: string, options: CommonOptions): Promise<number> {
  const text = readFileOrStdin(path);
  const result = await useAgent(options, 'write', (agent) => agent.setPolicy({ text }));
  printResult(options, result.kind === 'set' ? result.policy : { isSet: false, problems: result.problems }, () =>
    result.kind === 'set' ? renderSet(result.policy) : renderProblems(result.problems),
  );
  return result.kind === 'set' ? 0 : EXIT_WRONG;
}

/** Takes the mandate out of force. */
export async function runPolicyUnset(options: CommonOptions): Promise<void> {
  await useAgent(options, 'write', (agent) => agent.setPolicy({ text: null }));
  printResult(options, { isSet: false }, () => ['No policy is in force.']);
}

/** Shows the mandate in force and what it has come to. */
export async function runPolicyShow({ text, ...options }: PolicyShowOptions): Promise<void> {
  const policy = await useAgent(options, 'read', (agent) => agent.showPolicy());
  printResult(options, policy, () => {
    if (!policy.isSet) return ['No policy is in force: verbs and jobs do what you tell them. See: agent-negotiate policy init'];
    return text === true ? [(policy.text ?? '').trimEnd()] : renderPolicy(policy);
  });
}

/** Options of `policy settle`. */
export interface PolicySettleOptions extends CommonOptions {
  readonly sats?: string;
}

/** Frees what a deal holds that was paid or written off in another way. */
export async function runPolicySettle(nid: string, { sats, ...options }: PolicySettleOptions): Promise<void> {
  const input = { nid, ...(sats === undefined ? {} : { paidMsat: parseSats(sats) }) };
  const result = await useAgent(options, 'write', (agent) => agent.settlePromise(input));
  printResult(options, result, () => [`Free again: ${formatSats(result.heldMsat)}. Counted as paid: ${formatSats(result.paidMsat)}.`]);
}

/** Says yes to one thing. */
export async function runApprove(what: string, options: CommonOptions): Promise<void> {
  const result = await useAgent(options, 'write', (agent) => agent.approve({ what }));
  const { approved, isDone } = result;
  const next = isDone ? 'Done.' : 'Its job goes on with it; a verb of yours has to be run again.';
  printResult(options, result, () => [`Approved: ${renderAsk(approved)}`, next]);
}

function renderSet(policy: PolicyView): readonly string[] {
  const { term = 'holds', digest = '' } = policy;
  return [term === 'holds' ? 'In force from now on.' : 'Set.', ...renderRemark(policy), `digest  ${digest}`];
}

function lookAt({ mandate }: Extract<MandateFile, { kind: 'ok' }>): TermView {
  return viewTerm(mandate, Math.floor(Date.now() / 1_000));
}

function renderRemark({ remark }: Partial<TermView>): readonly string[] {
  return remark === undefined ? [] : [`Warning: ${remark}`];
}

function renderPolicy({
  remark,
  explanation = [],
  digest,
  heldMsat = 0n,
  openDeals = 0,
  spentMsat = 0n,
  asks = [],
}: PolicyView): readonly string[] {
  return [
    ...renderRemark(remark === undefined ? {} : { remark }),
    ...explanation.map((line) => displayText(line, 1_000)),
    '',
    `promised  ${formatSats(heldMsat)} in ${openDeals} signatures and deals`,
    `paid      ${formatSats(spentMsat)} in the last 24 hours`,
    `digest    ${digest ?? ''}`,
    ...(asks.length === 0 ? [] : ['', 'Waiting for your yes (agent-negotiate approve DIGEST)']),
    ...asks.map((ask) => `  ${renderAsk(ask)}`),
  ];
}

function renderAsk(ask: AskView): string {
  const { digest, nid, peer, group, service, reasons } = ask;
  const place = nid ?? group;
  const where = service ?? (place === undefined ? 'new' : shortId(place));
  const who = service === undefined ? (peer === undefined ? 'group' : shortNpub(peer)) : 'everybody';
  return `${digest.slice(0, 12)}  ${where}  ${who}  ${describeAsk(ask)}  (${reasons.join(', ')})`;
}

/** What a program is told of a mandate file. */
function describe(file: MandateFile): object {
  if (file.kind === 'refused') return { isValid: false, problems: file.problems };
  const { mandate, digest, explanation } = file;
  return { isValid: true, name: mandate.name, role: mandate.role, digest, explanation, ...lookAt(file) };
}

function renderProblems(problems: readonly MandateFileProblem[]): readonly string[] {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return [`The policy has ${count}:`, ...problems.map(({ text }) => `  ${displayText(text, 400)}`)];
}
