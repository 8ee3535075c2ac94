// Tries one way to negotiate against several, in many scenarios, and says on average what comes of it.

import { rankOutcomes } from '../ranking.ts';
import { findProspects, type Prospects } from '../session/frontier.ts';
import { measureSession, type Measures, type Nearness } from '../session/measure.ts';
import { playSession, type Party, type Session, type Side } from '../session/playSession.ts';
import type { Scenario } from '../session/randomDomain.ts';
import type { StrategyFault } from '../strategies/runStrategy.ts';
import type { Strategy } from '../strategies/strategy.ts';

/** A strategy with the name it has in the results. */
export interface Contestant {
  readonly name: string;
  readonly strategy: Strategy;
}

/** What to try. In each scenario the first utility is the own one. */
export interface SimulationInput {
  readonly me: Contestant;
  readonly opponents: readonly Contestant[];
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly seed: string;
  /** Who speaks first; in turn unless named. */
  readonly first?: 'me' | 'them' | undefined;
}

/** What came of the negotiations with one opponent. Shares and worths go from 0 to 1; without a deal a side has its reserve. */
export interface SimulationRow {
  readonly opponent: string;
  readonly played: number;
  readonly agreed: number;
  readonly agreementRate: number;
  readonly myWorth: number;
  readonly theirWorth: number;
  /** Means over the deals alone; absent without one. Distances are measured in worth. */
  readonly ofDeals?: DealMeans;
  /** How many ended because a strategy gave an answer that must not be sent. */
  readonly refused: number;
  /** What was wrong with these answers; absent without any. */
  readonly faults?: readonly StrategyFault[];
}

/** What the deals were like. */
export interface DealMeans {
  readonly myWorth: number;
  readonly theirWorth: number;
  readonly rounds: number;
  readonly welfareOptimality: number;
  readonly paretoDistance: number;
  readonly nashDistance: number;
  readonly nashOptimality: number;
}

/** The rows in the order of the opponents, and all of them taken together. */
export interface Simulation {
  readonly rows: readonly SimulationRow[];
  readonly total: SimulationRow;
  /** True when every outcome of every scenario was looked at; else distances are close, not exact. */
  readonly isExact: boolean;
}

/** One negotiation of a simulation, as this side sees it. */
export interface Played {
  readonly session: Session;
  readonly me: Side;
  readonly measures: Measures;
}

/** Plays every scenario with every opponent; unless one is named, the sides take turns in speaking first. The same input has the same result. */
export function simulate(input: SimulationInput): Simulation {
  const played = input.opponents.map((): Played[] => []);
  let isExact = true;
  input.scenarios.forEach((scenario, number) => {
    const prospects = findProspects(scenario.domain, ...scenario.utilities);
    isExact &&= prospects.isExact;
    input.opponents.forEach((opponent, i) => played[i]?.push(playOne(input, { scenario, prospects, opponent, number })));
  });
  const rows = input.opponents.map(({ name }, i) => sumUp(name, played[i] ?? []));
  return { rows, total: sumUp('all', played.flat()), isExact };
}

/** Which negotiation of a simulation to play. */
export interface Pairing {
  readonly scenario: Scenario;
  readonly prospects: Prospects;
  readonly opponent: Contestant;
  readonly number: number;
}

/** Plays one negotiation of a simulation: `number` decides what chance brings, and who speaks first where nobody is named. */
export function playOne({ me, rounds, seed, first }: SimulationInput, { scenario, prospects, opponent, number }: Pairing): Played {
  const { domain, utilities } = scenario;
  const isFirst = first === undefined ? number % 2 === 0 : first === 'me';
  const side: Side = isFirst ? 0 : 1;
  const [mine, theirs]: readonly [Party, Party] = [
    { utility: utilities[0], strategy: me.strategy },
    { utility: utilities[1], strategy: opponent.strategy },
  ];
  const session = playSession({ domain, parties: side === 0 ? [mine, theirs] : [theirs, mine], rounds, seed: `${seed}/${number}` });
  return { session, me: side, measures: measureSession(session, prospects, readWorths(scenario, session)) };
}

function readWorths({ domain, utilities }: Scenario, { end }: Session): readonly [number, number] | undefined {
  if (end.kind !== 'agreed') return undefined;
  const [mine, theirs] = utilities.map((utility) => rankOutcomes(domain, utility).worthOf(end.outcome));
  return mine === undefined || theirs === undefined ? undefined : [mine, theirs];
}

function sumUp(opponent: string, played: readonly Played[]): SimulationRow {
  const all = played.map(({ measures }) => measures);
  const deals = all.filter(({ isAgreed }) => isAgreed);
  const refused = played.flatMap(({ session: { end } }) => (end.kind === 'refused' ? [end.fault] : []));
  const faults = refused.length === 0 ? {} : { faults: [...new Set(refused)].sort() };
  const means = deals.length === 0 ? {} : { ofDeals: averageDeals(deals) };
  const rate = played.length === 0 ? 0 : deals.length / played.length;
  const worths = { myWorth: average(all, ({ worths: [mine] }) => mine), theirWorth: average(all, ({ worths: [, theirs] }) => theirs) };
  return {
    opponent,
    played: played.length,
    agreed: deals.length,
    agreementRate: rate,
    ...worths,
    ...means,
    refused: refused.length,
    ...faults,
  };
}

function averageDeals(deals: readonly Measures[]): DealMeans {
  const near = (name: 'pareto' | 'nash', part: keyof Nearness): number => average(deals, (measures) => measures[name]?.[part] ?? 0);
  return {
    myWorth: average(deals, ({ worths: [mine] }) => mine),
    theirWorth: average(deals, ({ worths: [, theirs] }) => theirs),
    rounds: average(deals, ({ rounds }) => rounds),
    welfareOptimality: average(deals, ({ welfareOptimality }) => welfareOptimality),
    paretoDistance: near('pareto', 'distance'),
    nashDistance: near('nash', 'distance'),
    nashOptimality: near('nash', 'optimality'),
  };
}

function average<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.length === 0 ? 0 : items.reduce((sum, item) => sum + valueOf(item), 0) / items.length;
}
