// Conversations drawn from a fixed seed: two honest sides make any moves at any time, and what is sent is lost, repeated and late.

import type { Role } from '../../src/negotiate/agreement.ts';
import { findHead } from '../../src/negotiate/slot.ts';
import { Stage, type OfferOptions } from './stage.ts';
import { makeDice, otherOf, T0, type Dice } from './testKeys.ts';

const JUMPS_S = [1, 60, 3_000, 3_600, 3_721, 7_200, 86_400];
const FRAMEWORK = { max_calls: 2, cap_msat: '400000', ends_at: T0 + 400_000 };

/** A conversation that depends on nothing but its number. */
export function playDrawn(number: number): unknown {
  const name = `drawn conversation ${number}`;
  const dice = makeDice(name);
  const stage = new Stage(name, { opener: dice(2) === 0 ? 'buyer' : 'provider' });
  stage.open({ expires_at: T0 + 30_000 + dice(900_000) });
  stage.exchange();
  for (let left = 12 + dice(30); left > 0; left -= 1) act(stage, dice);
  for (const role of ['buyer', 'provider'] as const) stage.tick(role);
  stage.exchange();
  return { name, dishonest: null, events: [...stage.events.values()], steps: stage.steps, end: stage.conclude() };
}

function act(stage: Stage, dice: Dice): void {
  const role = dice(2) === 0 ? 'buyer' : 'provider';
  const chosen = dice(20);
  if (chosen < 4) makeOffer(stage, role, dice);
  else if (chosen < 9) acceptAny(stage, role, dice);
  else if (chosen < 12) confirmAny(stage);
  else if (chosen < 16) carry(stage, role, dice);
  else if (chosen < 17) stage.now += JUMPS_S[dice(JUMPS_S.length)] ?? 0;
  else if (chosen < 18) stage.tick(role);
  else endSomething(stage, role, dice);
}

function makeOffer(stage: Stage, role: Role, dice: Dice): void {
  const head = findHead(stage.stateOf(role))?.agreement;
  const kind = dice(4);
  const named: OfferOptions = head === undefined || kind === 0 ? {} : kind === 1 ? { under: head } : { amends: head };
  const more: OfferOptions = dice(3) === 0 ? { presigned: true } : dice(4) === 0 ? { alternatives: [101, 102] } : {};
  const framework = named.under === undefined && dice(2) === 0 ? { terms: { framework: FRAMEWORK } } : {};
  stage.offer(role, 100 + stage.steps.length, { expiresAt: stage.now + 60 + dice(8_000), ...named, ...more, ...framework });
}

function acceptAny(stage: Stage, role: Role, dice: Dice): void {
  const offers = stage.stateOf(role).offers.filter(({ by }) => by === stage.stateOf(role).peer);
  const found = offers.at(-1 - dice(Math.min(2, Math.max(1, offers.length))));
  if (found !== undefined) stage.accept(role, found.id, found.alternatives === undefined ? 0 : dice(3));
}

function confirmAny(stage: Stage): void {
  for (const role of ['buyer', 'provider'] as const) if (stage.stateOf(role).pending !== undefined) stage.confirm(role);
}

function carry(stage: Stage, from: Role, dice: Dice): void {
  const moves = stage.take(from);
  const how = dice(8);
  if (how === 0) moves.splice(0, 1);
  if (how === 1) moves.reverse();
  for (const rumor of moves) stage.receive(otherOf(from), rumor);
  if (how === 2) for (const rumor of moves) stage.receive(otherOf(from), rumor);
}

function endSomething(stage: Stage, role: Role, dice: Dice): void {
  const { offers, me } = stage.stateOf(role);
  const mine = offers.findLast(({ by }) => by === me)?.id;
  const theirs = offers.findLast(({ by }) => by !== me)?.id;
  const chosen = dice(9);
  if (chosen === 0) stage.make(role, { type: 'cancel' });
  else if (chosen < 3 && mine !== undefined) stage.make(role, { type: 'cancel', offer: mine });
  else if (chosen < 5 && mine !== undefined) stage.make(role, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: mine } });
  else if (chosen < 7 && theirs !== undefined)
    stage.make(role, { type: 'reject', body: { v: 1, type: 'reject', offer: theirs, final: chosen === 5, code: 'no' } });
  else stage.say(role, 'Well?');
}
