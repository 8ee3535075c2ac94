// Counts what really happened in a run: a race that chance never came up with has not been tested.

import type { Hex } from '../core/bytes.ts';
import type { Arrival } from './chain.ts';
import type { Side } from './model.fixture.ts';
import type { Commitment, Negotiation } from './negotiation.ts';
import { findHeld, findUndecided, isPresigned, listPresigned } from './slot.ts';
import type { Input, Transition } from './transition.ts';

/** How often each case was seen, by name. */
export type Sightings = Map<string, number>;

/** A step that was computed, as the counting sees it. */
export interface Step {
  readonly side: Side;
  readonly before: Negotiation;
  readonly input: Input;
  readonly result: Transition;
  readonly isSaved: boolean;
}

/** Counts the cases in one step. */
export function countStep(sightings: Sightings, step: Step): void {
  for (const name of nameCases(step)) count(sightings, name);
}

/** Throws unless each case was seen at least so often, or that share of it where it is not rare. */
export function checkSightings(sightings: Sightings, whole: Readonly<Record<string, number>>, share: number): void {
  const least = Object.entries(whole).map(([name, times]): [string, number] => [name, Math.floor(times * share)]);
  const missing = least.filter(([name, times]) => (sightings.get(name) ?? 0) < times);
  if (missing.length > 0)
    throw new Error(`seen too seldom: ${missing.map(([name, times]) => `${name} (${sightings.get(name) ?? 0} < ${times})`).join(', ')}`);
}

/** Counts one case. */
export function count(sightings: Sightings, name: string): void {
  sightings.set(name, (sightings.get(name) ?? 0) + 1);
}

function nameCases(step: Step): readonly string[] {
  const { input, result, isSaved } = step;
  if (!isSaved) return input.kind === 'issue' && 'signature' in input.draft ? ['signed but unsaved'] : ['a step lost'];
  if (result.kind === 'refused') return [`refused ${input.kind === 'issue' ? input.draft.type : 'move'}: ${result.reason}`];
  if (result.kind === 'unchanged') return [];
  const named =
    input.kind === 'received' ? nameReceived(step, input.arrival, result) : input.kind === 'issue' ? nameIssued(step, input, result) : [];
  return [...named, ...nameOutcomes(step, result)];
}

type Moved = Extract<Transition, { kind: 'moved' }>;

function nameReceived({ before }: Step, arrival: Arrival, { state, send, resend }: Moved): readonly string[] {
  const { header } = arrival;
  const isNew = state.chain.received.length > before.chain.received.length;
  if (!isNew) {
    if (state.chain.waiting.length > before.chain.waiting.length) return ['gap'];
    return [...(resend.length > 0 ? ['repeated moves again'] : []), 'duplicate'];
  }
  if (arrival.kind !== 'move') return [];
  const { body } = arrival;
  const isSecond =
    body.type === 'confirm' || (body.type === 'accept' && before.commitments.some(({ firstMove }) => firstMove === body.offer));
  return [
    ...(body.type === 'offer' || body.type === 'accept' || isSecond ? errorsIn(state, before, send) : []).map(
      (code) => `${isSecond ? 'second signature' : body.type} answered: ${code}`,
    ),
    ...(isSecond ? nameSecond(before, state, body.type === 'confirm' ? body.accept : body.offer, resend) : []),
    ...(body.type === 'accept' && state.pending?.id === header.id && findUndecided(before)?.side === 'first' ? ['crossing accepts'] : []),
    ...(body.type === 'offer' && isCrossing(before, header.seen) ? ['crossing offers'] : []),
    ...(body.type === 'offer' && body.presigned !== undefined && listPresigned(before).length > 0 ? ['crossing presigned offers'] : []),
    ...(body.type === 'reject' ? [`reject ${body.final ? 'final' : 'not final'}`] : []),
    ...(body.type === 'cancel' && body.re === undefined ? ['end by cancel'] : []),
  ];
}

/** A second signature of the peer: what it met. */
function nameSecond(before: Negotiation, after: Negotiation, firstMove: Hex, resend: readonly Hex[]): readonly string[] {
  const [was, is] = [before, after].map((state) => state.commitments.find((each) => each.firstMove === firstMove));
  if (was === undefined || is === undefined) return [];
  if (was.state !== 'undecided')
    return was.state === 'cancelled' && resend.length > 0 ? [`${isPresigned(was) ? 'presigned' : 'accept'} void: the same cancel`] : [];
  if (is.state === 'undecided') return [];
  const held = findHeld(before);
  const other = held === undefined || held.firstMove === was.firstMove ? 'nothing' : `${held.side} ${held.state}`;
  return isPresigned(was) ? [`presigned accepted against ${other}: ${is.state}`] : [];
}

function isCrossing({ chain }: Negotiation, seen: Hex): boolean {
  const known = chain.sent.findIndex(({ id }) => id === seen);
  return chain.sent.slice(known + 1).some(({ type }) => type === 'offer');
}

function errorsIn(after: Negotiation, before: Negotiation, send: Moved['send']): readonly string[] {
  const links = after.chain.sent.slice(before.chain.sent.length);
  return links.flatMap(({ type }, i) => (type === 'error' ? [(JSON.parse(send[i]?.content ?? '{}') as { code: string }).code] : []));
}

function nameIssued({ before }: Step, { draft }: Extract<Input, { kind: 'issue' }>, { state }: Moved): readonly string[] {
  const types = state.chain.sent.slice(before.chain.sent.length).map(({ type }) => type);
  if (draft.type !== 'accept') return [];
  const { offer, alternative } = draft.body;
  const isAgain = before.commitments.some((each) => each.offer === offer && each.state !== 'undecided');
  return [
    ...(isAgain ? ['a reopened offer accepted'] : []),
    ...(alternative > 0 ? ['an alternative accepted'] : []),
    ...(types.join() === 'cancel,accept' ? ['own presigned cancelled first'] : []),
  ];
}

function nameOutcomes({ before, input, side }: Step, { state }: Moved): readonly string[] {
  const changed = state.commitments.filter((each) => {
    const was = before.commitments.find(({ firstMove }) => firstMove === each.firstMove);
    return was !== undefined && was.state !== each.state;
  });
  const isNewlyHeld = changed.some((each) => each.state === 'agreed' || each.state === 'closed');
  const isOver = state.ended !== undefined && before.ended === undefined;
  return [
    ...changed.map((each) => nameOutcome(state, each)),
    ...changed.filter((each) => each.state === 'cancelled' && isPresigned(each) && isNewlyHeld).map(() => 'presigned voided by a closing'),
    ...changed.filter((each) => each.state === 'closed' && input.now > each.confirmBy).map(() => 'closed in the grace'),
    ...(isOver ? [`ended: ${before.deferredEnd === undefined ? 'at once' : 'deferred'}`] : []),
    ...(side.skewS === 0 ? [] : ['a step by a wrong clock']),
  ];
}

function nameOutcome({ offers }: Negotiation, { offer: id, state, side }: Commitment): string {
  const offer = offers.find((each) => each.id === id);
  const kind = offer?.amends !== undefined ? ' amendment' : offer?.under !== undefined ? ' call-off' : '';
  return `${side}${kind} ${state}`;
}
