// One deal or none: two honest sides under every kind of loss, repetition, delay, reordering and crossing that chance comes up with.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { START_BY_S } from './agreement.ts';
import { listUnseen } from './chain.ts';
import { encodeBundle } from './bundle.ts';
import { exportBundle } from './exportBundle.ts';
import type { MoveRumor } from './move.ts';
import { CANCEL_GRACE_S, findOffer, type Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { findHeld } from './slot.ts';
import { accept, act, confirm, issue, meet, offer, receive, T0, verify, type Party } from './parties.fixture.ts';
import { verifyBundle, type BundleState } from './verifyBundle.ts';

type Side = 'buyer' | 'provider';
const SIDES: readonly Side[] = ['buyer', 'provider'];
const other = (side: Side): Side => (side === 'buyer' ? 'provider' : 'buyer');

/** What chance can do. `at` picks a message in flight. */
type Event =
  | { readonly do: 'offer'; readonly side: Side; readonly sats: number }
  | { readonly do: 'accept' | 'confirm' | 'withdraw' | 'reject' | 'cancel' | 'say' | 'resend'; readonly side: Side }
  | { readonly do: 'deliver' | 'drop' | 'repeat'; readonly at: number }
  | { readonly do: 'wait'; readonly seconds: number };

const anySide = fc.constantFrom(...SIDES);
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('offer' as const), side: anySide, sats: fc.integer({ min: 1, max: 999 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('accept' as const), side: anySide }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('confirm' as const), side: anySide }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('withdraw' as const, 'reject' as const, 'cancel' as const, 'say' as const), side: anySide }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resend' as const), side: anySide }) },
  { weight: 16, arbitrary: fc.record({ do: fc.constant('deliver' as const), at: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'repeat' as const), at: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(60, 1_800, 3_600, 8_000, 100_000) }) },
);

interface World {
  readonly parties: Readonly<Record<Side, Party>>;
  readonly flight: { readonly to: Side; readonly rumor: MoveRumor }[];
  now: number;
}

function makeWorld(): World {
  return { parties: meet(), flight: [], now: T0 };
}

function collect(world: World): void {
  for (const side of SIDES) {
    for (const rumor of world.parties[side].outbox.splice(0)) {
      // An outbox holds each move at most once (docs/decisions/0001).
      if (!world.flight.some(({ rumor: queued }) => queued.id === rumor.id)) world.flight.push({ to: other(side), rumor });
    }
  }
}

function happen(world: World, event: Event): void {
  switch (event.do) {
    case 'wait':
      world.now += event.seconds;
      for (const side of SIDES) act(world.parties[side], { kind: 'tick', now: world.now });
      break;
    case 'deliver':
    case 'drop':
    case 'repeat': {
      const place = world.flight.length === 0 ? -1 : event.at % world.flight.length;
      const message = event.do === 'repeat' ? world.flight[place] : world.flight.splice(place, place < 0 ? 0 : 1)[0];
      if (message !== undefined && event.do !== 'drop') receive(world.parties[message.to], message.rumor, world.now);
      break;
    }
    case 'offer':
    case 'accept':
    case 'confirm':
    case 'withdraw':
    case 'reject':
    case 'cancel':
    case 'say':
    case 'resend':
      move(world, event);
      break;
    default:
      event satisfies never;
  }
  collect(world);
  checkAlways(world);
}

function move({ parties, now }: World, event: Exclude<Event, { do: 'wait' | 'deliver' | 'drop' | 'repeat' }>): void {
  const party = parties[event.side];
  const { state } = party;
  const theirs = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open')?.id;
  const mine = state.offers.findLast(({ by }) => by === state.me)?.id;
  switch (event.do) {
    case 'offer':
      if (state.ended === undefined && now < state.open.expires_at) offer(party, BigInt(event.sats), { now, expiresAt: now + 3_600 });
      return;
    case 'accept':
      if (theirs !== undefined) accept(party, theirs, now);
      return;
    case 'confirm':
      if (state.pending !== undefined) confirm(party, now);
      return;
    case 'withdraw':
      if (mine !== undefined) issue(party, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: mine } }, now);
      return;
    case 'reject':
      if (theirs !== undefined)
        issue(party, { type: 'reject', body: { v: 1, type: 'reject', offer: theirs, final: event.side === 'buyer', code: 'no' } }, now);
      return;
    case 'cancel':
      issue(party, { type: 'cancel' }, now);
      return;
    case 'say':
      issue(party, { type: 'talk', body: { v: 1, type: 'ask', text: 'Hm?' } }, now);
      return;
    case 'resend':
      party.outbox.push(...listUnseen(state.chain).map((id) => party.log.get(id) as MoveRumor));
      return;
    default:
      event satisfies never;
  }
}

