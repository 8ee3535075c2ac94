// Strangers at the door: who comes in, who waits, in which order wraps are opened, and what a budget allows.

import { describe, expect, it } from 'vitest';
import { createCpuBudget, msUntilFunds, spend } from '../../core/cpuBudget.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import { invitePolicySchema, judgeInvite, type InviteFacts, type InvitePolicy } from './invitePolicy.ts';
import { createWrapQueue } from './wrapQueue.ts';

const [friend, foe, stranger] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const policy = (rules: Partial<InvitePolicy> = {}): InvitePolicy =>
  invitePolicySchema.parse({ anyone: true, allowed: [friend], blocked: [foe], ...rules });
const facts = (known: Partial<InviteFacts> = {}): InviteFacts => ({
  ...{ sender: stranger, isKnown: false, open: 0, work: 0, lately: 0, strangers: 0, isSelling: true },
  ...known,
});
const waits = (what: string) => ({ kind: 'wait', for: what });

describe('the rules for invites', () => {
  it('read what older homes have', () => {
    expect(invitePolicySchema.parse({ anyone: false, allowed: [] })).toMatchObject({
      blocked: [],
      minTrust: 0,
      perHour: 120,
      maxOpen: 1_000,
    });
    expect(invitePolicySchema.safeParse({ anyone: true, allowed: [], minTrust: 101 }).success).toBe(false);
  });

  it('never hear who is blocked, and always let in who is allowed or known, whatever the limits for strangers', () => {
    const full = { lately: 10_000, strangers: 10_000, isSelling: false };
    const strict = policy({ anyone: false, announcedOnly: true, minTrust: 100, minWork: 32 });
    expect(judgeInvite(strict, facts({ ...full, sender: foe, isKnown: true }))).toEqual({ kind: 'drop' });
    expect(judgeInvite(strict, facts({ ...full, sender: friend }))).toEqual({ kind: 'join' });
    expect(judgeInvite(strict, facts({ ...full, isKnown: true }))).toEqual({ kind: 'join' });
  });

  it('open no more than sixteen channels with one peer', () => {
    expect(judgeInvite(policy(), facts({ sender: friend, open: 15 }))).toEqual({ kind: 'join' });
    expect(judgeInvite(policy(), facts({ sender: friend, open: 16 }))).toEqual(waits('room'));
  });

  it.each<[string, Partial<InvitePolicy>, Partial<InviteFacts>, object]>([
    ['nobody may', { anyone: false }, {}, waits('owner')],
    ['anyone may', {}, {}, { kind: 'join' }],
    ['nothing is announced', { announcedOnly: true }, { isSelling: false }, waits('owner')],
    ['something is announced', { announcedOnly: true }, {}, { kind: 'join' }],
    ['too little work', { minWork: 12 }, { work: 11 }, waits('owner')],
    ['enough work', { minWork: 12 }, { work: 12 }, { kind: 'join' }],
    ['the score is not known yet', { minTrust: 30 }, {}, waits('trust')],
    ['the score is too low', { minTrust: 30 }, { trust: 29 }, waits('owner')],
    ['the score is good', { minTrust: 30 }, { trust: 30 }, { kind: 'join' }],
    ['the hour is full', { perHour: 3 }, { lately: 3 }, waits('room')],
    ['the house is full', { maxOpen: 5 }, { strangers: 5 }, waits('room')],
    ['there is room', { perHour: 3, maxOpen: 5 }, { lately: 2, strangers: 4 }, { kind: 'join' }],
  ])('a stranger where %s', (_, rules, known, verdict) => {
    expect(judgeInvite(policy(rules), facts(known))).toEqual(verdict);
  });
});

let made = 0;
function makeWrap(zeros: number, content = 'x', sig = 'd'.repeat(128)): NostrEvent {
  const id = `${'0'.repeat(zeros)}f${(made += 1).toString(16).padStart(63 - zeros, '1')}`;
  const tags = zeros === 0 ? [] : [['nonce', '1', String(zeros * 4)]];
  return { id, pubkey: stranger, kind: 1059, created_at: made, tags, content, sig };
}

describe('wraps that wait', () => {
  it('are opened by their work, and of equal work the latest first', () => {
    const queue = createWrapQueue();
    const wraps = [makeWrap(0), makeWrap(3), makeWrap(0), makeWrap(2), makeWrap(3)];
    for (const wrap of [...wraps, ...wraps]) queue.add(wrap);
    expect(queue.size()).toBe(5);
    const order = [4, 1, 3, 2, 0].map((i) => wraps[i]);
    expect(queue.take(2, 8)).toEqual(order.slice(0, 2));
    expect(queue.take(9, 8)).toEqual(order.slice(2, 3));
    expect(queue.take(9, 8)).toEqual([]);
    expect([...queue.take(1, 0), ...queue.take(9, 0)]).toEqual(order.slice(3));
    expect([queue.size(), queue.takeDropped()]).toEqual([0, 0]);
  });

  it('take no more room than they may: the oldest with least work go, and that is told', () => {
    const queue = createWrapQueue({ wraps: 3, chars: 100 });
    const [old, worked, young] = [makeWrap(0), makeWrap(2), makeWrap(0)];
    for (const wrap of [old, worked, young]) queue.add(wrap);
    expect(queue.takeDropped()).toBe(0);
    const late = makeWrap(0);
    queue.add(late);
    expect([queue.takeDropped(), queue.takeDropped()]).toEqual([1, 0]);
    expect(queue.take(9, 0)).toEqual([worked, late, young]);
    queue.add(makeWrap(0, 'x'.repeat(101)));
    expect([queue.size(), queue.takeDropped()]).toEqual([0, 1]);
  });

  it('a false signature does not keep out the event whose id it has', () => {
    const queue = createWrapQueue();
    const wrap = makeWrap(0);
    const forged = { ...wrap, sig: 'e'.repeat(128) };
    for (const each of [forged, wrap]) queue.add(each);
    expect(queue.take(9, 0)).toEqual([wrap, forged]);
  });
});

describe('a budget of milliseconds', () => {
  it('gives a burst at once and the rest in time, and minds no clock that goes back', () => {
    const budget = createCpuBudget(1_000, 100, 0);
    spend(budget, 900, 0);
    expect(msUntilFunds(budget, 0)).toBe(0);
    spend(budget, 300, 0);
    expect(msUntilFunds(budget, 0)).toBe(2_010);
    expect(msUntilFunds(budget, -5_000)).toBe(2_010);
    expect(msUntilFunds(budget, 2_500)).toBe(0);
    expect(msUntilFunds(budget, 1e9)).toBe(0);
    expect(budget.leftMs).toBe(1_000);
  });
});
