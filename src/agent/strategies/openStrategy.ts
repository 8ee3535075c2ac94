// From the strategy that somebody chose to the function that decides: one of the product, or a module of the owner's own in its thread.

import { resolve } from 'node:path';
import { NegotiateError } from '../../core/errors.ts';
import { buildStrategy, type OwnStrategy, type StrategyChoice } from '../../decide/strategies/buildStrategy.ts';
import type { StrategyFault } from '../../decide/strategies/runStrategy.ts';
import type { Strategy, StrategyInput } from '../../decide/strategies/strategy.ts';
import { ownStrategySchema } from '../../decide/strategies/strategySchema.ts';
import type { AgentContext } from '../context.ts';
import { createStandingHost, createStrategyHost } from './strategyHost.ts';
import type { Answer, ModuleProblem, OwnModule } from './strategyThread.ts';

// One of each for the process: a module that stalled once is known to everybody in it.
const host = createStrategyHost();
const standing = createStandingHost();
const loud = createStandingHost({ isLoud: true });

/**
 * The function of a choice, for `runStrategy` and all that takes a strategy. One of the owner's own answers, or fails, in bounded time, for
 * which the calling thread stands still; an agent asks with {@link askModule}. Throws `input/invalid` for options that are out of range; what
 * is wrong with a module is found when it is asked. With `isLoud` one of the owner's own writes to stderr what it prints and what is wrong with it.
 *
 * @example runStrategy(openStrategy({ kind: 'own', module: './stubborn.js' }), input)
 */
export function openStrategy(choice: StrategyChoice, { isLoud = false }: Loudness = {}): Strategy {
  return choice.kind === 'own' ? (isLoud ? loud : standing).strategyOf(choice) : buildStrategy(choice);
}

/** Whether somebody looks for a mistake. */
export interface Loudness {
  readonly isLoud?: boolean;
}

/** Asks a module one question while other things go on. The answer is for that question alone. Never rejects. */
export function askModule({ strategies = host }: Thinking, own: OwnStrategy, input: StrategyInput): Promise<Answer> {
  return strategies.ask(own, input);
}

type Thinking = Pick<AgentContext, 'strategies'>;

/** Loads the module of a choice, so that it is known how it stands with it. Never rejects. */
export async function loadChoice({ strategies = host }: Thinking, choice: StrategyChoice): Promise<void> {
  if (choice.kind === 'own') await strategies.load(choice);
}

/** The choice as it is kept: a module that can be loaded, by its absolute path and with the name of its export. Throws `input/invalid`. */
export async function settleChoice({ strategies = host }: Thinking, choice: StrategyChoice): Promise<StrategyChoice> {
  return choice.kind === 'own' ? settle(choice, await strategies.load(choice)) : choice;
}

/** The same for one of the owner's own, at once: the calling thread stands still while it is loaded. */
export function settleStanding(own: OwnStrategy, { isLoud = false }: Loudness = {}): Required<OwnStrategy> {
  return settle(own, (isLoud ? loud : standing).load(own));
}

function settle({ module }: OwnStrategy, loaded: OwnModule): Required<OwnStrategy> {
  if (loaded.kind === 'refused') throw new NegotiateError('input/invalid', explainProblem(loaded.problem));
  return { kind: 'own', module: resolve(module), export: loaded.name };
}

/** Loads the own strategies of services that were read but not checked, so that a daemon does not start with one it cannot use. Throws `input/invalid`. */
export async function loadModules(services: readonly { readonly strategy?: unknown }[]): Promise<void> {
  for (const { strategy } of services) {
    const own = ownStrategySchema.safeParse(strategy);
    if (own.success) await settleChoice({}, own.data);
  }
}

/** What to say of a strategy of the product that gave no answer that may be sent. */
export function explainFault(fault: StrategyFault): string {
  return `The strategy of this job gave no answer that may be sent (${fault}); nothing was sent. Choose another strategy.`;
}

/** What to say of an own one, by how it stands with its module. No path is named. */
export function explainOwnFault(module: OwnModule, fault: StrategyFault): string {
  if (module.kind === 'refused') return `${explainProblem(module.problem)} Nothing was sent.`;
  return `Your own strategy gave no answer that may be sent (${fault}); nothing was sent. Correct its module: a changed file is read again.`;
}

function explainProblem(problem: ModuleProblem): string {
  switch (problem) {
    case 'missing':
      return 'The module of your own strategy is not there. Put the file in its place, or name another.';
    case 'unloadable':
      return 'The module of your own strategy cannot be loaded. Run the file with node to see why.';
    case 'no-such-export':
      return 'The module of your own strategy exports no function of that name. Name one that it exports.';
    case 'which-export':
      return 'The module of your own strategy exports no function, or several. Call the one that is meant strategy, or name it after a #.';
    case 'stalled':
      return 'Your own strategy did not answer in time and was stopped. Correct its module: it is tried again when the file has changed.';
    case 'ended':
      return 'Your own strategy ended its thread, by an exit, an error or for want of memory. Correct its module: it is tried again when the file has changed.';
    default:
      return problem satisfies never;
  }
}
