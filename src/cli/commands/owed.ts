// `owed`: says offline what is owed under a closed bundle; needs no home, key or network.

import { checkOwed, type OwedCheckResult } from '../../agent/checkOwed.ts';
import { NegotiateError } from '../../core/errors.ts';
import { formatSats, type Msat } from '../../core/money.ts';
import { displayText } from '../../core/text.ts';
import { printResult, readBytes, readFileOrStdin, type CommonOptions } from '../io.ts';
import { parseJsonText } from '../parseValues.ts';

const EXIT_NOTHING_SAID = 65;

/** Options of `owed`. */
export interface OwedOptions extends CommonOptions {
  readonly usage?: string;
}

/** Says what is owed; either file, not both, may be stdin, as `-`. The exit code is 0 for an answer and for nothing else. */
export function runOwed(path: string, options: OwedOptions): number {
  const { usage } = options;
  if (path === '-' && usage === '-')
    throw new NegotiateError('input/invalid', 'Only one of the two can come from stdin. Put one in a file.');
  const result = checkOwed(readBytes(path), usage === undefined ? {} : parseJsonText(readFileOrStdin(usage)));
  printResult(options, result, () => renderOwed(result));
  return result.problem === undefined ? 0 : EXIT_NOTHING_SAID;
}

function renderOwed(result: OwedCheckResult): readonly string[] {
  const { state, problem, agreement, price, owedMsat = 0n, baseMsat = 0n, creditsMsat = 0n, leftMsat, ceilingMsat, lines = [] } = result;
  const facts = [...say('agreement', agreement), ...say('price', price)];
  if (problem !== undefined) {
    const about = problem.about === undefined ? '' : ` (${displayText(problem.about)})`;
    return [`NO ANSWER (bundle: ${state})`, `  ${problem.message}${about}`, ...facts];
  }
  return [
    `OWED: ${formatSats(owedMsat)}`,
    ...facts,
    ...(creditsMsat === 0n ? [] : say('charged', formatSats(baseMsat))),
    ...(creditsMsat === 0n ? [] : say('credits', formatSats(creditsMsat))),
    ...(leftMsat === undefined ? [] : say('left', `${formatSats(leftMsat)} of the balance, unless it has expired`)),
    ...say('at most', ceilingMsat === undefined ? 'without limit: the price has no cap' : `${formatSats(ceilingMsat)}, whatever is used`),
    ...(lines.length === 0 ? [] : ['', 'Made of']),
    ...lines.map(({ text, amountMsat }) => `  ${formatSigned(amountMsat).padStart(14)}  ${displayText(text)}`),
  ];
}

function say(name: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`  ${name.padEnd(9)}  ${text}`];
}

function formatSigned(amountMsat: Msat): string {
  return amountMsat < 0n ? `-${formatSats(-amountMsat)}` : formatSats(amountMsat);
}
