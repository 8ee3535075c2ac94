import { describe, expect, it } from 'vitest';
import { START_BY_S } from './agreement.ts';
import { exportBundle } from './exportBundle.ts';
import type { MoveRumor } from './move.ts';
import {
  accept,
  act,
  confirm,
  exchange,
  issue,
  meet,
  offer,
  T0,
  tryOffer,
  verify,
  type OfferOptions,
  type Party,
} from './parties.fixture.ts';
import { readPhase } from './phase.ts';
import { readDeal } from './settleHeld.ts';
import { findDeal, findHead, listPresigned } from './slot.ts';
import { encodeBundle } from './bundle.ts';
import { verifyBundle } from './verifyBundle.ts';

const phases = (...parties: Party[]): string[] => parties.map(({ state }) => readPhase(state));
const codesIn = (outbox: readonly MoveRumor[]): string[] =>
  outbox.map(({ content }) => (JSON.parse(content) as { code?: string }).code ?? '').filter((code) => code !== '');
const headOf = ({ state }: Party): string => findHead(state)?.agreement ?? '';
const priceOf = ({ state }: Party): unknown => readDeal(state)?.terms.price;

/** Offers, accepts, confirms, closes. */
function close(by: Party, to: Party, sats: bigint, options: OfferOptions = {}): string {
  const id = offer(by, sats, options);
  exchange(by, to, options.now);
  expect(accept(to, id, options.now).kind).toBe('moved');
  exchange(by, to, options.now);
  if (by.state.pending !== undefined) expect(confirm(by, options.now).kind).toBe('moved');
  exchange(by, to, options.now);
  return by.state.commitments.findLast((each) => each.offer === id)?.agreement ?? '';
}

function strike(options: OfferOptions = {}): { buyer: Party; provider: Party; deal: string } {
  const { buyer, provider } = meet();
  return { buyer, provider, deal: close(provider, buyer, 700n, options) };
}

describe('an amendment', () => {
  it('takes the place of the deal on both sides, and says which one it replaces', () => {
    const { buyer, provider, deal } = strike();
    expect([headOf(buyer), headOf(provider)]).toEqual([deal, deal]);
    const amended = close(buyer, provider, 800n, { amends: deal });
    expect([headOf(buyer), headOf(provider)]).toEqual([amended, amended]);
    expect([priceOf(buyer), priceOf(provider)]).toEqual([priceOf(buyer), { model: 'fixed', amount_msat: '800000' }]);
    const held = findDeal(buyer.state);
    const bundle = held === undefined ? undefined : exportBundle(buyer.state, held);
    expect(bundle?.agreement.supersedes).toBe(deal);
    expect(verifyBundle(bundle === undefined ? '' : encodeBundle(bundle), verify)).toMatchObject({ kind: 'valid', state: 'closed' });
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
  });

  it('of a deal that was amended meanwhile is stale, also when it was signed in advance', () => {
    const { buyer, provider, deal } = strike();
    const plain = offer(provider, 900n, { amends: deal });
    offer(buyer, 650n, { amends: deal, presigned: true });
    exchange(buyer, provider);
    const amended = close(provider, buyer, 850n, { amends: deal });
    expect(headOf(buyer)).toBe(amended);
    // The closing has voided what was signed for the deal before.
    expect(listPresigned(buyer.state)).toEqual([]);
    expect(accept(buyer, plain)).toEqual({ kind: 'refused', reason: 'superseded' });
    const late = offer(provider, 901n, { amends: deal });
    exchange(buyer, provider);
    expect(accept(buyer, late)).toEqual({ kind: 'refused', reason: 'stale' });
  });

  it('that nobody confirms leaves the deal as it was, and so does one refused as late', () => {
    const { buyer, provider, deal } = strike();
    const id = offer(provider, 900n, { amends: deal });
    exchange(buyer, provider);
    accept(buyer, id);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    confirm(provider);
    const { outbox } = provider;
    const sealed = outbox.splice(0);
    // The provider waits until the work should have begun, and gives up; only then its confirmation arrives.
    const end = T0 + 3_600 + START_BY_S;
    act(provider, { kind: 'tick', now: end });
    expect(headOf(provider)).toBe(deal);
    provider.outbox.push(...sealed);
    exchange(buyer, provider, T0);
    expect(headOf(buyer)).toBe(deal);
    expect(buyer.state.commitments.map(({ state }) => state)).toEqual(['agreed', 'late']);
    expect([headOf(buyer), headOf(provider)]).toEqual([deal, deal]);
    // The offer stands as it did, unless it has expired.
    close(provider, buyer, 950n, { amends: deal });
    expect(headOf(buyer)).not.toBe(deal);
  });

  it('cannot be ended with the negotiation: the deal holds', () => {
    const { buyer, deal, provider } = strike();
    offer(provider, 900n, { amends: deal });
    exchange(buyer, provider);
    expect(issue(buyer, { type: 'cancel' })).toEqual({ kind: 'refused', reason: 'slot-taken' });
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
  });

  it('is what an offer after a deal must be: a plain one is not accepted', () => {
    const { buyer, provider } = strike();
    const id = offer(provider, 900n);
    exchange(buyer, provider);
    expect(accept(buyer, id)).toEqual({ kind: 'refused', reason: 'slot-taken' });
    expect(tryOffer(provider, 1n, { presigned: true })).toEqual({ kind: 'refused', reason: 'slot-taken' });
  });
});

