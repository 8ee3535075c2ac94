// Bargains by a strategy instead of fixed rules: the same decisions from the same moves, never past the limits whatever the strategy answers.

import type { Role } from '../negotiate/agreement.ts';
import { isWithin, makeBargainTable, toOutcome, type BargainIssue, type BargainTable } from './bargainIssues.ts';
import type { Package } from './bargainTerms.ts';
import type { Decision, SeenMove } from './haggle.ts';
import { replayDecision, restoreInput, type GivenAgain, type Replay } from './strategies/replayDecision.ts';
import { runStrategy, type StrategyFault } from './strategies/runStrategy.ts';
import type { Decision as StrategyDecision, Offered, Strategy, StrategyInput } from './strategies/strategy.ts';
import type { Outcome } from './utility.ts';

/** What is decided from, besides the moves and the strategy. Rounds are own offers. */
export interface QuestionInput {
  readonly role: Role;
  readonly table: BargainTable;
  readonly rounds: number;
  readonly seed: string;
  /** Of a provider: whether it has a question before it names a price. */
  readonly asksFirst?: boolean;
}

/** What is decided from, besides the moves. */
export interface BargainInput extends QuestionInput {
  readonly strategy: Strategy;
}

/** What a strategy decided and about what: enough to decide it again from the same moves. For the owner alone. */
export interface BargainRecord {
  readonly issues: readonly BargainIssue[];
  readonly decision: StrategyDecision;
}

/** The next move, with its record where the strategy was asked; or what is wrong with the strategy, and then nothing is sent. */
export type Bargained =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly record?: BargainRecord }
  | { readonly kind: 'refused'; readonly fault: StrategyFault };

/** What a strategy is asked about the next move: all that it decides from, and nothing else. */
export function makeQuestion(moves: readonly SeenMove[], { table, rounds, seed }: QuestionInput): StrategyInput {
  const history = listOffered(moves, table);
  const round = history.filter(({ by }) => by === 'me').length;
  const { domain, utility } = table;
  return { domain, utility, history, timing: { round, rounds }, seed };
}

/** The next move by a strategy. Never throws for what the strategy does. */
export function bargainByStrategy(moves: readonly SeenMove[], input: BargainInput): Bargained {
  const plain = decideWithout(moves, input);
  if (plain !== undefined) return { kind: 'decided', decision: plain };
  const { table, strategy, rounds } = input;
  const asked = makeQuestion(moves, input);
  const { round } = asked.timing;
  const run = runStrategy(strategy, asked);
  if (run.kind === 'refused') return run;
  const { decision } = run;
  // One that goes on offering when its rounds are over has had its say.
  const isOver = round >= rounds && (decision.kind === 'offer' || decision.kind === 'alternatives');
  const next = isOver ? giveUp(input) : toMove(decision, moves, input);
  return next === undefined
    ? { kind: 'refused', fault: 'below-reserve' }
    : { kind: 'decided', decision: next, record: { issues: table.issues, decision } };
}

/** Decides a recorded decision again from the moves that there are by now, and says whether it comes out the same. */
export function replayBargain(record: BargainRecord, moves: readonly SeenMove[], strategy?: Strategy): Replay {
  const given = describeGiven(record, moves);
  return strategy === undefined ? replayDecision(record.decision, given) : replayDecision(record.decision, given, strategy);
}

/** What the strategy of a recorded decision is asked when it is decided again; undefined where it was made from something else. */
export function findReplayQuestion(record: BargainRecord, moves: readonly SeenMove[]): StrategyInput | undefined {
  return restoreInput(record.decision, describeGiven(record, moves));
}

function describeGiven({ issues }: BargainRecord, moves: readonly SeenMove[]): GivenAgain {
  const table = makeBargainTable(issues);
  return { domain: table.domain, utility: table.utility, history: listOffered(moves, table) };
}

/** What needs no strategy: whose turn it is, questions and answers. Undefined where an offer is to be made or answered. */
export function decideWithout(moves: readonly SeenMove[], { role, asksFirst = false }: QuestionInput): Decision | undefined {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  if (last.type === 'offer') return last.packages === undefined ? { kind: 'wait' } : undefined;
  if (role === 'buyer') return last.type === 'ask' ? { kind: 'answer' } : { kind: 'wait' };
  const hasAsked = moves.some(({ by, type }) => by === 'me' && type === 'ask');
  if (last.type === 'open' && asksFirst && !hasAsked) return { kind: 'ask' };
  return last.type === 'open' || last.type === 'answer' ? undefined : { kind: 'wait' };
}

function listOffered(moves: readonly SeenMove[], table: BargainTable): readonly Offered[] {
  return moves.flatMap(({ by, type, packages = [{}] }) =>
    type === 'offer' ? [{ by, outcomes: packages.map((values) => toOutcome(table, values)) }] : [],
  );
}

/** The move of a decision. Undefined for one of which anything is past the limits after all. */
function toMove(decision: StrategyDecision, moves: readonly SeenMove[], input: BargainInput): Decision | undefined {
  const { issues } = input.table;
  switch (decision.kind) {
    case 'offer':
      return toOffer(issues, [decision.outcome]);
    case 'alternatives':
      return toOffer(issues, decision.outcomes);
    case 'accept': {
      const { alternative } = decision;
      const taken = moves.at(-1)?.packages?.[alternative];
      const priceMsat = taken?.['/price'];
      const isFit = taken !== undefined && priceMsat !== undefined && isWithin(issues, taken);
      return isFit ? { kind: 'accept', alternative, priceMsat } : undefined;
    }
    case 'end':
      return giveUp(input);
    default:
      return decision satisfies never;
  }
}

function giveUp({ role }: QuestionInput): Decision {
  return { kind: 'reject', reason: role === 'buyer' ? 'too-expensive' : 'too-cheap' };
}

function toOffer(issues: readonly BargainIssue[], outcomes: readonly Outcome[]): Decision | undefined {
  const packages = outcomes.map((outcome) => toPackage(issues, outcome));
  const isFit = packages.length > 0 && packages.every((values) => isWithin(issues, values));
  return isFit ? { kind: 'offer', packages } : undefined;
}

function toPackage(issues: readonly BargainIssue[], outcome: Outcome): Package {
  const numbers = issues.flatMap(({ term }) => {
    const value = outcome[term];
    return typeof value === 'bigint' ? [[term, value] as const] : [];
  });
  return Object.fromEntries(numbers);
}
