// Rows of the race table that honest sides never enter: one side breaks a rule, the other keeps its hands clean and the evidence.

import { describe, expect, it } from 'vitest';
import { nextHeader } from './chain.ts';
import { encodeBundle } from './bundle.ts';
import { exportBundle } from './exportBundle.ts';
import { encodeMove, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import type { Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { accept, confirm, exchange, issue, meet, offer, receive, T0, verify, type Party } from './parties.fixture.ts';
import { verifyBundle } from './verifyBundle.ts';

const take = (party: Party): MoveRumor[] => party.outbox.splice(0);
const codesIn = (outbox: readonly MoveRumor[]): string[] =>
  outbox.map(({ content }) => (JSON.parse(content) as { code?: string }).code ?? '').filter((code) => code !== '');
const proofOf = (state: Negotiation): string => {
  const [commitment] = state.commitments;
  const bundle = commitment === undefined ? undefined : exportBundle(state, commitment);
  const report = verifyBundle(bundle === undefined ? '' : encodeBundle(bundle), verify);
  return report.kind === 'valid' ? `${report.state} ${report.cheats.join()}`.trim() : report.kind;
};

function forge(party: Party, body: MoveBody): MoveRumor {
  return encodeMove({ author: party.pubkey, nid: party.state.nid, ...nextHeader(party.state.chain), alt: '', body, createdAt: T0 });
}

/** The same side as it would be had it forgotten what it signed. */
function forgetful(party: Party): Party {
  const offers = party.state.offers.map((each) => ({ ...each, status: 'open' as const }));
  return { ...party, state: { ...party.state, commitments: [], offers }, outbox: [], log: new Map(party.log) };
}

/** The buyer has accepted, the provider has confirmed, nothing of the provider's has been delivered yet. */
function seal(): { buyer: Party; provider: Party; id: string } {
  const { buyer, provider } = meet();
  const id = offer(provider, 700n);
  exchange(buyer, provider);
  accept(buyer, id);
  take(buyer).forEach((rumor) => receive(provider, rumor));
  confirm(provider);
  expect(readPhase(provider.state)).toBe('sealing');
  return { buyer, provider, id };
}

describe('a side that breaks a rule', () => {
  it('gets "busy" for a second accept while the first is being sealed, and the first goes on', () => {
    const { buyer, provider, id } = seal();
    const twin = forgetful(buyer);
    // One second later, or it would be the very same signature.
    expect(accept(twin, id, T0 + 1).kind).toBe('moved');
    const toBuyer = take(provider);
    take(twin).forEach((rumor) => receive(provider, rumor, T0 + 1));
    expect(codesIn(provider.outbox)).toEqual(['busy']);
    expect(readPhase(provider.state)).toBe('sealing');
    expect(provider.state.commitments).toHaveLength(1);
    expect(toBuyer.length).toBeGreaterThan(0);
  });

  it('gets "busy" for a second accept while the first waits to be confirmed', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    take(buyer).forEach((rumor) => receive(provider, rumor));
    const twin = forgetful(buyer);
    accept(twin, id, T0 + 1);
    const first = provider.state.pending?.id;
    take(twin).forEach((rumor) => receive(provider, rumor, T0 + 1));
    expect(codesIn(provider.outbox)).toEqual(['busy']);
    expect(provider.state.pending?.id).toBe(first);
  });

  it('cannot end by a final rejection what it has signed: the deal is closed all the same', () => {
    const { buyer, provider, id } = seal();
    const reject = forge(buyer, { v: 1, type: 'reject', offer: id, final: true, code: 'no' });
    receive(provider, reject);
    expect(readPhase(provider.state)).toBe('sealing');
    expect(provider.state.ended).toBeUndefined();
    // Its own record of the move, so that its chain goes on from there.
    buyer.state = { ...buyer.state, chain: { ...buyer.state.chain, sent: [...buyer.state.chain.sent, { id: reject.id, type: 'reject' }] } };
    exchange(buyer, provider);
    expect([readPhase(buyer.state), readPhase(provider.state)]).toEqual(['agreed', 'agreed']);
  });

  it('is named as the cheat when the second signer first acknowledges the close and then calls it late', () => {
    const { buyer, provider } = seal();
    exchange(buyer, provider);
    const [mine] = provider.state.commitments;
    if (mine?.side !== 'second') throw new Error('the provider signs second');
    receive(buyer, forge(provider, { v: 1, type: 'error', re: 'ab'.repeat(32), code: 'late', l: mine.secrets.l }));
    expect(buyer.state.cheated).toBe(true);
    expect(proofOf(buyer.state)).toBe('cheated provider');
    expect(readPhase(buyer.state)).not.toBe('offered');
  });

  it('is named as the cheat when the second signer first calls the close late and then acknowledges it', () => {
    const { buyer, provider } = seal();
    take(provider).forEach((rumor) => receive(buyer, rumor));
    const [mine] = provider.state.commitments;
    if (mine?.side !== 'second') throw new Error('the provider signs second');
    const late = forge(provider, { v: 1, type: 'error', re: 'ab'.repeat(32), code: 'late', l: mine.secrets.l });
    receive(buyer, late);
    expect(proofOf(buyer.state)).toBe('late');
    const next = { ...provider.state.chain, sent: [...provider.state.chain.sent, { id: late.id, type: 'error' as const }] };
    provider.state = { ...provider.state, chain: next };
    receive(buyer, forge(provider, { v: 1, type: 'receipt', upto: 1, a: mine.secrets.a }));
    expect(buyer.state.cheated).toBe(true);
    expect(proofOf(buyer.state)).toBe('cheated provider');
  });

  it('cannot close with a wrong value, nor void with one', () => {
    const { buyer, provider } = seal();
    const [mine] = provider.state.commitments;
    if (mine?.side !== 'second') throw new Error('the provider signs second');
    receive(provider, forge(buyer, { v: 1, type: 'close', re: mine.secondMove, agreement: mine.agreement, c: 'ab'.repeat(32) }));
    expect(readPhase(provider.state)).toBe('sealing');
    const twin = forge(buyer, { v: 1, type: 'close', re: mine.secondMove, agreement: mine.agreement, c: 'ab'.repeat(32) });
    buyer.state = { ...buyer.state, chain: { ...buyer.state.chain, sent: [...buyer.state.chain.sent, { id: twin.id, type: 'close' }] } };
    receive(provider, forge(buyer, { v: 1, type: 'cancel', re: mine.firstMove, void: 'cd'.repeat(32) }));
    expect(readPhase(provider.state)).toBe('sealing');
    expect(codesIn(provider.outbox)).toEqual(['invalid', 'invalid']);
  });

  it('gets nothing for an accept of an offer that was rejected, withdrawn or never made', () => {
    for (const spoil of ['rejected', 'withdrawn', 'unknown'] as const) {
      const { buyer, provider } = meet();
      const id = offer(provider, 700n);
      exchange(buyer, provider);
      const twin = forgetful(buyer);
      if (spoil === 'withdrawn') issue(provider, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: id } });
      if (spoil === 'rejected') {
        issue(buyer, { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: false, code: 'no' } });
        take(buyer).forEach((rumor) => receive(provider, rumor));
        twin.state = { ...twin.state, chain: buyer.state.chain };
      }
      if (spoil === 'unknown') provider.state = { ...provider.state, offers: [] };
      take(provider);
      accept(twin, id, T0 + 1);
      take(twin).forEach((rumor) => receive(provider, rumor, T0 + 1));
      expect(codesIn(provider.outbox)).toEqual([spoil === 'unknown' ? 'unknown-offer' : spoil]);
      expect(provider.state.pending).toBeUndefined();
    }
  });
});
