// `verify`: checks a bundle offline; needs no home, key or network.

import { checkBundle, discloseBundle, type BundleCheckResult } from '../../agent/checkBundle.ts';
import { displayText } from '../../core/text.ts';
import { printResult, readBytes, writeOwnFile, type CommonOptions } from '../io.ts';

const EXIT_NO_DEAL = 65;

/** Checks a bundle file, or stdin for `-`. The exit code is 0 for a closed deal and for nothing else. */
export function runVerify(path: string, options: CommonOptions): number {
  const result = checkBundle(readBytes(path));
  printResult(options, result, () => renderCheck(result));
  return result.isDeal ? 0 : EXIT_NO_DEAL;
}

/** Options of `disclose`. */
export interface DiscloseOptions extends CommonOptions {
  readonly term?: readonly string[];
  readonly out?: string;
}

/** Makes a bundle that shows part of the terms. The exit code is 0 when it was made. */
export function runDisclose(path: string, options: DiscloseOptions): number {
  const { bundle, shown, hidden } = discloseBundle(readBytes(path), options.term ?? []);
  if (options.out === undefined && options.json !== true) process.stdout.write(bundle);
  else if (options.out !== undefined) writeOwnFile(options.out, bundle);
  const result = { shown, hidden, ...(options.out === undefined ? { bundle } : { out: options.out }) };
  if (options.json === true || options.out !== undefined)
    printResult(options, result, () => [`Shows ${shown.join(' ') || 'no terms'}.`, `Hides ${hidden.join(' ') || 'nothing'}.`]);
  return 0;
}

function renderCheck(result: BundleCheckResult): readonly string[] {
  const { state, problem, agreement, buyer, provider, supersedes, under, lines = [], hidden = [], cheats = [] } = result;
  if (state === 'invalid') return ['INVALID: this bundle proves nothing.', `  ${displayText(problem ?? '')}`];
  return [
    describeState(state),
    `  agreement  ${agreement}`,
    `  buyer      ${buyer}`,
    `  provider   ${provider}`,
    ...(supersedes === undefined ? [] : [`  changes    ${supersedes}, in whose place it stands`]),
    ...(under === undefined ? [] : [`  under      ${under}, the framework that it is a job of`]),
    ...cheats.map((role) => `  cheat      the ${role} revealed both values of one signature`),
    '',
    'Terms',
    ...lines.map((line) => `  ${displayText(line.replace(/^ {2}\| /, '| '), 4_200)}`),
    ...(hidden.length > 0 ? [`  not shown, but bound by the signatures: ${hidden.join(' ')}`] : []),
    '',
    ...explainProof(state, hidden.length > 0),
  ];
}

/** What follows from it, and what does not. */
function explainProof(state: Exclude<BundleCheckResult['state'], 'invalid'>, isPartial: boolean): readonly string[] {
  const shown = isPartial ? ['The terms shown are part of what was signed; of the others it says nothing but that they are fixed.'] : [];
  switch (state) {
    case 'closed':
      return [
        'This proves that both keys signed this agreement, that the first signer closed it, and that the second acknowledged the closing.',
        ...shown,
        'It does not prove when, that the work was done or paid, nor that the two did not change the agreement later.',
      ];
    case 'closed-not-acknowledged':
    case 'signed-not-closed':
      return ['This proves what was signed, and nothing about how it ended: a later bundle of the same agreement may say more.', ...shown];
    case 'void':
    case 'late':
      return ['This proves that no deal came of these signatures.', ...shown];
    case 'cheated':
      return ['This proves that the one named above has said yes and no to the same deal.', ...shown];
    default:
      return state satisfies never;
  }
}

function describeState(state: Exclude<BundleCheckResult['state'], 'invalid'>): string {
  switch (state) {
    case 'closed':
      return 'CLOSED: both sides signed and hold this deal.';
    case 'closed-not-acknowledged':
      return 'NOT A DEAL YET: closed by the first signer, not acknowledged by the second.';
    case 'signed-not-closed':
      return 'NOT A DEAL: signed, but never closed.';
    case 'void':
      return 'NOT A DEAL: the first signer made its signature void.';
    case 'late':
      return 'NOT A DEAL: the closing came too late and was refused.';
    case 'cheated':
      return 'CHEATED: one side revealed both values of one signature.';
    default:
      return state satisfies never;
  }
}
