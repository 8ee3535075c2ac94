// Tries strategies against each other offline: what a simulation asks for becomes scenarios, and what comes of them a table and a plot.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import { MAX_MSAT } from '../../core/money.ts';
import { chooseTactics } from '../../decide/chooseTactics.ts';
import { MAX_LISTED } from '../../decide/outcomeSpace.ts';
import { findProspects } from '../../decide/session/frontier.ts';
import { makeOpponent, makeRandomScenario, type Scenario } from '../../decide/session/randomDomain.ts';
import { drawPlot } from '../../decide/simulate/plot.ts';
import { renderTable } from '../../decide/simulate/renderTable.ts';
import { playOne, simulate, type Contestant, type Simulation } from '../../decide/simulate/simulate.ts';
import type { OwnStrategy, StrategyChoice } from '../../decide/strategies/buildStrategy.ts';
import { NAMED_STRATEGIES, nameOfStrategy, type NamedStrategy } from '../../decide/strategies/namedStrategies.ts';
import { DEFAULT_ROUNDS, ownStrategySchema } from '../../decide/strategies/strategySchema.ts';
import type { Domain, Utility } from '../../decide/utility.ts';
import { explainInput } from '../inputProblems.ts';
import { openStrategy, settleStanding, type Loudness } from '../strategies/openStrategy.ts';
import { readPolicyTask, type PolicyTask } from './policyTask.ts';
import { parseSimulationFile } from './simulationFile.ts';

const strategyName = z.enum(Object.keys(NAMED_STRATEGIES) as [NamedStrategy, ...NamedStrategy[]]);
// By name, or a module of one's own.
const contestant = z.union([strategyName, ownStrategySchema], {
  error: `must be one of ${strategyName.options.join(', ')}; or a module of your own by its path`,
});
const share = z.number().min(0).max(1);

/** What to simulate; all of it may be left out. */
const simulationInput = z.strictObject({
  /** A simulation file as a JSON value (docs/strategies.md); without it domains are made up as well. */
  file: z.unknown().optional(),
  /** Instead of a file the owner's policy: its text in TOML or JSON, or its value. What jobs under it bargain about is tried. */
  policy: z.union([z.string(), z.custom<object>((value) => typeof value === 'object' && value !== null)]).optional(),
  /** Which side of a policy that is for both. */
  role: z.enum(['buyer', 'seller']).optional(),
  /** The price to begin with under a policy: what a buyer bids, a seller's list price; the policy's `target` unless named. */
  bestMsat: z.bigint().min(1n).max(MAX_MSAT).optional(),
  /** The time by which a policy is judged to have ended, in unix seconds; the present unless named. */
  now: z.int().min(0).optional(),
  strategy: contestant.optional(),
  against: z.array(contestant).min(1).max(32).optional(),
  rounds: z.int().min(1).max(1_000).optional(),
  /** How many scenarios are played with each opponent; with a known opponent there are but two, one for each who speaks first. */
  scenarios: z.int().min(1).max(10_000).default(100),
  /** How many values each issue of a made-up domain has. */
  sizes: z.array(z.int().min(1).max(1_000)).min(1).max(16).default([4, 5, 6]),
  /** What no deal is worth to an opponent that is made up, and without a file to both. */
  reserve: share.default(0.3),
  seed: z.string().max(200).default('1'),
  /** Whether the first negotiation with the first opponent is drawn. */
  plot: z.boolean().default(false),
  /** Whether own strategies write to stderr what they print, what they throw, and what they return that is no decision. */
  debug: z.boolean().default(false),
});

/** Input of {@link simulateNegotiations}. */
export type SimulationRequest = z.input<typeof simulationInput>;

/** The policy that was tried; it holds the owner's limits and is for the owner alone. */
export type SimulatedPolicy = Omit<PolicyTask, 'domain' | 'utility' | 'bargain'>;

/** A simulation with what it was made from; `table` for people, `svg` where a plot was asked for. */
export interface SimulationResult extends Simulation {
  readonly strategy: string;
  readonly rounds: number;
  readonly seed: string;
  readonly scenarios: number;
  readonly policy?: SimulatedPolicy;
  readonly table: readonly string[];
  readonly svg?: string;
}

