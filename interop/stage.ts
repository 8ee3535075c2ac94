// What the steps share: our agent, the groups made so far, and waiting for what is done on the other side.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent, InputOf, OutputOf } from '../src/agent/api.ts';
import { isNegotiateError, NegotiateError } from '../src/core/errors.ts';

// A change that brings no news, such as a new key of a member, is looked for again after this time.
const LOOK_S = 5;
const RETRY_MS = 1_000;
const CHANGE_TRIES = 3;

/** A second agent of ours, the third in a group. */
export interface Third {
  readonly npub: string;
  readonly agent: Agent;
}

/** What a step works with. */
export interface Stage {
  readonly me: Agent;
  readonly npub: string;
  readonly peer: string;
  readonly waitS: number;
  /** Aborted when the person passes over the step, or stops the drive. */
  readonly signal: AbortSignal;
  /** Ids of groups by the step that made them. */
  readonly groups: Map<string, string>;
  /** Tells the person what to do on the other side. */
  readonly ask: (text: string) => void;
  /** Makes the third agent, or returns it. */
  readonly third: () => Promise<Third>;
}

/** Why a step did not come to its end, where no fault of ours is behind it. */
export class StepEnded extends Error {
  readonly reason: 'timeout' | 'skipped';

  constructor(reason: 'timeout' | 'skipped', message: string) {
    super(message);
    this.name = 'StepEnded';
    this.reason = reason;
  }
}

/** The group of an earlier step. Throws `internal/bug` when there is none: a step names what it needs. */
export function groupOf(stage: Stage, step: string): string {
  const group = stage.groups.get(step);
  if (group === undefined) throw new NegotiateError('internal/bug', `There is no group from the step ${step}. Please report this.`);
  return group;
}

/** Looks until there is an answer, catching up in between. Throws {@link StepEnded} when the time is over; `what` says what was awaited. */
export async function waitFor<T>(stage: Stage, what: string, look: () => Promise<T | undefined>, agent: Agent = stage.me): Promise<T> {
  const endsAt = performance.now() + stage.waitS * 1_000;
  const aborted = untilAborted(stage.signal);
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    const leftS = (endsAt - performance.now()) / 1_000;
    if (leftS <= 0) throw new StepEnded('timeout', `not within ${stage.waitS} s: ${what}`);
    // What is passed over is left behind: it ends by itself, or when the agent is closed.
    const caught = catchUp(agent, Math.min(leftS, LOOK_S));
    await Promise.race([caught, aborted]);
    if (!stage.signal.aborted) continue;
    caught.catch(() => undefined);
    throw new StepEnded('skipped', 'passed over by hand');
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** A relay that is silent for a while is asked again: the step has its own end. */
async function catchUp(agent: Agent, waitS: number): Promise<void> {
  try {
    await agent.sync({ waitS });
  } catch (error) {
    if (!isNegotiateError(error) || error.code !== 'relay/unreachable') throw error;
    await delay(RETRY_MS);
  }
}

/** Says something in a group. Throws `relay/unreachable` when it did not leave this machine. */
export async function say(agent: Agent, group: string, text: string): Promise<void> {
  const { isSent } = await agent.say({ group, text });
  if (!isSent) throw new NegotiateError('relay/unreachable', 'No relay took our message.');
}

/** Waits for words of the peer that fit. */
export function hear(stage: Stage, group: string, what: string, fits: (text: string) => boolean, agent?: Agent): Promise<string> {
  const reader = agent ?? stage.me;
  const look = async (): Promise<string | undefined> => {
    const { messages } = await reader.showGroup({ group, limit: 1_000 });
    return messages.find(({ by, text }) => by === stage.peer && fits(text))?.text;
  };
  return waitFor(stage, what, look, reader);
}

/** Says a number that nobody can guess and waits until the peer repeats it: then it reads us, and we read it. */
export async function exchangeNumbers(stage: Stage, group: string, greeting: string): Promise<string> {
  const number = drawNumber();
  await say(stage.me, group, `${greeting} Please answer in this group with this number: ${number}`);
  stage.ask('Read our newest message in the group, and answer there with the number in it.');
  await hear(stage, group, 'an answer with the number', (text) => text.includes(number));
  return number;
}

/** Six digits. */
export function drawNumber(): string {
  return String(randomInt(100_000, 1_000_000));
}

/** Changes a group, and again where another member was quicker. Throws `relay/unacknowledged` when no relay has confirmed it. */
export async function change(stage: Stage, group: string, wish: InputOf<'changeGroup'>['change']): Promise<OutputOf<'changeGroup'>> {
  for (let tries = 1; ; tries += 1) {
    try {
      const changed = await stage.me.changeGroup({ group, change: wish });
      if (!changed.isWaiting) return changed;
      throw new NegotiateError('relay/unacknowledged', 'No relay has confirmed the change.');
    } catch (error) {
      if (tries === CHANGE_TRIES || !isNegotiateError(error) || error.code !== 'negotiation/refused') throw error;
    }
  }
}