describe('a framework', () => {
  const framework = { max_calls: 3, cap_msat: '1000000', ends_at: T0 + 5_000 };

  it('takes call-offs up to its cap and its number, each a deal of its own, and stays the head', () => {
    const { buyer, provider, deal } = strike({ framework });
    const one = close(provider, buyer, 400n, { under: deal });
    const two = close(buyer, provider, 500n, { under: deal, presigned: true });
    expect([headOf(buyer), headOf(provider)]).toEqual([deal, deal]);
    for (const party of [buyer, provider]) {
      expect(readDeal(party.state, one)?.terms.price).toEqual({ model: 'fixed', amount_msat: '400000' });
      expect(readDeal(party.state, two)?.terms.price).toEqual({ model: 'fixed', amount_msat: '500000' });
    }
    const dear = offer(provider, 101n, { under: deal });
    exchange(buyer, provider);
    expect(accept(buyer, dear)).toEqual({ kind: 'refused', reason: 'cap' });
    close(provider, buyer, 100n, { under: deal });
    const fourth = offer(provider, 0n, { under: deal });
    exchange(buyer, provider);
    expect(accept(buyer, fourth)).toEqual({ kind: 'refused', reason: 'cap' });
  });

  it('gives back what a call-off that came to nothing had taken', () => {
    const { buyer, provider, deal } = strike({ framework });
    const id = offer(provider, 1_000n, { under: deal });
    exchange(buyer, provider);
    accept(buyer, id);
    const small = offer(provider, 1n, { under: deal });
    exchange(buyer, provider);
    // The newer offer has replaced the accepted one, so that the accept is void.
    expect(buyer.state.commitments.map(({ state }) => state)).toEqual(['agreed', 'cancelled']);
    expect(accept(buyer, small).kind).toBe('moved');
  });

  it('that has ended, or is none, takes no call-off', () => {
    const over = strike({ framework });
    const late = offer(over.provider, 1n, { under: over.deal, now: T0 + 5_001 });
    exchange(over.buyer, over.provider, T0 + 5_001);
    expect(accept(over.buyer, late, T0 + 5_001)).toEqual({ kind: 'refused', reason: 'framework' });
    const plain = strike();
    const none = offer(plain.provider, 1n, { under: plain.deal });
    exchange(plain.buyer, plain.provider);
    expect(accept(plain.buyer, none)).toEqual({ kind: 'refused', reason: 'framework' });
    expect(codesIn(plain.provider.outbox)).toEqual([]);
  });
});