type Options = z.output<typeof simulationInput>;

/** What is negotiated and how this side does it. A policy is tried as jobs bargain: the seller speaks first. */
interface Task {
  readonly domain?: Domain;
  readonly utility?: Utility;
  readonly opponent?: Utility | undefined;
  readonly strategy?: StrategyChoice | undefined;
  readonly bargain?: PolicyTask['bargain'];
  readonly first?: 'me' | 'them';
  readonly policy?: SimulatedPolicy;
}

/**
 * Simulates; needs no agent. The same request has the same result. Throws `input/invalid`.
 *
 * @example simulateNegotiations({ strategy: 'boulware', against: ['linear'], rounds: 12 }).table
 */
export function simulateNegotiations(request: SimulationRequest = {}): SimulationResult {
  const input = simulationInput.safeParse(request);
  if (!input.success) throw explainInput('The simulation', input.error.issues, request);
  const options = input.data;
  const task = readTask(options);
  const { seed, against = strategyName.options, plot, debug: isLoud } = options;
  const { strategy, rounds } = chooseOwn(options, task);
  const me = makeContestant(strategy, { isLoud });
  const opponents = [...new Set(against)].map((each) => makeContestant(toChoice(each), { isLoud }));
  const scenarios = listScenarios(task, options);
  const play = { me, opponents, scenarios, rounds, seed, first: task.first };
  const policy = task.policy === undefined ? {} : { policy: task.policy };
  const facts = { strategy: me.name, rounds, seed, scenarios: scenarios.length, ...policy };
  const simulation = simulate(play);
  return { ...facts, ...simulation, table: renderTable(simulation), ...(plot ? { svg: drawFirst(play) } : {}) };
}

function readTask({ file, policy, role, bestMsat, now = Math.floor(Date.now() / 1_000) }: Options): Task {
  if (policy === undefined) {
    if (role !== undefined || bestMsat !== undefined)
      throw new NegotiateError(
        'input/invalid',
        'A role and a best price go with a policy only. Name one (--policy FILE), or leave them out.',
      );
    return file === undefined ? {} : parseSimulationFile(file);
  }
  if (file !== undefined) throw new NegotiateError('input/invalid', 'A file and a policy both say what is negotiated. Name one of them.');
  const { domain, utility, bargain, ...tried } = readPolicyTask(policy, { role, bestMsat, now });
  return { domain, utility, bargain, first: tried.role === 'seller' ? 'me' : 'them', policy: tried };
}

/** A strategy with its name in tables: of a module of one's own the name of its export. */
function makeContestant(choice: StrategyChoice, loudness: Loudness): Contestant {
  if (choice.kind !== 'own') return { name: nameOfStrategy(choice) ?? `own ${choice.kind}`, strategy: openStrategy(choice) };
  const own = settleStanding(choice, loudness);
  return { name: own.export, strategy: openStrategy(own, loudness) };
}

function toChoice(named: NamedStrategy | OwnStrategy): StrategyChoice {
  return typeof named === 'string' ? NAMED_STRATEGIES[named] : named;
}

/** The strategy that is named, else that of the file or the policy, else the default. */
function chooseOwn({ strategy: named, rounds }: Options, { strategy = NAMED_STRATEGIES['trade-off'], bargain }: Task) {
  const chosen = named === undefined ? undefined : toChoice(named);
  return chooseTactics({ strategy: chosen, rounds }, { bargain }) ?? { strategy, rounds: rounds ?? DEFAULT_ROUNDS };
}

function listScenarios({ domain, utility, opponent }: Task, { scenarios, sizes, reserve, seed }: Options): readonly Scenario[] {
  if (domain === undefined || utility === undefined) {
    if (sizes.reduce((product, size) => product * size, 1) > MAX_LISTED)
      throw new NegotiateError('input/invalid', `A made-up domain has at most ${MAX_LISTED} outcomes. Name fewer or smaller issues.`);
    const options = { sizes, interests: 'opposed', reserves: [reserve, reserve] } as const;
    return Array.from({ length: scenarios }, (_, i) => makeRandomScenario(`${seed}/${i}`, options));
  }
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
