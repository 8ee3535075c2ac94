// After the deal: each step once, by the right side, in an order that protects both; nothing is taken back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../core/bytes.ts';
import { signEvent, verifyEvent } from '../nostr/event.ts';
import { hashReceipt, makeCompletionTemplate, readCompletion, verifyCompletion, type CompletionEvent } from './completion.ts';
import { areSameFiles, hashFiles, type FileRef } from './files.ts';
import { encodeMove } from './move.ts';
import { nextHeader } from './chain.ts';
import { readPhase } from './phase.ts';
import { accept, confirm, exchange, issue, meet, offer, receive, T0, type Party } from './parties.fixture.ts';
import { makeFixedPrice } from './price.ts';
import { readDeal } from './settleHeld.ts';
import { beginSettlement, readSettlementPhase, settle, type Settlement, type SettlementMove } from './settlement.ts';
import type { Terms } from './terms.ts';

const AGREEMENT = 'ab'.repeat(32);
const file = (name: string, text: string): FileRef => ({ name, sha256: sha256Hex(text), size: text.length });
const inputs = [file('contract.txt', 'secret'), file('notes.txt', 'more')];
const results = [file('contract.en.txt', 'translated')];
const terms: Terms = { service: { capability: 'translation' }, scope: { summary: 'x', inputs }, price: makeFixedPrice(1_000n) };
const { buyer, provider } = meet();
const parties = { buyer: buyer.pubkey, provider: provider.pubkey };
const facts = { terms, parties };

function complete(party: Party, role: 'buyer' | 'provider', files = results, agreement = AGREEMENT): CompletionEvent {
  const template = makeCompletionTemplate({ agreement, role, files: hashFiles(files) }, T0);
  return signEvent(party.secretKey, party.pubkey, template, new Uint8Array(32)) as unknown as CompletionEvent;
}

const paymentEvent = {
  id: '1'.repeat(64),
  pubkey: parties.provider,
  created_at: T0,
  kind: 4_394,
  tags: [['-']],
  content: '' as const,
  sig: '2'.repeat(128),
};
const moves = {
  input: { v: 1, type: 'input', agreement: AGREEMENT, files: inputs },
  payterms: { v: 1, type: 'payterms', agreement: AGREEMENT, terms: paymentEvent, request: 'lnbcrt1', salt: '3'.repeat(64) },
  funded: { v: 1, type: 'funded', agreement: AGREEMENT, funded: { ...paymentEvent, kind: 4_395 } },
  deliver: { v: 1, type: 'deliver', agreement: AGREEMENT, files: results },
  accepted: { v: 1, type: 'completion', agreement: AGREEMENT, signature: complete(buyer, 'buyer') },
  countersigned: { v: 1, type: 'completion', agreement: AGREEMENT, signature: complete(provider, 'provider') },
  dispute: { v: 1, type: 'dispute', agreement: AGREEMENT, code: 'digest' },
} as const satisfies Record<string, SettlementMove>;

const steps = [
  [moves.input, 'buyer'],
  [moves.payterms, 'provider'],
  [moves.funded, 'buyer'],
  [moves.deliver, 'provider'],
  [moves.accepted, 'buyer'],
  [moves.countersigned, 'provider'],
] as const;

function walk(count: number): Settlement {
  return steps.slice(0, count).reduce<Settlement>((state, [move, by]) => {
    const next = settle(state, move, by, facts);
    if (typeof next === 'string') throw new Error(`${move.type} was refused as ${next}`);
    return next;
  }, beginSettlement(AGREEMENT));
}