/** Each side's proofs: for every commitment what its bundle shows, with the agreement it is about. */
function proofs(
  state: Negotiation,
): readonly { readonly agreement: string; readonly proof: BundleState | 'invalid'; readonly text: string }[] {
  return state.commitments.map((commitment) => {
    const bundle = exportBundle(state, commitment);
    if (bundle === undefined) throw new Error('a commitment must have its offer');
    const text = encodeBundle(bundle);
    const report = verifyBundle(text, verify);
    return { agreement: commitment.agreement, proof: report.kind === 'valid' ? report.state : 'invalid', text };
  });
}

/** What holds at every moment, whatever is still in flight. */
function checkAlways({ parties }: World): void {
  for (const side of SIDES) {
    const { state } = parties[side];
    const held = state.commitments.filter(({ state: kept }) => ['accepting', 'closed', 'sealing', 'agreed'].includes(kept));
    expect(held.length).toBeLessThanOrEqual(1);
    expect(state.cheated).toBeUndefined();
    expect(state.chain.equivocation).toBeUndefined();
    // Who holds a deal holds it with the other: it cannot have gone another way there.
    if (readPhase(state) !== 'agreed') continue;
    const mine = findHeld(state)?.agreement;
    const theirs = parties[other(side)].state.commitments.find(({ agreement }) => agreement === mine);
    expect(theirs === undefined ? 'nothing' : theirs.state).toMatch(/^(?:agreed|closed)$/);
  }
}

/** Lets everything arrive and both sides do what is theirs to do, until nothing moves. */
function settle(world: World): void {
  for (let round = 0; round < 60; round += 1) {
    for (const { to, rumor } of world.flight.splice(0)) receive(world.parties[to], rumor, world.now);
    for (const side of SIDES) {
      const party = world.parties[side];
      act(party, { kind: 'tick', now: world.now });
      if (party.state.pending !== undefined) confirm(party, world.now);
      if (round % 4 === 3) happenQuietly(world, side);
    }
    collect(world);
    const isStill = SIDES.every((side) => listUnseen(world.parties[side].state.chain).length === 0);
    if (world.flight.length === 0 && isStill) return;
  }
  throw new Error('the two sides never fall silent');
}

function happenQuietly(world: World, side: Side): void {
  move(world, { do: 'resend', side });
}

describe('two honest sides', () => {
  it('end with one deal or none, and with the same proof of it, whatever happens in between', () => {
    const seen = { agreed: 0, void: 0, late: 0, none: 0 };
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 10, maxLength: 80 }), (events) => {
        const world = makeWorld();
        collect(world);
        for (const event of events) happen(world, event);
        settle(world);
        // Every window, grace and start_by is over; what was decided then has to arrive.
        world.now += 3_600 + CANCEL_GRACE_S + 1;
        settle(world);
        world.now += START_BY_S + 1;
        settle(world);
        const [buyer, provider] = SIDES.map((side) => world.parties[side].state) as [Negotiation, Negotiation];
        const phases = [readPhase(buyer), readPhase(provider)];
        expect(phases[0] === 'agreed').toBe(phases[1] === 'agreed');
        expect(phases).not.toContain('accepting');
        expect(phases).not.toContain('sealing');
        const [mine, theirs] = [proofs(buyer), proofs(provider)];
        const closed = [mine, theirs].map((list) => list.filter(({ proof }) => proof === 'closed'));
        expect(closed[0]?.map(({ text }) => text)).toEqual(closed[1]?.map(({ text }) => text));
        expect(closed[0]?.length).toBe(phases[0] === 'agreed' ? 1 : 0);
        for (const { proof } of [...mine, ...theirs]) expect(proof).not.toBe('invalid');
        count(seen, [...mine, ...theirs]);
      }),
      { numRuns: 400 },
    );
    // The interesting cases did occur.
    expect(seen.agreed).toBeGreaterThan(20);
    expect(seen.void).toBeGreaterThan(20);
    expect(seen.none).toBeGreaterThan(5);
  }, 120_000);

  it('meet the late case by chance when the second signer waits for a close that is held back', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    for (const rumor of provider.outbox.splice(0)) receive(buyer, rumor);
    accept(buyer, id);
    for (const rumor of buyer.outbox.splice(0)) receive(provider, rumor);
    confirm(provider);
    for (const rumor of provider.outbox.splice(0)) receive(buyer, rumor);
    const world: World = { parties: { buyer, provider }, flight: [], now: T0 + 3_600 + START_BY_S };
    act(provider, { kind: 'tick', now: world.now });
    collect(world);
    settle(world);
    expect([proofs(buyer.state)[0]?.proof, proofs(provider.state)[0]?.proof]).toEqual(['late', 'late']);
    expect(findOffer(buyer.state, id)?.status).toBe('open');
  });
});

function count(seen: Record<'agreed' | 'void' | 'late' | 'none', number>, list: ReturnType<typeof proofs>): void {
  if (list.length === 0) seen.none += 1;
  if (list.some(({ proof }) => proof === 'closed')) seen.agreed += 1;
  if (list.some(({ proof }) => proof === 'void')) seen.void += 1;
  if (list.some(({ proof }) => proof === 'late')) seen.late += 1;
}
