import { describe, expect, it } from 'vitest';
import { encodeBundle } from './bundle.ts';
import { exportBundle } from './exportBundle.ts';
import type { MoveRumor } from './move.ts';
import { CANCEL_GRACE_S } from './negotiation.ts';
import { accept, act, confirm, exchange, issue, meet, offer, receive, T0, tryOffer, verify, type Party } from './parties.fixture.ts';
import { readPhase } from './phase.ts';
import { listPresigned, readOfferStatus } from './slot.ts';
import { verifyBundle } from './verifyBundle.ts';

const HOUR_S = 3_600;
const phases = (...parties: Party[]): string[] => parties.map(({ state }) => readPhase(state));
const take = (party: Party): MoveRumor[] => party.outbox.splice(0);
const typesIn = (outbox: readonly MoveRumor[]): string[] => outbox.map(({ content }) => (JSON.parse(content) as { type: string }).type);
const codesIn = (outbox: readonly MoveRumor[]): string[] =>
  outbox.map(({ content }) => (JSON.parse(content) as { code?: string }).code ?? '').filter((code) => code !== '');

function bundleOf({ state }: Party, index = 0): string {
  const commitment = state.commitments[index];
  const bundle = commitment === undefined ? undefined : exportBundle(state, commitment);
  return bundle === undefined ? '' : encodeBundle(bundle);
}

function proofOf(party: Party, index = 0): string {
  const report = verifyBundle(bundleOf(party, index), verify);
  return report.kind === 'valid' ? report.state : report.kind;
}

/** A provider's presigned offer, before the buyer. */
function quote(sats = 700n): { buyer: Party; provider: Party; id: string } {
  const { buyer, provider } = meet();
  const id = offer(provider, sats, { presigned: true });
  exchange(buyer, provider);
  return { buyer, provider, id };
}

