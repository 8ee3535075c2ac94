// Every way of refusing a move, one by one: each entry of the corpus is a valid move with one change, and nothing comes of it but what
// it names.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { deliver, stageMove, type Delivery, type Outcome, type Refused } from './refused.fixture.ts';
import { listRefusedCodes, REFUSED } from './refusedCorpus.fixture.ts';
import { SCENES } from './scenes.fixture.ts';
import { forge } from './stage.fixture.ts';
import { transition, type Transition } from './transition.ts';
import type { MoveRumor } from './move.ts';

const ALL = Object.values(REFUSED).flat();

type Moved = Extract<Transition, { kind: 'moved' }>;

function read(rumor: MoveRumor): { readonly type: string; readonly re?: string; readonly code?: string } {
  return JSON.parse(rumor.content) as ReturnType<typeof read>;
}

/** What the state is but for its chain, and but for what time alone does to it. */
function essence(state: Negotiation, alters: Refused['alters'] = []): object {
  return Object.fromEntries(Object.entries(state).filter(([key]) => key !== 'chain' && !alters.includes(key as keyof Negotiation)));
}

function expectMoved(entry: string, delivery: Delivery): Moved & { readonly isUsable: boolean } {
  const taken = deliver(delivery);
  if (taken.kind !== 'taken' || taken.result.kind !== 'moved') throw new Error(`${entry}: ${JSON.stringify(taken)}`);
  return { ...taken.result, isUsable: taken.isUsable };
}

/** The place is taken, one error goes out, and the same move again changes nothing. */
function expectError(entry: Refused, delivery: Delivery, code: string): void {
  const { stage, rumor, now } = delivery;
  const { state, send, resend, isUsable } = expectMoved(entry.name, delivery);
  expect({ code: send.map(read).map((each) => [each.type, each.code, each.re]), isUsable, resend }).toEqual({
    code: [['error', code, rumor.id]],
    isUsable: entry.outcome.kind === 'error',
    resend: [],
  });
  const before = stage.isOpening ? undefined : stage.me.state;
  const count = before?.chain.received.length ?? 0;
  expect(state.chain.received).toHaveLength(count + 1);
  expect(state.chain.received[count]?.id).toBe(rumor.id);
  if (before === undefined) return;
  expect(essence(state, entry.alters)).toEqual(essence(before, entry.alters));
  if (entry.alters === undefined) expect(readPhase(state)).toBe(readPhase(before));
  const again = deliver({ ...delivery, stage: { ...stage, me: { ...stage.me, state } } });
  expect(again).toMatchObject({ kind: 'taken' });
  if (again.kind === 'taken' && again.result.kind === 'moved') expect([again.result.send, again.result.state]).toEqual([[], state]);
  // The chain goes on behind it.
  const next = forge({ ...stage, me: { ...stage.me, state } }, { v: 1, type: 'receipt', upto: state.chain.sent.length }, now);
  const went = expectMoved(entry.name, { ...delivery, stage: { ...stage, me: { ...stage.me, state } }, rumor: next });
  expect([went.state.chain.received.length, went.send]).toEqual([count + 2, []]);
}

function expectOutcome(entry: Refused, delivery: Delivery, outcome: Outcome): void {
  const { state: before } = delivery.stage.me;
  switch (outcome.kind) {
    case 'dropped':
      expect(deliver(delivery)).toEqual({ kind: 'dropped', at: outcome.at });
      break;
    case 'unusable':
    case 'error':
      expectError(entry, delivery, outcome.code);
      break;
    case 'waits': {
      const { state, send } = expectMoved(entry.name, delivery);
      expect(send.map(read)).toEqual([{ v: 1, type: 'receipt', upto: before.chain.received.length }]);
      expect(state.chain.received).toEqual(before.chain.received);
      expect(state.chain.waiting.map(({ header }) => header.id)).toEqual([delivery.rumor.id]);
      expect(essence(state)).toEqual(essence(before));
      break;
    }
    case 'frozen': {
      const { state, send } = expectMoved(entry.name, delivery);
      expect([send, state.chain.received, state.chain.equivocation?.[1]]).toEqual([[], before.chain.received, delivery.rumor.id]);
      expect(essence(state)).toEqual(essence(before));
      break;
    }
    default:
      outcome satisfies never;
  }
}

