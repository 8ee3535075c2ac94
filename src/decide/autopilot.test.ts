// Thousands of negotiations between strategies, some of them hostile, under random mandates: whatever would go out is judged.

import { describe, expect, it } from 'vitest';
import type { Role } from '../negotiate/agreement.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';
import { bargainByStrategy, replayBargain, type BargainInput } from './bargainByStrategy.ts';
import { listBargainIssues, makeBargainTable, type BargainLimits } from './bargainIssues.ts';
import { readPackage, writePackages, type Package } from './bargainTerms.ts';
import type { SeenMove } from './haggle.ts';
import { HOSTILE_STRATEGIES } from './hostile.fixture.ts';
import { judge } from './judge.ts';
import { BUYER_DOCUMENT, mandateOf, NOW, QUIET } from './mandate.fixture.ts';
import type { Action } from './mandateAction.ts';
import type { Mandate } from './mandateSchema.ts';
import { seedDice, type SeededDice } from './seededDice.ts';
import { buildStrategy } from './strategies/buildStrategy.ts';
import { NAMED_STRATEGIES } from './strategies/namedStrategies.ts';
import type { Strategy } from './strategies/strategy.ts';

// A tenth with the other tests; all of them by: npm run autopilot
const NEGOTIATIONS = process.env['AUTOPILOT_LANE'] === 'whole' ? 10_000 : 1_000;
const HOSTILE_PART = 0.35;
// One of so many packages is on terms that the other side cannot take.
const SPOILED_PART = 0.15;
const REFUSED = [
  'throws',
  'stalls',
  'belowReserve',
  'notANumber',
  'brokenFigures',
  'huge',
  'negative',
  'otherIssues',
  'nothing',
  'smuggles',
  'offersSix',
  'acceptsWhatIsNotThere',
  'acceptsByNoNumber',
];

interface Side {
  readonly mandate: Mandate;
  readonly input: BargainInput;
  readonly name: string;
  readonly moves: SeenMove[];
}

const NAMED = Object.entries(NAMED_STRATEGIES).map(([name, spec]): readonly [string, Strategy] => [name, buildStrategy(spec)]);
const SEVERAL: readonly (readonly [string, Strategy])[] = [
  ['variants', buildStrategy(NAMED_STRATEGIES.variants)],
  ['tit-for-tat by three', buildStrategy({ ...NAMED_STRATEGIES['tit-for-tat'], alternatives: 3, spread: 0.1 })],
  ['fast-micro by five', buildStrategy({ ...NAMED_STRATEGIES['fast-micro'], alternatives: 5, spread: 0.2 })],
];
const HOSTILE = Object.entries(HOSTILE_STRATEGIES);

