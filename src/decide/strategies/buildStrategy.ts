// Puts a strategy together: a tactic that names the next offer, and one way for all of them to accept, to end and to offer variants.

import { NegotiateError } from '../../core/errors.ts';
import { EPSILON } from '../ranking.ts';
import { AC_COMBI, shouldAccept, type AcceptanceFacts } from './acceptance.ts';
import { listAlternatives } from './alternatives.ts';
import { isAtImpasse } from './impasse.ts';
import { explain, findStanding, look, type Look, type Proposal, type Standing } from './look.ts';
import { proposeMicro, type MicroOptions } from './micro.ts';
import { mirrors, proposeNaively, type NaiveOptions } from './naiveTitForTat.ts';
import { isLastRound, isOver } from './relativeTime.ts';
import type { Because, Decision, Spend, Strategy, StrategyInput } from './strategy.ts';
import { proposeByTime, propose, type TimeOptions } from './timeDependent.ts';
import { proposeTitForTat, type TitForTatOptions } from './titForTat.ts';

/** A strategy of the product by its kind and options; plain JSON. */
export type StrategySpec = Common &
  (
    | ({ readonly kind: 'time' } & TimeOptions)
    | ({ readonly kind: 'tit-for-tat' } & TitForTatOptions)
    | ({
        readonly kind: 'naive-tit-for-tat';
        /** Accepts by NegMAS's rule for it instead of AC_combi. */ readonly mirrors: boolean;
      } & NaiveOptions)
    | ({ readonly kind: 'micro' } & MicroOptions)
    /** A price list: one offer, worth `level` of the way from the reserve (0) to the best (1), from the first round to the last. */
    | { readonly kind: 'firm'; readonly level: number }
  );

/** What any strategy may have besides. */
interface Common {
  /** From which time on anything above the reserve is taken (0.98); the last round counts as such in any case. */
  readonly acceptFrom?: number;
  /** How many offers at once (1, at most 5), and up to how much more than the first one the others are worth (0.02). */
  readonly alternatives?: number;
  readonly spread?: number;
  /** After how many rounds in which the peer moves in no issue it takes what there is, or ends (0: never). */
  readonly impasseRounds?: number;
}

/** A strategy of the owner's own: a function that a module file exports; `strategy`, or the only function, unless named. */
export interface OwnStrategy {
  readonly kind: 'own';
  readonly module: string;
  readonly export?: string;
}

/** A strategy of the product, or one of the owner's own. */
export type StrategyChoice = StrategySpec | OwnStrategy;

/** The strategy that a spec describes. Throws `input/invalid` for options that are out of range. */
export function buildStrategy(spec: StrategySpec): Strategy {
  checkSpec(spec);
  return (input, spend) => decide(spec, input, spend);
}

function decide(spec: StrategySpec, input: StrategyInput, spend: Spend): Decision {
  const view = look(input, spend);
  const { ranking, floor, t } = view;
  const standing = findStanding(view);
  const figures = { t, floor, ...(standing === undefined ? {} : { offered: standing.worth }) };
  if (ranking.best < ranking.utility.reserve - EPSILON)
    return { kind: 'end', reason: 'nothing-acceptable', because: explain(input, { ...spec }, figures) };
  if (isOver(input.timing)) return settle(view, standing, 'out-of-time', explain(input, { ...spec }, figures));
  const { takes, ...proposal } = proposeNext(spec, view, spend);
  const because = explain(input, { ...spec }, { ...figures, target: proposal.target, next: proposal.worth });
  if (standing !== undefined && isTaken(spec, view, standing, takes)) return accept(standing, because);
  const isStuck = !isLastRound(input.timing) && isAtImpasse(input.history, spec.impasseRounds ?? 0);
  return isStuck ? settle(view, standing, 'impasse', because) : offer(spec, view, proposal, because);
}

/** The next offer by the tactic of the spec, and what an offer of the peer must be worth to be as good. */
function proposeNext(spec: StrategySpec, view: Look, spend: Spend): Proposal & { readonly takes: number } {
  switch (spec.kind) {
    case 'time':
      return takeAsGood(proposeByTime(view, spec));
    case 'tit-for-tat':
      return takeAsGood(proposeTitForTat(view, spec));
    case 'naive-tit-for-tat':
      return takeAsGood(proposeNaively(view, spec));
    case 'micro':
      return proposeMicro(view, spec, spend);
    case 'firm':
      return takeAsGood(propose(view, view.floor + spec.level * (view.ranking.best - view.floor)));
    default:
      return spec satisfies never;
  }
}

function takeAsGood(proposal: Proposal): Proposal & { readonly takes: number } {
  return { ...proposal, takes: Math.min(proposal.worth, proposal.target) };
}

function isTaken(spec: StrategySpec, view: Look, standing: Standing, takes: number): boolean {
  const { floor, t, input } = view;
  if (spec.kind === 'naive-tit-for-tat' && spec.mirrors) return standing.worth >= floor - EPSILON && mirrors(view, standing.worth, spec);
  const facts: AcceptanceFacts = { offered: standing.worth, next: takes, floor, t, isLast: isLastRound(input.timing) };
  return shouldAccept({ ...AC_COMBI, fromTime: spec.acceptFrom ?? AC_COMBI.fromTime }, facts);
}

/** No more offers: takes what there is when it is above the floor, and ends otherwise. */
function settle({ floor }: Look, standing: Standing | undefined, reason: 'impasse' | 'out-of-time', because: Because): Decision {
  if (standing !== undefined && standing.worth >= floor - EPSILON) return accept(standing, because);
  return { kind: 'end', reason, because };
}

function accept({ alternative, outcome }: Standing, because: Because): Decision {
  return { kind: 'accept', alternative, outcome, because };
}

function offer(spec: StrategySpec, view: Look, proposal: Proposal, because: Because): Decision {
  const { alternatives = 1, spread = 0.02 } = spec;
  const outcomes = alternatives > 1 ? listAlternatives(view, proposal, { alternatives, spread }) : [];
  return outcomes.length > 1 ? { kind: 'alternatives', outcomes, because } : { kind: 'offer', outcome: proposal.outcome, because };
}

const RANGES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  exponent: [0.001, 1_000],
  tolerance: [0, 1],
  window: [1, 1_000],
  kindness: [0, 1],
  noise: [0, 1],
  level: [0, 1],
  acceptFrom: [0, 1],
  alternatives: [1, 5],
  spread: [0, 1],
  impasseRounds: [0, 1_000],
};
const WHOLE = new Set(['window', 'alternatives', 'impasseRounds']);

const KINDS: ReadonlySet<string> = new Set<StrategySpec['kind']>(['time', 'tit-for-tat', 'naive-tit-for-tat', 'micro', 'firm']);

function checkSpec(spec: StrategySpec): void {
  if (!KINDS.has(spec.kind))
    throw new NegotiateError('input/invalid', `There is no such kind of strategy. Choose from: ${[...KINDS].join(', ')}.`);
  for (const [option, value] of Object.entries(spec)) {
    const [least, most] = RANGES[option] ?? [];
    if (least === undefined || most === undefined) continue;
    const isFit = typeof value === 'number' && value >= least && value <= most && (!WHOLE.has(option) || Number.isInteger(value));
    if (!isFit) throw new NegotiateError('input/invalid', `The option ${option} of a strategy is a number from ${least} to ${most}.`);
  }
}
