// What chance does to two honest sides: a schedule is a list of events that can be shortened, and each has an effect in any state.

import { START_BY_S } from './agreement.ts';
import { listUnseen, owesReceipt } from './chain.ts';
import { choose, makeDice } from './dice.fixture.ts';
import { listChoices } from './choices.fixture.ts';
import { act, clockOf, draftConfirm, publish, readMessage, type Message, type Place, type Side, type World } from './model.fixture.ts';
import type { MoveRumor } from './move.ts';
import { CANCEL_GRACE_S, type Negotiation } from './negotiation.ts';
import { copyStart, STARTS, type StartName } from './starts.fixture.ts';
import { transition, type Input, type Transition } from './transition.ts';

/** One event of chance; `pick` (32 bits) decides whatever it leaves open. */
export interface ChanceEvent {
  readonly do: 'move' | 'deliver' | 'flow' | 'drop' | 'repeat' | 'time' | 'tick' | 'lose-step' | 'hold' | 'restart';
  readonly at: Place;
  readonly pick: number;
}

/** A schedule: where it starts, how wrong the two clocks are, what happens. */
export interface Schedule {
  readonly start: StartName;
  readonly skewS: readonly [number, number];
  readonly events: readonly ChanceEvent[];
}

/** Told of each step that was computed, saved or not. */
export type Observer = (world: World, side: Side, before: Negotiation, input: Input, result: Transition, isSaved: boolean) => void;

const WEIGHTS: readonly (readonly [number, ChanceEvent['do']])[] = [
  [14, 'move'],
  [11, 'deliver'],
  [3, 'flow'],
  [1.5, 'drop'],
  [1.5, 'repeat'],
  [2, 'time'],
  [0.7, 'tick'],
  [0.8, 'lose-step'],
  [0.5, 'hold'],
  [0.5, 'restart'],
];

/** The schedule of a seed. */
export function makeSchedule(seed: number): Schedule {
  const dice = makeDice(seed);
  const length = 25 + (dice() % 16);
  const event = (): ChanceEvent => ({ do: choose(WEIGHTS, dice()), at: (dice() & 1) as Place, pick: dice() });
  const start = STARTS[dice() % STARTS.length] as StartName;
  const skewS = [dice(), dice()].map(drawSkew) as [number, number];
  return { start, skewS, events: Array.from({ length }, event) };
}

/** Mostly right or within ten minutes; now and then a clock that nobody has set. */
function drawSkew(pick: number): number {
  const kind = pick % 16;
  if (kind < 7) return 0;
  const most = kind < 14 ? 600 : 20_000;
  return ((pick >>> 4) % (2 * most + 1)) - most;
}

/** Plays the schedule up to its last event, with what is then still on its way. */
export function play({ start, skewS, events }: Schedule, observe: Observer): World {
  const world = copyStart(start);
  for (const side of world.sides) side.skewS = skewS[side.place];
  for (const event of events) happen(world, event, observe);
  return world;
}

/** One step of a side. */
export function step(world: World, side: Side, input: Input, observe: Observer): void {
  const { state: before, fate } = side;
  delete side.fate;
  // A step that is lost was computed and signed, but the process died before it saved it: it never happened.
  const result = fate === 'lost' ? transition(before, input) : act(side, input);
  observe(world, side, before, input, result, fate !== 'lost');
  if (fate === 'lost') restart(side);
  if (fate !== 'held') publish(world, side);
}

/** What a process that starts anew has: what was saved. Its outbox goes out with its next step. */
function restart(side: Side): void {
  side.state = JSON.parse(JSON.stringify(side.state)) as Negotiation;
}

function happen(world: World, event: ChanceEvent, observe: Observer): void {
  const side = world.sides[event.at];
  switch (event.do) {
    case 'move':
      return makeMove(world, side, event.pick, observe);
    case 'deliver':
      return deliver(world, takeMessage(world, event.pick, true), observe);
    case 'repeat':
      return deliver(world, takeMessage(world, event.pick, false), observe);
    case 'drop':
      takeMessage(world, event.pick, true);
      return;
    case 'flow':
      return flow(world, 1 + (event.pick % 5), observe);
    case 'time':
      return jump(world, event.pick, observe);
    case 'tick':
      return step(world, side, { kind: 'tick', now: clockOf(world, side) }, observe);
    case 'lose-step':
      side.fate = 'lost';
      return;
    case 'hold':
      side.fate = 'held';
      return;
    case 'restart':
      restart(side);
      return publish(world, side);
    default:
      event.do satisfies never;
  }
}