describe('a presigned offer', () => {
  it('becomes a deal by the accept and the closing, and both hold one bundle', () => {
    const { buyer, provider, id } = quote();
    expect(phases(buyer, provider)).toEqual(['offered', 'offered']);
    expect(accept(buyer, id).kind).toBe('moved');
    expect(phases(buyer)).toEqual(['sealing']);
    take(buyer).forEach((rumor) => receive(provider, rumor));
    expect(typesIn(provider.outbox)).toEqual(['close']);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    expect(bundleOf(buyer)).toBe(bundleOf(provider));
    expect(proofOf(buyer)).toBe('closed');
  });

  it('says one thing for ever, however often its accept comes', () => {
    const { buyer, provider, id } = quote();
    accept(buyer, id);
    const accepted = take(buyer);
    for (const rumor of [...accepted, ...accepted]) receive(provider, rumor);
    const closes = provider.outbox.filter(({ content }) => content.includes('"type":"close"'));
    expect(new Set(closes.map(({ id: each }) => each)).size).toBe(1);
  });

  it('is taken back by its maker, and an accept that crosses that gets the same voiding', () => {
    const { buyer, provider, id } = quote();
    accept(buyer, id);
    expect(issue(provider, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: id } })).toEqual({
      kind: 'refused',
      reason: 'unknown-offer',
    });
    expect(issue(provider, { type: 'cancel', offer: id }).kind).toBe('moved');
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['open', 'open']);
    expect([proofOf(buyer), proofOf(provider)]).toEqual(['void', 'void']);
    expect(accept(buyer, id)).toEqual({ kind: 'refused', reason: 'cancelled' });
  });

  it('is void once its window and the grace are over, and not before', () => {
    const { buyer, provider, id } = quote();
    const edge = T0 + HOUR_S + CANCEL_GRACE_S;
    act(provider, { kind: 'tick', now: edge });
    expect(listPresigned(provider.state)).toHaveLength(1);
    act(provider, { kind: 'tick', now: edge + 1 });
    expect(typesIn(provider.outbox)).toEqual(['cancel']);
    exchange(buyer, provider, edge + 1);
    expect(buyer.state.offers.map((each) => readOfferStatus(buyer.state, each))).toEqual(['cancelled']);
    expect(accept(buyer, id, edge + 1)).toEqual({ kind: 'refused', reason: 'cancelled' });
  });

  it('is closed when a second signature of its window comes in the grace', () => {
    const { buyer, provider, id } = quote();
    accept(buyer, id, T0 + HOUR_S);
    act(provider, { kind: 'tick', now: T0 + HOUR_S + CANCEL_GRACE_S });
    for (const rumor of take(buyer)) receive(provider, rumor, T0 + HOUR_S + CANCEL_GRACE_S);
    exchange(buyer, provider, T0 + HOUR_S + CANCEL_GRACE_S);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
  });

  it('stands once at a time, and an end takes it along', () => {
    const { buyer, provider } = quote();
    expect(tryOffer(provider, 650n, { presigned: true })).toEqual({ kind: 'refused', reason: 'slot-taken' });
    expect(issue(provider, { type: 'cancel' }).kind).toBe('moved');
    expect(typesIn(provider.outbox)).toEqual(['cancel', 'cancel']);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['cancelled', 'cancelled']);
    expect(proofOf(provider)).toBe('void');
  });

  it('of a side that is told the end is voided by it', () => {
    const { buyer, provider } = quote();
    issue(buyer, { type: 'cancel' });
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['cancelled', 'cancelled']);
    expect(proofOf(provider)).toBe('void');
  });

  it('that the peer declines is voided at once', () => {
    const { buyer, provider, id } = quote();
    issue(buyer, { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: false, code: 'too-dear' } });
    exchange(buyer, provider);
    expect(proofOf(provider)).toBe('void');
    expect(phases(buyer, provider)).toEqual(['open', 'open']);
  });

  it('gives way to nothing: an undecided accept of its maker is voided when it is accepted', () => {
    const { buyer, provider, id } = quote();
    const cheap = offer(buyer, 600n);
    exchange(buyer, provider);
    accept(provider, cheap);
    accept(buyer, id);
    const crossing = [take(buyer), take(provider)] as const;
    crossing[0].forEach((rumor) => receive(provider, rumor));
    expect(typesIn(provider.outbox)).toEqual(['cancel', 'close']);
    crossing[1].forEach((rumor) => receive(buyer, rumor));
    expect(codesIn(buyer.outbox)).toEqual(['busy']);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    expect(bundleOf(provider, 0)).toBe(bundleOf(buyer, 0));
    expect([proofOf(provider, 0), proofOf(provider, 1)]).toEqual(['closed', 'void']);
  });

  it('of each side, both accepted at once, leaves one deal: the buyer’s offer', () => {
    const { buyer, provider, id } = quote();
    const mine = offer(buyer, 650n, { presigned: true });
    exchange(buyer, provider);
    accept(buyer, id);
    accept(provider, mine);
    expect(typesIn(provider.outbox)).toEqual(['cancel', 'accept']);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    const closed = [buyer, provider].map(({ state }) => state.commitments.find((each) => each.state === 'agreed')?.offer);
    expect(closed).toEqual([mine, mine]);
  });

  it('that holds a wrong signature, other terms or another window is refused by its reader', () => {
    const { buyer, provider } = meet();
    exchange(buyer, provider);
    offer(provider, 700n, { presigned: true });
    const [rumor] = take(provider);
    const { buyer: stranger, provider: other } = meet();
    exchange(stranger, other);
    offer(other, 800n, { presigned: true, expiresAt: T0 + 999 });
    const [foreign] = take(other);
    if (rumor === undefined || foreign === undefined) throw new Error('nothing was offered');
    const body = JSON.parse(rumor.content) as Record<string, unknown>;
    const theirs = JSON.parse(foreign.content) as Record<string, unknown>;
    const content = JSON.stringify({ ...body, presigned: theirs['presigned'] });
    expect(content).not.toBe(rumor.content);
    receive(buyer, remake(rumor, content));
    expect(codesIn(buyer.outbox)).toEqual(['invalid']);
    expect(buyer.state.offers).toEqual([]);
  });

  it('is not accepted while its window goes on beyond what its reader commits for', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n, { presigned: true, expiresAt: T0 + 86_400 });
    exchange(buyer, provider);
    expect(accept(buyer, id)).toEqual({ kind: 'refused', reason: 'window' });
    expect(accept(buyer, id, T0 + 86_400 - 7_200).kind).toBe('moved');
  });
});

/** The event with other content, as a liar who signs nothing else anew would send it. */
function remake(rumor: MoveRumor, content: string): MoveRumor {
  // The order of keys in the content stays: only a value has changed.
  return { ...rumor, content };
}

describe('alternatives of an offer', () => {
  it('are accepted by their number, and the deal is about that one’s terms alone', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n, { alternatives: [800n, 900n] });
    exchange(buyer, provider);
    expect(accept(buyer, id, T0, 3)).toEqual({ kind: 'refused', reason: 'unknown-offer' });
    expect(accept(buyer, id, T0, 2).kind).toBe('moved');
    exchange(buyer, provider);
    confirm(provider);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    expect(bundleOf(buyer)).toBe(bundleOf(provider));
    expect(bundleOf(buyer)).toContain('"amount_msat":"900000"');
    expect(bundleOf(buyer)).not.toContain('700000');
    const seed = provider.state.offers[0]?.seed ?? '';
    expect(bundleOf(buyer)).not.toContain(seed);
    expect(proofOf(buyer)).toBe('closed');
  });
});
