// What own strategies think about while the agent goes on: for each negotiation one question at a time, and its answer for as long as nothing else is asked.

import type { Hex } from '../../core/bytes.ts';
import type { OwnStrategy } from '../../decide/strategies/buildStrategy.ts';
import { digestPreferences } from '../../decide/strategies/look.ts';
import type { StrategyInput } from '../../decide/strategies/strategy.ts';
import { keyOf } from '../../decide/outcomeKey.ts';
import type { AgentContext, Thought } from '../context.ts';
import { askModule } from './openStrategy.ts';
import { readVersion, type Answer } from './strategyThread.ts';

/**
 * The answer of a module to this question; undefined while it thinks. An answer to anything else is never given: when offers, limits or the
 * file have changed meanwhile, the module is asked anew, once it has ended what it thinks about.
 */
export function think(context: AgentContext, nid: Hex, own: OwnStrategy, input: StrategyInput): Answer | undefined {
  const { thoughts } = context;
  const known = thoughts.get(nid);
  if (isOpen(known)) return undefined;
  const question = describeQuestion(own, input);
  if (known?.question === question) return known.answer;
  const thought: Thought = {
    question,
    ended: askModule(context, own, input).then((answer) => {
      thought.answer = answer;
    }),
  };
  thoughts.set(nid, thought);
  return undefined;
}

/**
 * Notes what has been answered by now. What it returns waits for all that was asked since in some negotiations, and says in which of them
 * there was something.
 */
export function markAnswers({ thoughts }: AgentContext): (nids: readonly Hex[]) => Promise<readonly Hex[]> {
  const known = new Set([...thoughts.values()].filter((each) => !isOpen(each)));
  return async (nids) => {
    const asked = nids.flatMap((nid) => {
      const thought = thoughts.get(nid);
      return thought === undefined || known.has(thought) ? [] : [{ nid, ended: thought.ended }];
    });
    await Promise.all(asked.map(({ ended }) => ended));
    return asked.map(({ nid }) => nid);
  };
}

/** True while a strategy thinks about one of these negotiations. */
export function isThinking({ thoughts }: AgentContext, nids: readonly Hex[]): boolean {
  return nids.some((nid) => isOpen(thoughts.get(nid)));
}

function isOpen(thought: Thought | undefined): boolean {
  return thought !== undefined && thought.answer === undefined;
}

/** Forgets what was asked in all negotiations but these. */
export function keepThoughts({ thoughts }: AgentContext, nids: readonly Hex[]): void {
  const kept = new Set(nids);
  for (const nid of [...thoughts.keys()]) if (!kept.has(nid)) thoughts.delete(nid);
}

function describeQuestion(own: OwnStrategy, { domain, utility, history, timing, seed }: StrategyInput): string {
  const offered = history.map(({ by, outcomes }) => [by, outcomes.map(keyOf)]);
  return JSON.stringify([own.module, own.export ?? null, readVersion(own), digestPreferences(domain, utility), offered, timing, seed]);
}
