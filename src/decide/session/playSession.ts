// Plays one negotiation between two strategies: alternating offers, round by round, until one accepts or ends or the rounds are over.

import type { EndReason, Offered, Strategy } from '../strategies/strategy.ts';
import { runStrategy, type StrategyFault } from '../strategies/runStrategy.ts';
import type { Domain, Outcome, Utility } from '../utility.ts';

/** One side: what it wants and how it negotiates. */
export interface Party {
  readonly utility: Utility;
  readonly strategy: Strategy;
}

/** Who of the two, in the order in which they speak. */
export type Side = 0 | 1;

/** What is to be played. The same input plays the same negotiation. */
export interface SessionInput {
  readonly domain: Domain;
  /** The first one speaks first. */
  readonly parties: readonly [Party, Party];
  readonly rounds: number;
  readonly seed: string;
}

/** How it ended. `by` accepted, ended, or gave an answer that is not sent. */
export type SessionEnd =
  | { readonly kind: 'agreed'; readonly by: Side; readonly outcome: Outcome }
  | { readonly kind: 'ended'; readonly by: Side; readonly reason: EndReason }
  | { readonly kind: 'refused'; readonly by: Side; readonly fault: StrategyFault }
  | { readonly kind: 'no-rounds-left' };

/** What was offered by whom; more than one outcome where the other could choose. */
export interface SessionOffer {
  readonly by: Side;
  readonly outcomes: readonly Outcome[];
}

/** A negotiation as it went. `rounds` counts those that were begun. */
export interface Session {
  readonly end: SessionEnd;
  readonly rounds: number;
  readonly offers: readonly SessionOffer[];
}

/** Plays it. Never throws for what a strategy does. */
export function playSession(input: SessionInput): Session {
  const histories: readonly [Offered[], Offered[]] = [[], []];
  const offers: SessionOffer[] = [];
  for (let round = 0; round < input.rounds; round += 1) {
    for (const by of [0, 1] as const) {
      const turn = takeTurn(input, by, round, histories[by]);
      if (turn.kind === 'end') return { end: turn.end, rounds: round + 1, offers };
      const { outcomes } = turn;
      offers.push({ by, outcomes });
      histories[by].push({ by: 'me', outcomes });
      histories[by === 0 ? 1 : 0].push({ by: 'peer', outcomes });
    }
  }
  return { end: { kind: 'no-rounds-left' }, rounds: input.rounds, offers };
}

type Turn = { readonly kind: 'offer'; readonly outcomes: readonly Outcome[] } | { readonly kind: 'end'; readonly end: SessionEnd };

function takeTurn({ domain, parties, rounds, seed }: SessionInput, by: Side, round: number, history: readonly Offered[]): Turn {
  const { utility, strategy } = parties[by];
  const run = runStrategy(strategy, { domain, utility, history, timing: { round, rounds }, seed: `${seed}/${by}` });
  if (run.kind === 'refused') return { kind: 'end', end: { kind: 'refused', by, fault: run.fault } };
  const { decision } = run;
  switch (decision.kind) {
    case 'offer':
      return { kind: 'offer', outcomes: [decision.outcome] };
    case 'alternatives':
      return { kind: 'offer', outcomes: decision.outcomes };
    case 'accept':
      return { kind: 'end', end: { kind: 'agreed', by, outcome: decision.outcome } };
    case 'end':
      return { kind: 'end', end: { kind: 'ended', by, reason: decision.reason } };
    default:
      return decision satisfies never;
  }
}
