// The lane of two honest sides: what is checked when, and how a schedule is told.

import { START_BY_S } from './agreement.ts';
import { checkBoth, checkEnd, checkSilent } from './invariants.fixture.ts';
import type { Lane } from './lane.fixture.ts';
import { ENDS_AT, type Side, type World } from './model.fixture.ts';
import type { Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { makeSchedule, play, settle, type Observer, type Schedule } from './schedule.fixture.ts';
import type { Input, Transition } from './transition.ts';

const LONGEST_WINDOW_S = 40_000;
const WORST_SKEW_S = 50_000;

/** The lane; `sight` is told of each step, to count what occurred. */
export function makeHonestLane(sight: Observer): Lane<Schedule> {
  const observe: Observer = (world, side, before, input, result, isSaved) => {
    sight(world, side, before, input, result, isSaved);
    if (isSaved && result.kind === 'moved' && before.commitments !== result.state.commitments) checkBoth(world);
  };
  return { make: makeSchedule, run: (schedule) => runToTheEnd(schedule, observe), tell };
}

function runToTheEnd(schedule: Schedule, observe: Observer): void {
  const world = play(schedule, observe);
  settle(world, observe);
  checkSilent(world);
  // Every window and the grace after it; then what has to be decided has to arrive; then every start.
  for (const pause of [LONGEST_WINDOW_S, START_BY_S + LONGEST_WINDOW_S]) {
    world.now += pause;
    settle(world, observe);
  }
  world.now = Math.max(world.now, ENDS_AT + WORST_SKEW_S);
  settle(world, observe);
  checkEnd(world);
}

function tell(schedule: Schedule): readonly string[] {
  const lines: string[] = [];
  try {
    runToTheEnd(schedule, (world, side, before, input, result, isSaved) => {
      lines.push(`${isSaved ? '' : '(lost) '}${describeStep(world, side, before, input, result)}`);
    });
  } catch (error) {
    lines.push(String(error));
  }
  return lines.filter((line) => line !== '');
}

/** One step in a line, empty when it did nothing. */
export function describeStep(world: World, side: Side, before: Negotiation, input: Input, result: Transition): string {
  if (result.kind === 'unchanged') return '';
  const name = `+${world.now - 1_800_000_000}s ${side.place === 0 ? 'buyer' : 'provider'}`;
  const what = input.kind === 'tick' ? 'tick' : input.kind === 'issue' ? `wants ${input.draft.type}` : describeArrival(input);
  if (result.kind === 'refused') return `${name} ${what}: refused, ${result.reason}`;
  const sent = result.send.map(({ content, tags }) => `${tags.find(([key]) => key === 'seq')?.[1]}:${summarize(content)}`).join(', ');
  const again = result.resend.length === 0 ? '' : ` again ${result.resend.length}`;
  const phase = readPhase(result.state) === readPhase(before) ? '' : ` → ${readPhase(result.state)}`;
  return `${name} ${what}: [${sent}]${again}${phase}`;
}

function describeArrival({ arrival }: Extract<Input, { kind: 'received' }>): string {
  return `gets ${arrival.header.seq}:${arrival.kind === 'move' ? summarize(JSON.stringify(arrival.body)) : arrival.problem}`;
}

function summarize(content: string): string {
  const body = JSON.parse(content) as Record<string, unknown>;
  const keys = ['code', 're', 'offer', 'accept', 'amends', 'under', 'presigned', 'final', 'upto', 'a', 'l', 'void'].filter(
    (key) => body[key] !== undefined,
  );
  const values = keys.map((key) => (typeof body[key] === 'object' ? key : `${key}=${String(body[key]).slice(0, 6)}`));
  return `${String(body['type'])}(${values.join(' ')})`;
}
