// `simulate`: tries a strategy against others offline; needs no home, key or network.

import { dirname } from 'node:path';
import { simulateNegotiations, type SimulationRequest, type SimulationResult } from '../../agent/simulation/simulateNegotiations.ts';
import { readChoice } from '../../agent/strategies/readChoice.ts';
import { NegotiateError } from '../../core/errors.ts';
import { parseSats } from '../../core/money.ts';
import { displayText } from '../../core/text.ts';
import { printResult, readFileOrStdin, writeOwnFile, type CommonOptions } from '../io.ts';
import { parseJsonText } from '../parseValues.ts';

/** Options of `simulate`. */
export interface SimulateOptions extends CommonOptions {
  readonly policy?: string;
  readonly role?: string;
  readonly best?: string;
  readonly strategy?: string;
  readonly against?: string;
  readonly rounds?: string;
  readonly scenarios?: string;
  readonly sizes?: string;
  readonly reserve?: string;
  readonly seed?: string;
  readonly plot?: string;
  readonly debug?: true;
}

/** Simulates with the domain and utility of a file, under the owner's policy, or with made-up ones. The exit code is 0 however the negotiations end. */
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
  const { policy, role, best, strategy, against, rounds, scenarios, sizes, reserve, seed, plot, debug } = options;
  const request = {
    ...(path === undefined ? {} : { file: readSimulation(path) }),
    ...(policy === undefined ? {} : { policy: readFileOrStdin(policy) }),
    ...(role === undefined ? {} : { role }),
    ...(best === undefined ? {} : { bestMsat: parseSats(best) }),
    ...(strategy === undefined ? {} : { strategy: readChoice(strategy, process.cwd()) }),
    ...(against === undefined ? {} : { against: against.split(',').map((name) => readChoice(name.trim(), process.cwd())) }),
    ...(rounds === undefined ? {} : { rounds: readNumber(rounds) }),
    ...(scenarios === undefined ? {} : { scenarios: readNumber(scenarios) }),
    ...(sizes === undefined ? {} : { sizes: sizes.split(',').map(readNumber) }),
    ...(reserve === undefined ? {} : { reserve: readNumber(reserve) }),
    ...(seed === undefined ? {} : { seed }),
    plot: plot !== undefined,
    debug: debug === true,
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

function renderSimulation(
  result: Omit<SimulationResult, 'svg'>,
  table: readonly string[],
  { plot, debug }: SimulateOptions,
): readonly string[] {
  const { isExact, total } = result;
  const { refused: failed, faults = [], played } = total;
  const hint = debug === true ? '' : ' To see what it does: --debug';
  const refused =
    failed === 0 ? [] : [`${failed} of ${played} negotiations ended because a strategy failed (${faults.join(', ')}).${hint}`];
  return [
    renderHead(result),
    '',
    ...table,
    '',
    'you, they: the mean worth from 0 to 1; without a deal it is the reserve. Rounds, distances and welfare are of deals alone.',
    ...renderScope(result.policy),
    ...(isExact ? [] : ['The domain is too large to look at all of it: distances are close, not exact.']),
    ...refused,
    ...(plot === undefined ? [] : [`The first negotiation is drawn in ${plot}.`]),
  ];
}

function renderHead({ strategy, rounds, scenarios, seed, policy }: Omit<SimulationResult, 'svg'>): string {
  const played = `${scenarios} negotiations with each opponent, up to ${rounds} rounds each (seed ${seed}).`;
  if (policy === undefined) return `You negotiate by ${strategy}: ${played}`;
  return `Your policy “${displayText(policy.name)}”, as ${policy.role} by ${strategy}: ${policy.ranges.join(', ')}; ${played}`;
}

function renderScope(policy: SimulationResult['policy']): readonly string[] {
  if (policy === undefined) return [];
  const { others } = policy;
  return [
    'Worth 1 is what you ask for first, 0 the worst that you take. The opponents are made up: they want the opposite.',
    ...(others.length === 0 ? [] : [`Jobs do not bargain about ${others.join(', ')}: the policy only judges it.`]),
  ];
}
