// What every strategy looks at: the own ranking, the time, and what each side has offered.

import { canonicalJson } from '../../core/canonical.ts';
import { sha256Hex } from '../../core/bytes.ts';
import { rankOutcomes, readFloor, type Ranking } from '../ranking.ts';
import type { Domain, Outcome, Utility } from '../utility.ts';
import { relativeTime } from './relativeTime.ts';
import type { Because, Offered, Spend, StrategyInput, StrategyName } from './strategy.ts';

/** The input of a strategy, made ready. */
export interface Look {
  readonly input: StrategyInput;
  readonly ranking: Ranking;
  /** The least this side takes. */
  readonly floor: number;
  readonly t: number;
  readonly mine: readonly Offered[];
  readonly theirs: readonly Offered[];
}

/** The offer a strategy would make next, what it is worth, and what it should be worth. */
export interface Proposal {
  readonly outcome: Outcome;
  readonly worth: number;
  readonly target: number;
}

/** An outcome that the peer has offered last, the one of them that is worth most to this side. */
export interface Standing {
  readonly alternative: number;
  readonly outcome: Outcome;
  readonly worth: number;
}

/** Makes the input ready. Throws `input/invalid` for a domain, a utility or a time that is none. */
export function look(input: StrategyInput, spend: Spend): Look {
  const ranking = rankOutcomes(input.domain, input.utility);
  spend(ranking.count + input.history.length);
  const mine = input.history.filter(({ by }) => by === 'me');
  const theirs = input.history.filter(({ by }) => by === 'peer');
  return { input, ranking, floor: readFloor(ranking), t: relativeTime(input.timing), mine, theirs };
}

/** What an entry of the history is worth to this side: of several outcomes the best one. Outcomes outside the domain are worth nothing. */
export function readWorth({ ranking }: Look, offered: Offered | undefined): number {
  return Math.max(0, ...(offered?.outcomes ?? []).map((outcome) => ranking.worthOf(outcome) ?? 0));
}

/** The best outcome of the peer's last offer, if that is the last word; undefined when nothing of it is in the domain. */
export function findStanding({ input, ranking }: Look): Standing | undefined {
  const last = input.history.at(-1);
  if (last?.by !== 'peer') return undefined;
  let best: Standing | undefined;
  last.outcomes.forEach((outcome, alternative) => {
    const worth = ranking.worthOf(outcome);
    if (worth !== undefined && (best === undefined || worth > best.worth)) best = { alternative, outcome, worth };
  });
  return best;
}

/** The record of why a decision is made. */
export function explain(input: StrategyInput, strategy: StrategyName, figures: Readonly<Record<string, number>>): Because {
  const { seed, timing, history, domain, utility } = input;
  return { strategy, seed, timing, seen: history.length, preferences: digestPreferences(domain, utility), figures };
}

const digests = new WeakMap<Domain, WeakMap<Utility, string>>();

/** SHA-256 of a domain and a utility, whatever the order in which their parts are written. */
export function digestPreferences(domain: Domain, utility: Utility): string {
  const ofDomain = digests.get(domain) ?? new WeakMap<Utility, string>();
  const known = ofDomain.get(utility);
  if (known !== undefined) return known;
  const plain = JSON.stringify({ domain, utility }, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
  const digest = sha256Hex(canonicalJson(JSON.parse(plain)));
  digests.set(domain, ofDomain.set(utility, digest));
  return digest;
}
