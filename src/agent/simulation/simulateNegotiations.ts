// Tries strategies against each other offline: what a simulation asks for becomes scenarios, and what comes of them a table and a plot.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import { MAX_LISTED } from '../../decide/outcomeSpace.ts';
import { findProspects } from '../../decide/session/frontier.ts';
import { makeOpponent, makeRandomScenario, type Scenario } from '../../decide/session/randomDomain.ts';
import { drawPlot } from '../../decide/simulate/plot.ts';
import { renderTable } from '../../decide/simulate/renderTable.ts';
import { playOne, simulate, type Contestant, type Simulation } from '../../decide/simulate/simulate.ts';
import { buildStrategy, type OwnStrategy } from '../../decide/strategies/buildStrategy.ts';
import { NAMED_STRATEGIES, type NamedStrategy } from '../../decide/strategies/namedStrategies.ts';
import { ownStrategySchema } from '../../decide/strategies/strategySchema.ts';
import { openStrategy, settleOwn } from '../strategies/openStrategy.ts';
import { parseSimulationFile, type SimulationFile } from './simulationFile.ts';

const strategyName = z.enum(Object.keys(NAMED_STRATEGIES) as [NamedStrategy, ...NamedStrategy[]]);
// By name, or a module of one's own.
const contestant = z.union([strategyName, ownStrategySchema], {
  error: `Choose from: ${strategyName.options.join(', ')}; or name a module`,
});
const share = z.number().min(0).max(1);

/** What to simulate; all of it may be left out. */
const simulationInput = z.strictObject({
  /** A simulation file as a JSON value (docs/strategies.md); without it domains are made up as well. */
  file: z.unknown().optional(),
  strategy: contestant.optional(),
  against: z.array(contestant).min(1).max(32).optional(),
  rounds: z.int().min(1).max(1_000).default(12),
  /** How many scenarios are played with each opponent; with a known opponent there are but two, one for each who speaks first. */
  scenarios: z.int().min(1).max(10_000).default(100),
  /** How many values each issue of a made-up domain has. */
  sizes: z.array(z.int().min(1).max(1_000)).min(1).max(16).default([4, 5, 6]),
  /** What no deal is worth to an opponent that is made up, and without a file to both. */
  reserve: share.default(0.3),
  seed: z.string().max(200).default('1'),
  /** Whether the first negotiation with the first opponent is drawn. */
  plot: z.boolean().default(false),
});

/** Input of {@link simulateNegotiations}. */
export type SimulationRequest = z.input<typeof simulationInput>;

/** The checked options of a simulation. */
export type SimulationOptions = Omit<z.output<typeof simulationInput>, 'file'>;

/** A simulation with what it was made from; `table` for people, `svg` where a plot was asked for. */
export interface SimulationResult extends Simulation {
  readonly strategy: string;
  readonly rounds: number;
  readonly seed: string;
  readonly scenarios: number;
  readonly table: readonly string[];
  readonly svg?: string;
}

/**
 * Simulates; needs no agent. The same request has the same result. Throws `input/invalid`.
 *
 * @example simulateNegotiations({ strategy: 'boulware', against: ['linear'], rounds: 12 }).table
 */
export function simulateNegotiations(request: SimulationRequest = {}): SimulationResult {
  const input = simulationInput.safeParse(request);
  if (!input.success) throw explainRequest(input.error);
  const { file, ...options } = input.data;
  return runSimulation(file === undefined ? undefined : parseSimulationFile(file), options);
}

/** Simulates what was parsed already: a domain with a utility, from wherever they come, or undefined for made-up ones. */
export function runSimulation(file: SimulationFile | undefined, options: SimulationOptions): SimulationResult {
  const { rounds, seed, against = strategyName.options, plot } = options;
  const me = chooseOwn(options.strategy, file);
  const opponents = [...new Set(against)].map(makeContestant);
  const scenarios = listScenarios(file, options);
  const task = { me, opponents, scenarios, rounds, seed };
  const facts = { strategy: me.name, rounds, seed, scenarios: scenarios.length };
  const simulation = simulate(task);
  return { ...facts, ...simulation, table: renderTable(simulation), ...(plot ? { svg: drawFirst(task) } : {}) };
}

function makeContestant(choice: NamedStrategy | OwnStrategy): Contestant {
  if (typeof choice === 'string') return { name: choice, strategy: buildStrategy(NAMED_STRATEGIES[choice]) };
  const own = settleOwn(choice);
  return { name: own.export, strategy: openStrategy(own) };
}

function chooseOwn(choice: NamedStrategy | OwnStrategy | undefined, file: SimulationFile | undefined): Contestant {
  if (choice !== undefined || file?.strategy === undefined) return makeContestant(choice ?? 'trade-off');
  if (file.strategy.kind === 'own') return makeContestant(file.strategy);
  const known = strategyName.options.find((each) => NAMED_STRATEGIES[each] === file.strategy);
  return { name: known ?? `own ${file.strategy.kind}`, strategy: buildStrategy(file.strategy) };
}

function listScenarios(file: SimulationFile | undefined, { scenarios, sizes, reserve, seed }: SimulationOptions): readonly Scenario[] {
  if (file === undefined) {
    if (sizes.reduce((product, size) => product * size, 1) > MAX_LISTED)
      throw new NegotiateError('input/invalid', `A made-up domain has at most ${MAX_LISTED} outcomes. Name fewer or smaller issues.`);
    const options = { sizes, interests: 'opposed', reserves: [reserve, reserve] } as const;
    return Array.from({ length: scenarios }, (_, i) => makeRandomScenario(`${seed}/${i}`, options));
  }
  const { domain, utility, opponent } = file;
  if (opponent !== undefined) return [0, 1].map(() => ({ domain, utilities: [utility, opponent] }));
  return Array.from({ length: scenarios }, (_, i) => ({
    domain,
    utilities: [utility, makeOpponent(domain, utility, reserve, `${seed}/${i}`)],
  }));
}

function drawFirst(task: Parameters<typeof simulate>[0]): string {
  const [[scenario], [opponent]] = [task.scenarios, task.opponents];
  if (scenario === undefined || opponent === undefined) throw new NegotiateError('internal/bug', 'A simulation without a negotiation.');
  const prospects = findProspects(scenario.domain, ...scenario.utilities);
  const played = playOne(task, { scenario, prospects, opponent, number: 0 });
  const [myName, theirName] = [task.me.name, opponent.name];
  return drawPlot({ title: `${myName} with ${theirName}, ${task.rounds} rounds`, myName, theirName, scenario, prospects, played });
}

function explainRequest(error: z.ZodError): NegotiateError {
  const [first] = error.issues;
  const where = (first?.path ?? []).map(String).join('.');
  return new NegotiateError('input/invalid', `The simulation cannot be run: ${where}: ${first?.message ?? ''}. Correct it and try again.`);
}