/** Mostly the oldest message; `isTaken` leaves none behind. */
function takeMessage({ flight }: World, pick: number, isTaken: boolean): Message | undefined {
  const place = pick % 8 < 4 ? 0 : (pick >>> 3) % Math.max(1, flight.length);
  return isTaken ? flight.splice(place, 1)[0] : flight[place];
}

function deliver(world: World, message: Message | undefined, observe: Observer): void {
  if (message === undefined) return;
  const side = world.sides[message.to];
  step(world, side, { kind: 'received', arrival: readMessage(message.rumor), now: clockOf(world, side) }, observe);
}

/** Everything arrives in order, for some rounds. */
function flow(world: World, rounds: number, observe: Observer): void {
  for (let round = 0; round < rounds && world.flight.length > 0; round += 1) {
    for (const message of world.flight.splice(0)) deliver(world, message, observe);
    for (const side of world.sides) step(world, side, { kind: 'tick', now: clockOf(world, side) }, observe);
  }
}

/** Lets time pass: some seconds, or up to an edge that a clock of one side is about to reach. */
export function jump(world: World, pick: number, observe: Observer): void {
  const edges = pick % 4 === 0 ? [] : world.sides.flatMap(({ state, skewS }) => listEdges(state).map((edge) => edge - skewS));
  const ahead = edges.filter((edge) => edge > world.now);
  world.now = ahead.length === 0 ? world.now + 1 + (pick % 90) : (ahead[(pick >>> 2) % ahead.length] as number);
  if ((pick >>> 20) % 3 === 0) for (const side of world.sides) step(world, side, { kind: 'tick', now: clockOf(world, side) }, observe);
}

function listEdges({ commitments, pending, offers, open }: Negotiation): readonly number[] {
  const windows = [...commitments, ...(pending === undefined ? [] : [pending])].map(({ confirmBy }) => confirmBy);
  const around = (edge: number): readonly number[] => [edge - 1, edge, edge + 1];
  return [
    ...windows.flatMap((by) => [...around(by), ...around(by + CANCEL_GRACE_S), ...around(by + START_BY_S)]),
    ...offers.slice(-2).flatMap(({ expiresAt }) => around(expiresAt)),
    ...around(open.expires_at),
  ];
}

/** One of the things an honest side might do now. */
function makeMove(world: World, side: Side, pick: number, observe: Observer): void {
  const dice = makeDice(pick);
  const tick = (): void => step(world, side, { kind: 'tick', now: clockOf(world, side) }, observe);
  const choice = choose(listChoices(world, side, dice), dice());
  // A presigned offer is drafted for the place that its move will have, so time must have done its work before.
  if (choice.isTimed === true) tick();
  const draft = choice.draft();
  if (draft !== undefined) step(world, side, { kind: 'issue', draft, now: clockOf(world, side) }, observe);
  else repeatUnseen(world, side);
}

/** Sends again what the other side has not confirmed. */
export function repeatUnseen(world: World, side: Side): void {
  for (const id of listUnseen(side.state.chain)) side.outbox.set(id, side.log.get(id) as MoveRumor);
  publish(world, side);
}

/** Lets everything arrive and both sides do what is theirs to do, until nothing moves. Throws when that never comes. */
export function settle(world: World, observe: Observer): void {
  for (const side of world.sides) {
    delete side.fate;
    publish(world, side);
  }
  for (let round = 0; round < 60; round += 1) {
    flow(world, 1, observe);
    for (const side of world.sides) {
      step(world, side, { kind: 'tick', now: clockOf(world, side) }, observe);
      const draft = draftConfirm(world, side);
      if (draft !== undefined) step(world, side, { kind: 'issue', draft, now: clockOf(world, side) }, observe);
      if (round % 4 === 3) repeatUnseen(world, side);
    }
    const isStill = world.sides.every(({ state: { chain } }) => listUnseen(chain).length === 0 && !owesReceipt(chain));
    if (world.flight.length === 0 && isStill) return;
  }
  throw new Error('the two sides never fall silent');
}
