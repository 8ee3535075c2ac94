// Visits every order in which the moves of one deal can arrive, with overtaking, repetition and loss: the chains as they are, no clock
// (docs/decisions/0010-explored.md).

import type { Hex } from '../core/bytes.ts';
import { listUnseen } from './chain.ts';
import type { Draft } from './draft.ts';
import { checkPair, claim } from './exploreChecks.fixture.ts';
import { beginSide, encodeOpening, NAMES, T0, verify, type Node, type Place } from './exploreSide.fixture.ts';
import { describeState } from './exploreText.fixture.ts';
import { decodeMove, type MoveRumor } from './move.ts';
import type { Negotiation } from './negotiation.ts';
import { checkArrival, transition, type CheckedArrival, type Input } from './transition.ts';

/** What may go wrong on the way, and how often in all. */
export interface Trouble {
  readonly overtakings: number;
  readonly repetitions: number;
  readonly losses: number;
}

/** An own move of a script; undefined as long as it cannot be made. */
export type ScriptedMove = (state: Negotiation) => Draft | undefined;

/** What the two sides say, each in its order and as soon or as late as it likes. */
export type Script = readonly [readonly ScriptedMove[], readonly ScriptedMove[]];

/** What was seen. */
export interface WireReport {
  readonly states: number;
  readonly steps: number;
  /** States in which nothing is on its way and nobody repeats anything. */
  readonly silent: number;
  /** The longest way on which nothing but delivery and repetition leads to silence. */
  readonly longest: number;
}

interface Side {
  readonly state: Negotiation;
  /** How many moves of the script it has made. */
  readonly made: number;
  /** Ids of its moves that are on their way, oldest first. */
  readonly flight: readonly Hex[];
}

interface World extends Trouble {
  readonly sides: readonly [Side, Side];
}

const PLACES = [0, 1] as const;
const ENDS_AT = T0 + 100_000;
const rumors = new Map<Hex, MoveRumor>();
const arrivals = new Map<Hex, CheckedArrival>();

/** Explores a script; `isDone` judges a silent state in which both scripts have been played to their end. */
export function exploreWire(script: Script, trouble: Trouble, isDone: (sides: readonly Negotiation[]) => boolean): WireReport {
  const ids = new Map<string, number>();
  const worlds: World[] = [];
  const settled: (number | undefined)[] = [];
  let steps = 0;

  function add(world: World): number {
    const key = describeWorld(world);
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, worlds.length);
    worlds.push(world);
    checkPair(nodeOf(world, 0), nodeOf(world, 1));
    return worlds.length - 1;
  }

  /** How many steps of delivery and repetition it takes from here to silence. */
  function settle(start: number): number {
    const path: number[] = [];
    let at = start;
    while (settled[at] === undefined) {
      claim(path.length < 500 && !path.includes(at), 'they fall silent');
      path.push(at);
      const next = settleOnce(worlds[at] as World);
      if (next === undefined) {
        checkSilent(worlds[at] as World, script, isDone);
        settled[at] = 0;
      } else at = add(next);
    }
    const rest = settled[at] as number;
    path.forEach((each, i) => (settled[each] ??= rest + path.length - i));
    return settled[start] as number;
  }

  add({ sides: [beginAs(0), beginAs(1)], ...trouble });
  for (let at = 0; at < worlds.length; at += 1) {
    for (const next of stepsFrom(worlds[at] as World, script)) {
      steps += 1;
      add(next);
    }
  }
  // Settling leads only to states that have been visited: its steps are among those above.
  const visited = worlds.length;
  const longest = worlds.reduce((most, _, at) => Math.max(most, settle(at)), 0);
  claim(worlds.length === visited, 'settling leads to what was visited');
  return { states: visited, steps, silent: settled.filter((length) => length === 0).length, longest };
}

function beginAs(place: Place): Side {
  const state = beginSide(place, ENDS_AT);
  const opening = encodeOpening(ENDS_AT);
  rumors.set(opening.id, opening);
  return { state, made: 0, flight: [] };
}

function* stepsFrom(world: World, script: Script): Generator<World> {
  for (const place of PLACES) {
    const side = world.sides[place];
    const draft = script[place][side.made]?.(side.state);
    const made = draft === undefined ? undefined : act(world, place, { kind: 'issue', draft, now: T0 });
    if (made !== undefined) yield replace(made, place, { ...made.sides[place], made: side.made + 1 });
    const ticked = act(world, place, { kind: 'tick', now: T0 });
    if (ticked !== undefined) yield ticked;
    yield* deliveriesTo(world, place);
  }
  const repeated = repeatUnseen(world);
  if (repeated !== undefined) yield repeated;
}

function* deliveriesTo(world: World, place: Place): Generator<World> {
  const from = (1 - place) as Place;
  for (const id of world.sides[from].flight) {
    const arrived = act(world, place, { kind: 'received', arrival: readArrival(id), now: T0 }) ?? world;
    const left = world.overtakings - (isOvertaking(world, place, id) ? 1 : 0);
    if (left >= 0) yield { ...remove(arrived, from, id), overtakings: left };
    if (left >= 0 && world.repetitions > 0) yield { ...arrived, overtakings: left, repetitions: world.repetitions - 1 };
    if (world.losses > 0) yield { ...remove(world, from, id), losses: world.losses - 1 };
  }
}