describe('a valid move', () => {
  it.each(SCENES)('of the scene "%s" is taken, with no error', (name) => {
    const delivery = stageMove(name);
    const { stage } = delivery;
    const { state, send, isUsable } = expectMoved(name, delivery);
    expect(send.map(read).filter(({ type }) => type === 'error')).toEqual([]);
    expect(isUsable).toBe(true);
    expect(state.chain.received.at(-1)?.id).toBe(delivery.rumor.id);
    // It does something, but for talk and for a receipt that asks for nothing.
    if (!stage.isOpening && !['ask', 'answer', 'receipt'].includes(name)) expect(essence(state)).not.toEqual(essence(stage.me.state));
  });
});

describe.each(Object.entries(REFUSED))('a move that is refused for its %s', (_, rows) => {
  it.each(rows)('($name) changes nothing else', (entry) => {
    const delivery = stageMove(entry.scene, entry.change);
    // Time alone may change the state; what is compared is what the move adds to that.
    const { me, isOpening } = delivery.stage;
    const timed = isOpening ? undefined : transition(me.state, { kind: 'tick', now: delivery.now });
    if (timed?.kind === 'moved' && entry.outcome.kind !== 'dropped' && delivery.now > delivery.stage.now) me.state = timed.state;
    expectOutcome(entry, delivery, entry.outcome);
  });
});

describe('the corpus of refused moves', () => {
  it('has each entry once', () => {
    const names = ALL.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    const seen = new Set<string>();
    const repeated = ALL.filter((entry) => {
      const { stage, rumor, sender, now } = stageMove(entry.scene, entry.change);
      const made = JSON.stringify([rumor, sender, now, stage.me.state]);
      return seen.size === seen.add(made).size;
    });
    expect(repeated.map(({ name }) => name)).toEqual([]);
    expect(ALL.length).toBeGreaterThan(1_000);
    const valid = new Map(SCENES.map((name) => [name, JSON.stringify(Object.values(stageMove(name)).slice(1))]));
    const unchanged = ALL.filter(({ scene, change }) => {
      const made = stageMove(scene, change);
      return JSON.stringify(Object.values(made).slice(1)) === valid.get(scene) && change.before === undefined;
    });
    expect(unchanged.map(({ name }) => name)).toEqual([]);
  });

  it('covers every code that the rules can send', () => {
    const covered = listRefusedCodes();
    expect(listCodes().filter((code) => !covered.includes(code))).toEqual([]);
    expect(listCodes().length).toBeGreaterThan(25);
  });
});

/** Every code that the sources name where an `error` is made, or where the reason for one is found. */
function listCodes(): readonly string[] {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(name));
  const codes = files.flatMap((name) => {
    const source = readFileSync(new URL(name, folder), 'utf8');
    const sent = source.split('\n').filter((line) => /emitError\(|dropPending\(|type: 'error'|code: '/.test(line));
    const unions = source.match(/export type (?:ContentProblem|HeadProblem|SettlementProblem|FirstCheck) =[^;]*;/g) ?? [];
    const finders = /^receive/.test(name) ? (source.match(/^function find(?:Obstacle|Problem)\([\s\S]*?^}/gm) ?? []) : [];
    return [...sent, ...unions, ...finders.flatMap((text) => text.match(/(?:return|\?|:) '[^']*'/g) ?? [])].flatMap(quoted);
  });
  const statuses = /readonly status: ([^;]*);/.exec(readFileSync(new URL('negotiation.ts', folder), 'utf8'))?.[1] ?? '';
  // A presigned offer that is void is answered with its `cancel` again, and a plain one is never `cancelled`.
  const left = quoted(statuses).filter((status) => status !== 'open' && status !== 'cancelled');
  return [...new Set([...codes, ...left])].filter((code) => !WORDS.includes(code));
}

// Other words on the same lines.
const WORDS = ['error', 'refused', 'unusable', 'string', 'buyer', 'ok', 'agreed', 'offer', 'accept', 'confirm', 'close', 'cancel'];

function quoted(text: string): readonly string[] {
  return [...text.matchAll(/'([a-z][a-z-]*)'/g)].map(([, word = '']) => word);
}