const between = (dice: SeededDice, least: number, most: number): number => least + dice.below(most - least + 1);
const pick = <T>(dice: SeededDice, items: readonly T[]): T => {
  const item = items[dice.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

/** What is bargained about besides the price. */
interface Topics {
  readonly isTimed: boolean;
  readonly isKept: boolean;
}

/** A mandate and the limits of a job that may be wider than it, narrower, or contradict themselves. */
function drawSide(dice: SeededDice, role: Role, { isTimed, isKept }: Topics, number: number): Side {
  const unit = pick(dice, [1_000, 1_000, 1_000, 1, 3]);
  const sats = (least: number, most: number): number => between(dice, least, most) * unit;
  const [low, high] = [sats(20, 60), sats(40, 90)];
  const isBuyer = role === 'buyer';
  const time = isTimed ? [{ term: '/delivery/within_s', reserve: (isBuyer ? between(dice, 6, 20) : between(dice, 2, 12)) * 3_600 }] : [];
  const days = isBuyer ? between(dice, 5, 40) : between(dice, 0, 12);
  const aim = isBuyer ? between(dice, 0, days) : between(dice, days, 60);
  const target = dice.unit() < 0.5 ? { target: aim * 86_400 } : {};
  const kept = isKept ? [{ term: '/confidentiality/retention_s', reserve: days * 86_400, ...target }] : [];
  const weigh = (issue: object): object => (dice.unit() < 0.5 ? { ...issue, weight: pick(dice, [0.001, 0.5, 2, 7.25, 1_000]) } : issue);
  const price = isBuyer ? { term: '/price', reserve: high, target: Math.min(high, low) } : { term: '/price', reserve: low };
  const mandate = mandateOf({
    ...BUYER_DOCUMENT,
    role: isBuyer ? 'buyer' : 'seller',
    limits: { per_deal_msat: 90_000, per_day_msat: 90_000, open_msat: 90_000 },
    issues: [price, ...time, ...kept].filter(() => dice.unit() < 0.9 || isBuyer).map(weigh),
  });
  const limits: BargainLimits = {
    role,
    bestMsat: BigInt(isBuyer ? sats(10, 70) : sats(50, 95)),
    worstMsat: BigInt(isBuyer ? sats(40, 120) : sats(15, 70)),
    withinS: dice.unit() < 0.7 ? between(dice, 4, 24) * 3_600 : undefined,
    ...(!isBuyer && dice.unit() < 0.7 ? { retentionS: between(dice, 0, 60) * 86_400 } : {}),
  };
  const [name, strategy] = dice.unit() < HOSTILE_PART ? pick(dice, HOSTILE) : pick(dice, dice.unit() < 0.4 ? SEVERAL : NAMED);
  const table = makeBargainTable(listBargainIssues(limits, mandate));
  const rounds = between(dice, 1, 8);
  const moves: SeenMove[] = [{ by: isBuyer ? 'me' : 'peer', type: 'open' }];
  return { mandate, name, moves, input: { role, table, strategy, rounds, seed: `${number}/${role}` } };
}

const BASE: Terms = { service: { capability: 'translation' }, scope: { summary: 'Two pages.' }, price: makeFixedPrice(0n) };
const isSpoiled = ({ scope }: Terms): boolean => scope.summary !== BASE.scope.summary;
/** What the other side sees of terms. */
const seenBy = (terms: Terms): Package => (isSpoiled(terms) ? {} : readPackage(terms));

const factsOf = ({ input: { role } }: Side) => ({ ...QUIET, role });
const signingOf = (terms: Terms, alternative: number): Action => ({
  kind: 'sign',
  type: 'accept',
  offer: 'c'.repeat(64),
  alternative,
  terms,
  confirmBy: NOW + 3_600,
});

type End = { readonly kind: 'agreed'; readonly made: Terms } | { readonly kind: 'ended' | 'refused' | 'waits'; readonly by: string };
type Tally = (what: string) => void;

interface Play {
  readonly tally: Tally;
  readonly dice: SeededDice;
  readonly isReplayed: boolean;
}

/** Plays one negotiation as two jobs would; every move is judged before it counts, with all of its packages. */
function play(sides: readonly [Side, Side], { tally, dice, isReplayed }: Play): End {
  let standing: readonly Terms[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    const [me, peer] = turn % 2 === 0 ? sides : [sides[1], sides[0]];
    const { name, moves, mandate, input } = me;
    const judged = (action: Action): void => {
      if (judge(mandate, action, factsOf(me)).verdict === 'deny') tally('violation');
    };
    const bargained = bargainByStrategy(moves, input);
    tally(`${name} ${bargained.kind === 'refused' ? 'refused' : bargained.decision.kind}`);
    if (bargained.kind === 'refused') return { kind: 'refused', by: name };
    const { decision, record } = bargained;
    if (isReplayed && record !== undefined) {
      tally('replayed');
      expect(replayBargain(record, moves, input.strategy)).toEqual({ kind: 'same' });
    }
    switch (decision.kind) {
      case 'accept': {
        const { alternative } = decision;
        const made = standing[alternative];
        if (made === undefined || isSpoiled(made)) throw new Error('what cannot be taken was taken');
        judged(signingOf(made, alternative));
        if (alternative > 0) tally('alternative taken');
        if (alternative > 0 && standing.some(isSpoiled)) tally('taken beside what cannot be taken');
        return { kind: 'agreed', made };
      }
      case 'reject':
        return { kind: 'ended', by: name };
      case 'offer': {
        const offered = writePackages(BASE, decision.packages);
        judged({ kind: 'offer', terms: offered, expiresAt: NOW + 3_600, isSigned: false });
        if (offered.length > 1) tally('several at once');
        if (offered.length < decision.packages.length) tally('sent once');
        standing = offered.map((terms) => (dice.unit() < SPOILED_PART ? { ...terms, scope: { summary: 'Three pages.' } } : terms));
        moves.push({ by: 'me', type: 'offer', packages: offered.map(readPackage) });
        peer.moves.push({ by: 'peer', type: 'offer', packages: standing.map(seenBy) });
        break;
      }
      case 'wait':
      case 'ask':
      case 'answer':
        return { kind: 'waits', by: name };
      default:
        return decision satisfies never;
    }
  }
  throw new Error('a negotiation without an end');
}

describe('on autopilot', () => {
  it(`nothing that goes out in ${NEGOTIATIONS} negotiations is against a mandate, and deals are within both`, () => {
    const counts = new Map<string, number>();
    const tally: Tally = (what) => void counts.set(what, (counts.get(what) ?? 0) + 1);
    for (let number = 0; number < NEGOTIATIONS; number += 1) {
      const dice = seedDice(`autopilot/${number}`);
      const topics = { isTimed: dice.unit() < 0.5, isKept: dice.unit() < 0.5 };
      const sides = [drawSide(dice, 'provider', topics, number), drawSide(dice, 'buyer', topics, number)] as const;
      const end = play(sides, { tally, dice, isReplayed: number % 20 === 0 });
      tally(end.kind);
      if (end.kind !== 'agreed') continue;
      const { '/delivery/within_s': withinS, '/confidentiality/retention_s': retentionS } = readPackage(end.made);
      if (withinS !== undefined) tally('agreed on a time');
      if (retentionS !== undefined) tally('agreed on retention');
      if (withinS !== undefined && retentionS !== undefined) tally('agreed on all three');
      if (sides.every(({ mandate: { issues } }) => issues.some(({ weight }) => weight !== undefined))) tally('agreed with weights');
      const action: Action = { kind: 'offer', terms: [end.made], expiresAt: NOW + 3_600, isSigned: false };
      for (const side of sides) if (judge(side.mandate, action, factsOf(side)).verdict === 'deny') tally('outside');
    }
    const count = (what: string): number => counts.get(what) ?? 0;
    expect([count('violation'), count('outside'), count('waits')]).toEqual([0, 0, 0]);
    // Each kind was really met, and what must not be sent was refused each time.
    const least = NEGOTIATIONS / 1_000;
    for (const name of REFUSED) expect([name, count(`${name} refused`) >= 5 * least, count(`${name} offer`)]).toEqual([name, true, 0]);
    for (const name of REFUSED) expect([name, count(`${name} accept`)]).toEqual([name, 0]);
    for (const name of ['acceptsTheLast accept', 'acceptsTheLast refused']) expect([name, count(name) > least]).toEqual([name, true]);
    expect(count('repeatsItself offer')).toBe(count('sent once'));
    expect(count('sent once')).toBeGreaterThan(20 * least);
    expect(count('several at once')).toBeGreaterThan(300 * least);
    expect(count('alternative taken')).toBeGreaterThan(5 * least);
    expect(count('taken beside what cannot be taken')).toBeGreaterThan(least);
    expect(count('replayed')).toBeGreaterThan(100 * least);
    for (const [name] of SEVERAL)
      expect([name, count(`${name} offer`) > 50 * least, count(`${name} accept`) > 5 * least]).toEqual([name, true, true]);
    expect(count('acceptsAnything refused')).toBeGreaterThan(5 * least);
    expect(count('acceptsAnything accept')).toBeGreaterThan(0);
    expect(count('neverAccepts offer')).toBeGreaterThan(20 * least);
    expect(count('givesEverything offer')).toBeGreaterThan(10 * least);
    expect(count('endsAtOnce reject')).toBeGreaterThan(5 * least);
    for (const [name] of NAMED) expect([name, count(`${name} offer`) > 50 * least]).toEqual([name, true]);
    expect(count('agreed')).toBeGreaterThan(NEGOTIATIONS / 8);
    for (const what of ['agreed on a time', 'agreed on retention', 'agreed with weights'])
      expect([what, count(what) > NEGOTIATIONS / 20]).toEqual([what, true]);
    expect(count('agreed on all three')).toBeGreaterThan(NEGOTIATIONS / 60);
    expect(count('ended')).toBeGreaterThan(NEGOTIATIONS / 50);
  });
});