/** True for a move that arrives before one that is still on its way. One whose predecessor is lost can only come early. */
function isOvertaking({ sides }: World, to: Place, id: Hex): boolean {
  const due = sides[to].state.chain.received.length + 1;
  const seq = seqOf(id);
  return sides[(1 - to) as Place].flight.some((each) => seqOf(each) >= due && seqOf(each) < seq);
}

/** Everything on its way arrives in order; then what is owed is said; then what was not confirmed is repeated. */
function settleOnce(world: World): World | undefined {
  for (const from of PLACES) {
    const next = world.sides[from].flight.toSorted((a, b) => seqOf(a) - seqOf(b))[0];
    const to = (1 - from) as Place;
    if (next === undefined) continue;
    const arrived = act(world, to, { kind: 'received', arrival: readArrival(next), now: T0 }) ?? world;
    return remove(arrived, from, next);
  }
  return act(world, 0, { kind: 'tick', now: T0 }) ?? act(world, 1, { kind: 'tick', now: T0 }) ?? repeatUnseen(world);
}

/** Long after the last move has arrived, each side sends again what the other has not confirmed. */
function repeatUnseen(world: World): World | undefined {
  if (world.sides.some(({ flight }) => flight.length > 0)) return undefined;
  const unseen = world.sides.map(({ state }) => listUnseen(state.chain));
  if (unseen.every((list) => list.length === 0)) return undefined;
  const [a, b] = world.sides;
  return {
    ...world,
    sides: [
      { ...a, flight: unseen[0] ?? [] },
      { ...b, flight: unseen[1] ?? [] },
    ],
  };
}

function checkSilent({ sides }: World, script: Script, isDone: (sides: readonly Negotiation[]) => boolean): void {
  const [a, b] = sides.map(({ state }) => state) as [Negotiation, Negotiation];
  for (const [mine, theirs] of [
    [a, b],
    [b, a],
  ] as const) {
    claim(mine.chain.waiting.length === 0, 'no move waits for another');
    const unknown = mine.chain.sent.slice(theirs.chain.received.length);
    claim(
      unknown.every(({ type }) => type === 'receipt' || type === 'error'),
      'both know every move that counts',
    );
  }
  const isPlayed = PLACES.every((place) => sides[place].made === script[place].length);
  if (isPlayed) claim(isDone([a, b]), 'what was said comes to its end');
}

function act(world: World, place: Place, input: Input): World | undefined {
  const side = world.sides[place];
  const result = transition(side.state, input);
  if (result.kind !== 'moved') return undefined;
  for (const rumor of result.send) rumors.set(rumor.id, rumor);
  const again = [...result.send.map(({ id }) => id), ...result.resend];
  // An outbox holds each move once.
  return replace(world, place, { ...side, state: result.state, flight: [...new Set([...side.flight, ...again])] });
}

function replace(world: World, place: Place, side: Side): World {
  return { ...world, sides: place === 0 ? [side, world.sides[1]] : [world.sides[0], side] };
}

function remove(world: World, from: Place, id: Hex): World {
  const side = world.sides[from];
  return replace(world, from, { ...side, flight: side.flight.filter((each) => each !== id) });
}

function readArrival(id: Hex): CheckedArrival {
  const known = arrivals.get(id);
  if (known !== undefined) return known;
  const decoded = decodeMove(rumors.get(id) as MoveRumor);
  if (decoded.kind === 'not-a-move') throw new Error('a message must be a move');
  const arrival = checkArrival(decoded, verify);
  arrivals.set(id, arrival);
  return arrival;
}

function seqOf(id: Hex): number {
  return readArrival(id).header.seq;
}

function nodeOf(world: World, place: Place): Node {
  return { id: 0, place, state: world.sides[place].state, level: 0, shown: [], told: [] };
}

/** Two worlds that differ in nothing but the names of their moves have one text: ids are numbered as they occur. */
function describeWorld({ sides, overtakings, repetitions, losses }: World): string {
  const parts = sides.map(({ state, made, flight }, place) => {
    const { sent, received, seenCount, coveredCount, waiting } = state.chain;
    const heard = sides[1 - place]?.state.chain.received.length ?? 0;
    const unheard = sent.slice(heard).map(({ id }) => `${rumors.get(id)?.content} ${JSON.stringify(rumors.get(id)?.tags)}`);
    const links = [sent, received, waiting.map(({ header }) => header)].map((list) => list.map(({ id }) => id).join());
    return [NAMES[place], made, flight.join(), seenCount, coveredCount, ...links, ...unheard, describeState(state)].join('|');
  });
  const names = new Map<string, number>();
  const text = [overtakings, repetitions, losses, ...parts].join('\n');
  return text.replace(/[0-9a-f]{64}/g, (id) => {
    const name = names.get(id) ?? names.size;
    names.set(id, name);
    return `#${name}`;
  });
}