describe('a settlement', () => {
  it('goes from inputs to a completion signed by both', () => {
    const phases = steps.map((_, i) => readSettlementPhase(walk(i + 1)));
    expect(phases).toEqual(['agreed', 'payable', 'funded', 'delivered', 'accepted', 'completed']);
  });

  it('is changed by no repetition of a step, at any later time', () => {
    for (let count = 1; count <= steps.length; count += 1) {
      const state = walk(count);
      for (const [move, by] of steps.slice(0, count)) expect(settle(state, move, by, facts)).toBe(state);
    }
  });

  it('takes no step from the wrong side, too early, or in two versions', () => {
    for (const [move, by] of steps.slice(0, 4)) {
      expect(settle(walk(0), move, by === 'buyer' ? 'provider' : 'buyer', facts)).toBe('wrong-role');
    }
    expect(settle(walk(0), moves.payterms, 'provider', facts)).toBe('too-early');
    expect(settle(walk(1), moves.funded, 'buyer', facts)).toBe('too-early');
    expect(settle(walk(0), moves.deliver, 'provider', facts)).toBe('too-early');
    expect(settle(walk(3), moves.accepted, 'buyer', facts)).toBe('too-early');
    expect(settle(walk(4), moves.countersigned, 'provider', facts)).toBe('too-early');
    expect(settle(walk(2), { ...moves.payterms, request: 'lnbcrt2' }, 'provider', facts)).toBe('conflict');
    expect(settle(walk(3), { ...moves.funded, proof: '00' }, 'buyer', facts)).toBe('conflict');
    expect(settle(walk(4), { ...moves.deliver, files: inputs }, 'provider', facts)).toBe('conflict');
  });

  it('names the first reason of one order, whatever the step', () => {
    const other = { ...moves.input, files: results };
    expect(settle(walk(6), moves.deliver, 'buyer', facts)).toBe('wrong-role');
    expect(settle(walk(6), moves.payterms, 'buyer', facts)).toBe('wrong-role');
    expect(settle(walk(6), other, 'buyer', facts)).toBe('completed');
    expect(settle(walk(1), other, 'buyer', facts)).toBe('conflict');
    expect(settle(walk(4), { ...moves.countersigned, signature: complete(buyer, 'buyer') }, 'provider', facts)).toBe('too-early');
    const disputed = settle(walk(5), moves.dispute, 'provider', facts) as Settlement;
    expect(settle(disputed, moves.dispute, 'buyer', facts)).toBe('completed');
    expect(settle(disputed, other, 'buyer', facts)).toBe('disputed');
    expect(settle(disputed, moves.payterms, 'buyer', facts)).toBe('wrong-role');
    expect(settle(disputed, { ...moves.dispute, text: 'In other words.' }, 'provider', facts)).toBe(disputed);
  });

  it('takes only the inputs that the terms name, in any order', () => {
    const changed = [{ ...(inputs[0] as FileRef), sha256: '0'.repeat(64) }, inputs[1] as FileRef];
    expect(settle(walk(0), { ...moves.input, files: changed }, 'buyer', facts)).toBe('invalid');
    expect(settle(walk(0), { ...moves.input, files: inputs.slice(0, 1) }, 'buyer', facts)).toBe('invalid');
    expect(typeof settle(walk(0), { ...moves.input, files: inputs.toReversed() }, 'buyer', facts)).toBe('object');
    expect(areSameFiles(inputs, inputs.toReversed())).toBe(true);
  });

  it('is completed by signatures about this agreement, these files and the right role alone', () => {
    const wrong = [
      complete(buyer, 'buyer', inputs),
      complete(buyer, 'buyer', results, 'cd'.repeat(32)),
      complete(buyer, 'provider'),
      complete(provider, 'buyer'),
    ];
    for (const signature of wrong) expect(settle(walk(4), { ...moves.accepted, signature }, 'buyer', facts)).toBe('invalid');
    expect(verifyCompletion(complete(buyer, 'buyer'), verifyEvent)).toBe(true);
    expect(verifyCompletion({ ...complete(buyer, 'buyer'), created_at: 1 }, verifyEvent)).toBe(false);
    expect(verifyCompletion({ ...complete(buyer, 'buyer'), sig: '0'.repeat(128) }, verifyEvent)).toBe(false);
    expect(readCompletion({ ...complete(buyer, 'buyer'), tags: [['-']] })).toBeUndefined();
    const [mine, theirs] = [complete(buyer, 'buyer'), complete(provider, 'provider')];
    expect(hashReceipt(mine, theirs)).not.toBe(hashReceipt(theirs, mine));
  });

  it('stops at a dispute, which neither side can overwrite or raise against its own signature', () => {
    const disputed = settle(walk(4), moves.dispute, 'buyer', facts) as Settlement;
    expect(readSettlementPhase(disputed)).toBe('disputed');
    expect(settle(disputed, moves.accepted, 'buyer', facts)).toBe('disputed');
    expect(settle(disputed, moves.dispute, 'buyer', facts)).toBe(disputed);
    expect(settle(disputed, { ...moves.dispute, code: 'other' }, 'provider', facts)).toBe('disputed');
    expect(settle(walk(5), moves.dispute, 'buyer', facts)).toBe('completed');
    expect(settle(walk(6), moves.dispute, 'provider', facts)).toBe('completed');
  });

  it('never loses what was set, whatever comes in whatever order', () => {
    const any = fc.constantFrom(...Object.values(moves), { ...moves.payterms, request: 'other' }, { ...moves.deliver, files: inputs });
    fc.assert(
      fc.property(fc.array(fc.tuple(any, fc.constantFrom('buyer' as const, 'provider' as const)), { maxLength: 25 }), (events) => {
        let state = beginSettlement(AGREEMENT);
        for (const [move, by] of events) {
          const next = settle(state, move, by, facts);
          if (typeof next === 'string') continue;
          for (const key of ['inputs', 'payterms', 'funded', 'delivered', 'dispute'] as const) {
            if (state[key] !== undefined) expect(next[key]).toBe(state[key]);
          }
          expect({ ...next.completions, ...state.completions }).toEqual(next.completions);
          state = next;
        }
        if (state.completions.provider !== undefined) expect(state.completions.buyer).toBeDefined();
      }),
    );
  });
});

