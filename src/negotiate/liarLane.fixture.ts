// The lane of an honest side against a liar: what may happen, and what the honest side must have at every moment and in the end.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { START_BY_S } from './agreement.ts';
import { listChoices } from './choices.fixture.ts';
import { choose, makeDice } from './dice.fixture.ts';
import { describeStep } from './honestLane.fixture.ts';
import { claim } from './invariants.fixture.ts';
import { checkFree, checkStep } from './liarChecks.fixture.ts';
import type { Lane } from './lane.fixture.ts';
import * as lies from './lies.fixture.ts';
import type { ForgedHeader, Liar, Lie, Scene } from './lies.fixture.ts';
import { clockOf, readMessage, type Place, type Side, type World } from './model.fixture.ts';
import { MOVE_KIND, type MoveRumor } from './move.ts';
import { CANCEL_GRACE_S, type Negotiation } from './negotiation.ts';
import { jump, step, type Observer } from './schedule.fixture.ts';
import { copyStart, STARTS, type StartName } from './starts.fixture.ts';

/** One event: the honest side does something, or is told something. */
export interface LiarEvent {
  readonly do: 'move' | 'confirm' | 'lie' | 'swap' | 'split' | 'stray' | 'junk' | 'replay' | 'time' | 'restart';
  readonly pick: number;
}

/** A schedule of this lane; the honest side is at `honest`. */
export interface LiarSchedule {
  readonly start: StartName;
  readonly honest: Place;
  readonly events: readonly LiarEvent[];
}

const WEIGHTS: readonly (readonly [number, LiarEvent['do']])[] = [
  [10, 'move'],
  [4, 'confirm'],
  [18, 'lie'],
  [1.5, 'swap'],
  [0.15, 'split'],
  [0.5, 'stray'],
  [0.5, 'junk'],
  [1.5, 'replay'],
  [1.5, 'time'],
  [0.5, 'restart'],
];

const LIES: readonly (readonly [number, Lie])[] = [
  [4, lies.offer],
  [6, lies.accept],
  [5, lies.confirm],
  [4, lies.close],
  [2.5, lies.cancel],
  [3, lies.receipt],
  [1, lies.error],
  [1, lies.other],
];

/** The schedule of a seed. */
export function makeLiarSchedule(seed: number): LiarSchedule {
  const dice = makeDice(seed);
  const event = (): LiarEvent => ({ do: choose(WEIGHTS, dice()), pick: dice() });
  const [start, honest] = [STARTS[dice() % STARTS.length] as StartName, (dice() & 1) as Place];
  return { start, honest, events: Array.from({ length: 25 + (dice() % 16) }, event) };
}

/** A run in progress: who lies, and what has been said, in the order of its first telling. */
interface Run {
  readonly world: World;
  readonly side: Side;
  readonly liar: Liar;
  readonly told: MoveRumor[];
  /** The values it has shown in moves that were taken up, by name. */
  readonly shown: Set<string>;
  readonly observe: Observer;
}

/** The lane; `sight` is told of each step and `sightEnd` of the state in which the honest side ends. */
export function makeLiarLane(sight: Observer, sightEnd: (state: Negotiation) => void): Lane<LiarSchedule> {
  const run = (schedule: LiarSchedule, observe: Observer): void => sightEnd(runToTheEnd(schedule, observe));
  return { make: makeLiarSchedule, run: (schedule) => run(schedule, sight), tell: (schedule) => tell(schedule) };
}

function begin({ start, honest }: LiarSchedule, observe: Observer): Run {
  const world = copyStart(start);
  const [side, other] = [world.sides[honest], world.sides[1 - honest] as Side];
  const made: Liar['made'] = new Map();
  for (const each of other.state.commitments) {
    const [yes, no] = 'c' in each.secrets ? [each.secrets.c, each.secrets.v] : [each.secrets.a, each.secrets.l];
    const event = each.side === 'first' ? each.first : each.second;
    if (event !== undefined) made.set(event.id, { yes, no, event });
  }
  return {
    world,
    side,
    liar: { place: other.place, me: other.pubkey, made },
    told: [...other.log.values()].slice(1),
    shown: new Set(),
    observe,
  };
}

function runToTheEnd(schedule: LiarSchedule, sight: Observer): Negotiation {
  let moves = 0;
  const observe: Observer = (world, side, before, input, result, isSaved) => {
    sight(world, side, before, input, result, isSaved);
    if (input.kind === 'issue') moves += 1;
    checkStep(before, side.state);
  };
  const run = begin(schedule, observe);
  for (const event of schedule.events) happen(run, event);
  const last = Math.max(
    run.world.now,
    ...run.side.state.commitments.map(({ confirmBy }) => confirmBy),
    ...run.side.state.offers.map(({ expiresAt }) => expiresAt),
  );
  for (const pause of [CANCEL_GRACE_S + 1, START_BY_S + 1]) {
    run.world.now = last + pause;
    step(run.world, run.side, { kind: 'tick', now: clockOf(run.world, run.side) }, observe);
  }
  // Each move of the peer is answered by a few of ours at most; time adds the voiding of what is overdue.
  claim(run.side.state.chain.sent.length <= 20 + 3 * moves + 3 * run.told.length, 'no more is said than was asked for');
  checkFree(run.side.state, run.liar, run.shown);
  return run.side.state;
}

