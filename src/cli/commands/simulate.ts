// `simulate`: tries a strategy against others offline; needs no home, key or network.

import { dirname } from 'node:path';
import { simulateNegotiations, type SimulationRequest, type SimulationResult } from '../../agent/simulation/simulateNegotiations.ts';
import { readChoice } from '../../agent/strategies/readChoice.ts';
import { NegotiateError } from '../../core/errors.ts';
import { printResult, readFileOrStdin, writeOwnFile, type CommonOptions } from '../io.ts';
import { parseJsonText } from '../parseValues.ts';

/** Options of `simulate`. */
export interface SimulateOptions extends CommonOptions {
  readonly strategy?: string;
  readonly against?: string;
  readonly rounds?: string;
  readonly scenarios?: string;
  readonly sizes?: string;
  readonly reserve?: string;
  readonly seed?: string;
  readonly plot?: string;
}

/** Simulates with the domain and utility of a file, or with made-up ones. The exit code is 0 however the negotiations end. */
export function runSimulate(path: string | undefined, options: SimulateOptions): void {
  const { svg, ...result } = simulateNegotiations(readRequest(path, options));
  if (options.plot !== undefined && svg !== undefined) writeOwnFile(options.plot, svg);
  const { table, ...figures } = result;
  printResult(options, { ...figures, ...(options.plot === undefined ? {} : { plot: options.plot }) }, () =>
    renderSimulation(result, table, options),
  );
}

// Names and ranges are checked where the simulation is.
function readRequest(path: string | undefined, options: SimulateOptions): SimulationRequest {
  const { strategy, against, rounds, scenarios, sizes, reserve, seed, plot } = options;
  const request = {
    ...(path === undefined ? {} : { file: readSimulation(path) }),
    ...(strategy === undefined ? {} : { strategy: readChoice(strategy, process.cwd()) }),
    ...(against === undefined ? {} : { against: against.split(',').map((name) => readChoice(name.trim(), process.cwd())) }),
    ...(rounds === undefined ? {} : { rounds: readNumber(rounds) }),
    ...(scenarios === undefined ? {} : { scenarios: readNumber(scenarios) }),
    ...(sizes === undefined ? {} : { sizes: sizes.split(',').map(readNumber) }),
    ...(reserve === undefined ? {} : { reserve: readNumber(reserve) }),
    ...(seed === undefined ? {} : { seed }),
    plot: plot !== undefined,
  };
  return request as SimulationRequest;
}

function readSimulation(path: string): unknown {
  const file = parseJsonText(readFileOrStdin(path));
  if (typeof file !== 'object' || file === null || !('strategy' in file)) return file;
  return { ...file, strategy: readChoice(file.strategy, path === '-' ? process.cwd() : dirname(path)) };
}

function readNumber(text: string): number {
  if (/^\s*[0-9]{1,9}(?:\.[0-9]{1,9})?\s*$/.test(text)) return Number(text);
  throw new NegotiateError('input/invalid', 'Expected a number such as 12 or 0.3, or several with commas for --sizes.');
}

function renderSimulation(result: Omit<SimulationResult, 'svg'>, table: readonly string[], { plot }: SimulateOptions): readonly string[] {
  const { strategy, rounds, scenarios, seed, isExact, total } = result;
  const { refused: failed, faults = [], played } = total;
  const refused = failed === 0 ? [] : [`${failed} of ${played} negotiations ended because a strategy failed (${faults.join(', ')}).`];
  return [
    `You negotiate by ${strategy}: ${scenarios} negotiations with each opponent, up to ${rounds} rounds each (seed ${seed}).`,
    '',
    ...table,
    '',
    'you, they: the mean worth from 0 to 1; without a deal it is the reserve. Rounds, distances and welfare are of deals alone.',
    ...(isExact ? [] : ['The domain is too large to look at all of it: distances are close, not exact.']),
    ...refused,
    ...(plot === undefined ? [] : [`The first negotiation is drawn in ${plot}.`]),
  ];
}