describe('the moves after a deal', () => {
  it('pass through the same chain, and are refused before the deal is held', () => {
    const two = meet();
    const id = offer(two.provider, 700n);
    exchange(two.buyer, two.provider);
    const early = { v: 1, type: 'deliver', agreement: AGREEMENT, files: results } as const;
    expect(issue(two.provider, { type: 'settle', body: early })).toEqual({ kind: 'refused', reason: 'too-early' });
    accept(two.buyer, id);
    exchange(two.buyer, two.provider);
    confirm(two.provider);
    exchange(two.buyer, two.provider);
    expect([readPhase(two.buyer.state), readPhase(two.provider.state)]).toEqual(['agreed', 'agreed']);
    const agreement = readDeal(two.buyer.state)?.settlement.agreement ?? '';
    expect(issue(two.provider, { type: 'settle', body: { ...early, agreement } }).kind).toBe('moved');
    exchange(two.buyer, two.provider);
    expect(readDeal(two.buyer.state)?.settlement.delivered).toEqual(results);
    const signature = complete(two.buyer, 'buyer', results, agreement);
    issue(two.buyer, { type: 'settle', body: { v: 1, type: 'completion', agreement, signature } });
    exchange(two.buyer, two.provider);
    expect(readSettlementPhase(readDeal(two.provider.state)?.settlement ?? beginSettlement(''))).toBe('accepted');
    expect(readPhase(two.provider.state)).toBe('agreed');
  });

  it('with a forged completion change nothing and are answered', () => {
    const two = meet();
    const id = offer(two.provider, 700n);
    exchange(two.buyer, two.provider);
    accept(two.buyer, id);
    exchange(two.buyer, two.provider);
    confirm(two.provider);
    exchange(two.buyer, two.provider);
    const agreement = readDeal(two.buyer.state)?.settlement.agreement ?? '';
    issue(two.provider, { type: 'settle', body: { v: 1, type: 'deliver', agreement, files: results } });
    exchange(two.buyer, two.provider);
    const signature = { ...complete(two.buyer, 'buyer', results, agreement), sig: '0'.repeat(128) };
    const body = { v: 1, type: 'completion', agreement, signature } as const;
    const { state, pubkey } = two.buyer;
    receive(two.provider, encodeMove({ author: pubkey, nid: state.nid, ...nextHeader(state.chain), alt: '', body, createdAt: T0 }));
    expect(readDeal(two.provider.state)?.settlement.completions).toEqual({});
    expect(two.provider.outbox.map(({ content }) => (JSON.parse(content) as { code?: string }).code)).toEqual(['signature']);
  });
});