function happen(run: Run, event: LiarEvent): void {
  const { world, side, observe } = run;
  const dice = makeDice(event.pick);
  switch (event.do) {
    case 'move':
      return makeMove(run, dice);
    case 'confirm': {
      if (side.state.pending !== undefined) makeMove(run, dice, true);
      return;
    }
    case 'lie':
      return receive(run, inventNext(run, dice));
    case 'swap': {
      const first = inventNext(run, dice);
      const second =
        first === undefined ? undefined : invent(run, dice, { ...nextHeader(run), seq: nextHeader(run).seq + 1, prev: first.id });
      return [second, second, first].forEach((rumor) => receive(run, rumor));
    }
    case 'split':
      return receive(run, invent(run, dice, { ...nextHeader(run), seq: 1 + (dice() % Math.max(1, side.state.chain.received.length)) }));
    case 'stray': {
      const header = nextHeader(run);
      return receive(
        run,
        invent(run, dice, {
          ...header,
          ...[{ seen: run.liar.me }, { prev: run.liar.me }, { seq: header.seq + 2 }, { seq: 2_000 }][dice() % 4],
        }),
      );
    }
    case 'junk':
      return receive(run, makeJunk(run, dice));
    case 'replay':
      return receive(run, run.told[dice() % Math.max(1, run.told.length)]);
    case 'time':
      return jump(world, event.pick, observe);
    case 'restart':
      side.state = JSON.parse(JSON.stringify(side.state)) as Negotiation;
      return;
    default:
      event.do satisfies never;
  }
}

function makeMove({ world, side, observe }: Run, dice: () => number, isConfirm = false): void {
  const choices = listChoices(world, side, dice);
  const choice = isConfirm ? choices[0]?.[1] : choose(choices, dice());
  if (choice?.isTimed === true) step(world, side, { kind: 'tick', now: clockOf(world, side) }, observe);
  const draft = choice?.draft();
  if (draft !== undefined) step(world, side, { kind: 'issue', draft, now: clockOf(world, side) }, observe);
}

function nextHeader({ side }: Run): ForgedHeader {
  const { received, sent } = side.state.chain;
  return { seq: received.length + 1, prev: received.at(-1)?.id ?? '', seen: sent.at(-1)?.id ?? '' };
}

function inventNext(run: Run, dice: () => number): MoveRumor | undefined {
  return invent(run, dice, nextHeader(run));
}

function invent({ world, side, liar }: Run, dice: () => number, header: ForgedHeader): MoveRumor | undefined {
  const scene: Scene = { world, liar, victim: side.state, now: clockOf(world, side), dice };
  for (let tries = 0; tries < 4; tries += 1) {
    const body = choose(LIES, dice())(scene, header);
    if (body !== undefined) return lies.forge(scene, header, body, scene.now);
  }
  return undefined;
}

const JUNK = [
  '',
  '{}',
  '{"type":"offer","v":1}',
  '{"v":1, "type":"ask","text":"x"}',
  '{"type":"gift","v":1}',
  `{"text":"${'x'.repeat(33_000)}","type":"ask","v":1}`,
];

function makeJunk(run: Run, dice: () => number): MoveRumor {
  const { seq, prev, seen } = nextHeader(run);
  const content = JUNK[dice() % JUNK.length] as string;
  const tags = [
    ['n', run.side.state.nid],
    ['seq', String(seq)],
    ['prev', prev],
    ['seen', seen],
    ['alt', ''],
  ];
  return { id: sha256Hex(`${seq} ${content}`), pubkey: run.liar.me, created_at: run.world.now, kind: MOVE_KIND, tags, content };
}

function receive(run: Run, rumor: MoveRumor | undefined): void {
  if (rumor === undefined) return;
  const { world, side, told, shown, observe } = run;
  if (!told.includes(rumor)) told.push(rumor);
  const known = side.state.chain.received.length;
  step(world, side, { kind: 'received', arrival: readMessage(rumor), now: clockOf(world, side) }, observe);
  world.flight.length = 0;
  for (const { id, type } of side.state.chain.received.slice(known)) {
    const move = told.find((each) => each.id === id);
    const seen = move?.tags.find(([name]) => name === 'seen')?.[1];
    // What names a move that was never sent is answered with an error and no more.
    if (type === 'unusable' || move === undefined || (seen !== '' && !side.state.chain.sent.some((link) => link.id === seen))) continue;
    const { c, void: v, a, l } = JSON.parse(move.content) as Record<string, Hex>;
    for (const [name, value] of Object.entries({ c, v, a, l })) if (value !== undefined) shown.add(`${name} ${value}`);
  }
}

function tell(schedule: LiarSchedule): readonly string[] {
  const lines: string[] = [];
  try {
    runToTheEnd(schedule, (world, side, before, input, result) => lines.push(describeStep(world, side, before, input, result)));
  } catch (error) {
    lines.push(String(error));
  }
  return lines.filter((line) => line !== '');
}
