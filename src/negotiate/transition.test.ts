import { describe, expect, it } from 'vitest';
import { encodeBundle } from './bundle.ts';
import { exportBundle } from './exportBundle.ts';
import { nextHeader } from './chain.ts';
import { encodeMove, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import { CANCEL_GRACE_S, type Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { accept, act, confirm, exchange, issue, meet, offer, receive, T0, verify, type Party } from './parties.fixture.ts';
import { verifyBundle } from './verifyBundle.ts';

const WINDOW_S = 3_600;
const START_BY = T0 + WINDOW_S + 86_400;
const phases = (...parties: Party[]): string[] => parties.map(({ state }) => readPhase(state));
const bundleOf = (state: Negotiation, index = 0): string => {
  const commitment = state.commitments[index];
  const bundle = commitment === undefined ? undefined : exportBundle(state, commitment);
  return bundle === undefined ? '' : encodeBundle(bundle);
};
const proofOf = (state: Negotiation, index = 0): string => {
  const report = verifyBundle(bundleOf(state, index), verify);
  return report.kind === 'valid' ? report.state : report.kind;
};
const typesIn = (outbox: readonly MoveRumor[]): string[] => outbox.map(({ content }) => (JSON.parse(content) as { type: string }).type);
const codesIn = (outbox: readonly MoveRumor[]): string[] =>
  outbox.map(({ content }) => (JSON.parse(content) as { code?: string }).code ?? '').filter((code) => code !== '');

/** An event as this side would send it next, without its state machine: what a cheat does. */
function forge(party: Party, body: MoveBody): MoveRumor {
  return encodeMove({ author: party.pubkey, nid: party.state.nid, ...nextHeader(party.state.chain), alt: '', body, createdAt: T0 });
}

/** Takes the outbox of a side without delivering it. */
const take = (party: Party): MoveRumor[] => party.outbox.splice(0);

describe('a negotiation', () => {
  it('haggles from 900 over 600 to 700 and leaves both sides with the same closed bundle', () => {
    const { buyer, provider } = meet();
    issue(buyer, { type: 'talk', body: { v: 1, type: 'ask', text: 'How soon?' } });
    issue(provider, { type: 'talk', body: { v: 1, type: 'answer', text: 'A day.' } });
    exchange(buyer, provider);
    offer(provider, 900n);
    exchange(buyer, provider);
    offer(buyer, 600n);
    exchange(buyer, provider);
    const last = offer(provider, 700n);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['offered', 'offered']);
    expect(accept(buyer, last).kind).toBe('moved');
    exchange(buyer, provider);
    expect(confirm(provider).kind).toBe('moved');
    expect(phases(buyer, provider)).toEqual(['accepting', 'sealing']);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    expect(bundleOf(buyer.state)).toBe(bundleOf(provider.state));
    expect(proofOf(buyer.state)).toBe('closed');
    expect(bundleOf(buyer.state)).toContain('"amount_msat":"700000"');
  });

  it('reaches the same deal when every move arrives twice', () => {
    const { buyer, provider } = meet();
    const double = (from: Party, to: Party): void => take(from).forEach((rumor) => [rumor, rumor].forEach((copy) => receive(to, copy)));
    const id = offer(provider, 700n);
    double(provider, buyer);
    accept(buyer, id);
    double(buyer, provider);
    confirm(provider);
    double(provider, buyer);
    double(buyer, provider);
    double(provider, buyer);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    expect(buyer.state.commitments).toHaveLength(1);
  });

  it('does not bind by an accept that crosses a counter-offer', () => {
    const { buyer, provider } = meet();
    const old = offer(provider, 900n);
    exchange(buyer, provider);
    accept(buyer, old);
    offer(provider, 950n);
    take(buyer).forEach((rumor) => receive(provider, rumor));
    expect(codesIn(provider.outbox)).toEqual(['superseded']);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['offered', 'offered']);
    expect(proofOf(buyer.state)).toBe('void');
  });

  it('lets the buyer’s accept go on when both accept at once', () => {
    const { buyer, provider } = meet();
    const dear = offer(provider, 900n);
    exchange(buyer, provider);
    const cheap = offer(buyer, 600n);
    exchange(buyer, provider);
    accept(buyer, dear);
    accept(provider, cheap);
    const [fromBuyer, fromProvider] = [take(buyer), take(provider)];
    fromBuyer.forEach((rumor) => receive(provider, rumor));
    fromProvider.forEach((rumor) => receive(buyer, rumor));
    expect(codesIn(buyer.outbox)).toEqual(['crossed']);
    expect(typesIn(provider.outbox)).toEqual(['cancel']);
    confirm(provider);
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['agreed', 'agreed']);
    expect(proofOf(buyer.state)).toBe('closed');
    expect(proofOf(provider.state, 0)).toBe('void');
    expect(bundleOf(provider.state, 1)).toBe(bundleOf(buyer.state, 0));
  });

  it('voids an accept that nobody confirms, only after its window and the grace', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    const edge = T0 + WINDOW_S + CANCEL_GRACE_S;
    act(buyer, { kind: 'tick', now: edge });
    expect(phases(buyer)).toEqual(['accepting']);
    act(buyer, { kind: 'tick', now: edge + 1 });
    expect(typesIn(buyer.outbox)).toEqual(['accept', 'cancel']);
    expect(proofOf(buyer.state)).toBe('void');
  });

  it('answers a confirm that comes after the cancel with the same cancel again', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    take(buyer).forEach((rumor) => receive(provider, rumor));
    confirm(provider);
    act(buyer, { kind: 'tick', now: T0 + WINDOW_S + CANCEL_GRACE_S + 1 });
    const cancelled = take(buyer);
    take(provider).forEach((rumor) => receive(buyer, rumor, T0 + WINDOW_S + CANCEL_GRACE_S + 1));
    expect(buyer.outbox.map((rumor) => rumor.id)).toEqual(cancelled.map((rumor) => rumor.id));
    exchange(buyer, provider, T0 + WINDOW_S + CANCEL_GRACE_S + 1);
    expect([proofOf(buyer.state), proofOf(provider.state)]).toEqual(['void', 'void']);
  });

  it('lets the second signer give up at start_by and refuse a later close as late, on both sides', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    take(buyer).forEach((rumor) => receive(provider, rumor));
    confirm(provider);
    take(provider).forEach((rumor) => receive(buyer, rumor));
    const close = take(buyer);
    act(provider, { kind: 'tick', now: START_BY - 1 });
    expect(phases(provider)).toEqual(['sealing']);
    act(provider, { kind: 'tick', now: START_BY });
    close.forEach((rumor) => receive(provider, rumor, START_BY));
    exchange(buyer, provider, START_BY);
    expect([proofOf(buyer.state), proofOf(provider.state)]).toEqual(['late', 'late']);
    expect(phases(buyer, provider)).not.toContain('agreed');
  });

  it('refuses what may not be done, and changes nothing by it', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    expect(accept(buyer, id, T0 + WINDOW_S + 1)).toEqual({ kind: 'refused', reason: 'expired' });
    accept(buyer, id);
    expect(accept(buyer, id)).toEqual({ kind: 'refused', reason: 'slot-taken' });
    expect(issue(buyer, { type: 'cancel' })).toEqual({ kind: 'refused', reason: 'slot-taken' });
    expect(issue(buyer, { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: true, code: 'no' } })).toEqual({
      kind: 'refused',
      reason: 'slot-taken',
    });
  });

  it('ends with a final reject, after which no offer can be made', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 900n);
    exchange(buyer, provider);
    issue(buyer, { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: true, code: 'too-expensive' } });
    exchange(buyer, provider);
    expect(phases(buyer, provider)).toEqual(['rejected', 'rejected']);
    expect(() => offer(provider, 100n)).toThrow(/refused/);
    receive(buyer, forge(provider, { v: 1, type: 'withdraw', offer: id }));
    expect(phases(buyer)).toEqual(['rejected']);
  });

  it('keeps a bare cancel that arrives while the slot is taken until the slot frees without a deal', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    take(buyer);
    receive(buyer, forge(provider, { v: 1, type: 'cancel' }));
    expect(phases(buyer)).toEqual(['accepting']);
    act(buyer, { kind: 'tick', now: T0 + WINDOW_S + CANCEL_GRACE_S + 1 });
    expect(phases(buyer)).toEqual(['cancelled']);
  });

  it('names the first signer as the cheat when it shows c and v', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    exchange(buyer, provider);
    confirm(provider);
    exchange(buyer, provider);
    const mine = buyer.state.commitments[0];
    if (mine?.side !== 'first') throw new Error('the buyer signs first');
    receive(provider, forge(buyer, { v: 1, type: 'cancel', re: mine.firstMove, void: mine.secrets.v }));
    expect(proofOf(provider.state)).toBe('cheated');
    expect(provider.state.cheated).toBe(true);
  });

  it('refuses a confirm with a forged signature, a wrong agreement or a wrong lock, and the accept stays open', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    exchange(buyer, provider);
    accept(buyer, id);
    exchange(buyer, provider);
    confirm(provider);
    const [honest] = take(provider).filter(({ content }) => content.includes('"confirm"'));
    const body = JSON.parse(honest?.content ?? '{}') as Extract<MoveBody, { type: 'confirm' }>;
    const before = { ...provider.state, chain: { ...provider.state.chain, sent: provider.state.chain.sent.slice(0, -1) } };
    const bad = { ...body, signature: { ...body.signature, sig: '0'.repeat(128) } };
    receive(buyer, forge({ ...provider, state: before }, bad));
    expect(codesIn(buyer.outbox)).toEqual(['signature']);
    expect(phases(buyer)).toEqual(['accepting']);
  });

  it('freezes after two moves with one seq: no new commitments, but talk goes on', () => {
    const { buyer, provider } = meet();
    const id = offer(provider, 700n);
    const lie = forge(
      { ...provider, state: { ...provider.state, chain: { ...provider.state.chain, sent: [] } } },
      { v: 1, type: 'ask', text: 'Another.' },
    );
    exchange(buyer, provider);
    receive(buyer, lie);
    expect(phases(buyer)).toEqual(['frozen']);
    expect(accept(buyer, id)).toEqual({ kind: 'refused', reason: 'frozen' });
    expect(issue(buyer, { type: 'talk', body: { v: 1, type: 'ask', text: 'Why two?' } }).kind).toBe('moved');
  });

  it('asks for what is missing when a move comes too early, and catches up', () => {
    const { buyer, provider } = meet();
    issue(provider, { type: 'talk', body: { v: 1, type: 'ask', text: 'One.' } });
    const id = offer(provider, 700n);
    const [lost, early] = take(provider);
    receive(buyer, early as MoveRumor);
    expect(typesIn(buyer.outbox)).toEqual(['receipt']);
    take(buyer).forEach((rumor) => receive(provider, rumor));
    expect(provider.outbox.map((rumor) => rumor.id)).toEqual([lost?.id, early?.id]);
    exchange(buyer, provider);
    expect(accept(buyer, id).kind).toBe('moved');
  });
});
