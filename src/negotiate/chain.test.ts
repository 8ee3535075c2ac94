import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendSent,
  COMMITMENT_RESERVE,
  EMPTY_CHAIN,
  listUnseen,
  MAX_MOVES,
  MAX_SEQ,
  MAX_UNSEEN,
  MAX_WAITING,
  maySend,
  nextHeader,
  owesReceipt,
  receiveMove,
  type Arrival,
  type Chain,
} from './chain.ts';
import { decodeMove, encodeMove } from './move.ts';
import type { MoveBody } from './moveBody.ts';

const nid = 'bb'.repeat(32);
const peer = 'aa'.repeat(32);
const talk = (text: string): MoveBody => ({ v: 1, type: 'ask', text });
const receipt: MoveBody = { v: 1, type: 'receipt', upto: 1 };

/** Sends a move from `chain`: the chain after it and what the other side will get. */
function send(chain: Chain, body: MoveBody, author = peer): { chain: Chain; arrival: Arrival } {
  const decoded = decodeMove(encodeMove({ author, nid, ...nextHeader(chain), alt: '', body, createdAt: 1 }));
  if (decoded.kind !== 'move') throw new Error('a test move must be usable');
  return { chain: appendSent(chain, { id: decoded.header.id, type: body.type }), arrival: decoded };
}

function makeArrivals(count: number): Arrival[] {
  const arrivals: Arrival[] = [];
  let chain = EMPTY_CHAIN;
  for (let i = 0; i < count; i += 1) {
    const sent = send(chain, talk(`move ${i}`));
    chain = sent.chain;
    arrivals.push(sent.arrival);
  }
  return arrivals;
}

function receiveAll(chain: Chain, arrivals: readonly Arrival[]): { chain: Chain; applied: string[] } {
  const applied: string[] = [];
  for (const arrival of arrivals) {
    const step = receiveMove(chain, arrival);
    if (step.kind === 'applied') applied.push(...step.arrivals.map(({ header }) => header.id));
    if (step.kind !== 'dropped') chain = step.chain;
  }
  return { chain, applied };
}

const shuffled = (count: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray([...Array(count).keys(), ...Array(count).keys()], { minLength: count * 2 });

const other = (side: 0 | 1): 0 | 1 => (side === 0 ? 1 : 0);

describe('the chain of moves', () => {
  it('applies every move once and in order, however they arrive', () => {
    const arrivals = makeArrivals(8);
    let reordered = 0;
    fc.assert(
      fc.property(shuffled(8), (order) => {
        if (order[0] !== 0) reordered += 1;
        const { chain, applied } = receiveAll(
          EMPTY_CHAIN,
          order.map((i) => arrivals[i] as Arrival),
        );
        expect(applied).toEqual(arrivals.map(({ header }) => header.id));
        expect(chain.waiting).toEqual([]);
      }),
    );
    expect(reordered).toBeGreaterThan(10);
  });

  it('freezes on two different moves with one seq, whether applied or still waiting', () => {
    const [first, , third] = makeArrivals(3) as [Arrival, Arrival, Arrival];
    const lie = send(EMPTY_CHAIN, talk('another')).arrival;
    const applied = receiveMove(receiveAll(EMPTY_CHAIN, [first]).chain, lie);
    expect(applied).toMatchObject({ kind: 'equivocation', chain: { equivocation: [first.header.id, lie.header.id] } });
    const other = { ...third, header: { ...third.header, id: '99'.repeat(32) } };
    expect(receiveMove(receiveAll(EMPTY_CHAIN, [third]).chain, other).kind).toBe('equivocation');
  });

  it('drops a move that does not follow the one before it, and leaves its place free', () => {
    const [first, second] = makeArrivals(2) as [Arrival, Arrival];
    const chain = receiveAll(EMPTY_CHAIN, [first]).chain;
    const stray = { ...second, header: { ...second.header, id: '99'.repeat(32), prev: '88'.repeat(32) } };
    expect(receiveMove(chain, stray)).toEqual({ kind: 'dropped', reason: 'wrong-prev' });
    expect(receiveMove(chain, second).kind).toBe('applied');
    expect(receiveAll(EMPTY_CHAIN, [stray, first, second]).chain.received.map(({ id }) => id)).toEqual([first.header.id, second.header.id]);
  });

  it('answers a repeated move with everything its sender has not seen, or with a receipt when no move has covered it', () => {
    const mine = send(EMPTY_CHAIN, talk('mine'));
    const theirs = send(EMPTY_CHAIN, talk('theirs'));
    const uncovered = receiveAll(mine.chain, [theirs.arrival]).chain;
    expect(receiveMove(uncovered, theirs.arrival)).toMatchObject({ kind: 'duplicate', resend: [] });
    expect(owesReceipt(uncovered)).toBe(true);
    const covered = send(uncovered, receipt);
    expect(owesReceipt(covered.chain)).toBe(false);
    expect(receiveMove(covered.chain, theirs.arrival)).toMatchObject({
      kind: 'duplicate',
      resend: [mine.arrival.header.id, covered.arrival.header.id],
    });
  });

  it('answers a repeated receipt with nothing', () => {
    const mine = send(EMPTY_CHAIN, talk('mine'));
    const note = send(EMPTY_CHAIN, receipt);
    const { chain } = receiveAll(mine.chain, [note.arrival]);
    expect(owesReceipt(chain)).toBe(false);
    expect(receiveMove(send(chain, talk('more')).chain, note.arrival)).toMatchObject({ kind: 'duplicate', resend: [] });
  });

  it('stops resending what the peer has seen, and never resends receipts by itself', () => {
    const mine = send(EMPTY_CHAIN, talk('mine'));
    const withReceipt = send(mine.chain, receipt);
    expect(listUnseen(withReceipt.chain)).toEqual([mine.arrival.header.id]);
    const answer = send({ ...EMPTY_CHAIN, received: mine.chain.sent }, talk('seen it')).arrival;
    const step = receiveMove(withReceipt.chain, answer);
    expect(step).toMatchObject({ kind: 'applied', chain: { seenCount: 1 } });
    if (step.kind === 'applied') expect(listUnseen(step.chain)).toEqual([]);
  });

  it('never takes back what was seen', () => {
    const mine = send(EMPTY_CHAIN, talk('mine'));
    const first = send({ ...EMPTY_CHAIN, received: mine.chain.sent }, talk('seen'));
    const second = send({ ...first.chain, received: [] }, talk('forgotten'));
    expect(receiveAll(mine.chain, [first.arrival, second.arrival]).chain.seenCount).toBe(1);
  });

  it('holds its limits: waiting moves, length, unseen moves, and places kept for ending a commitment', () => {
    const arrivals = makeArrivals(MAX_WAITING + 2);
    const { chain } = receiveAll(EMPTY_CHAIN, arrivals.slice(1, -1));
    expect(chain.waiting).toHaveLength(MAX_WAITING);
    expect(receiveMove(chain, arrivals.at(-1) as Arrival)).toEqual({ kind: 'dropped', reason: 'limit' });
    const late = arrivals[1] as Arrival;
    expect(receiveMove(EMPTY_CHAIN, { ...late, header: { ...late.header, seq: MAX_SEQ + 1 } })).toEqual({
      kind: 'dropped',
      reason: 'limit',
    });

    const sent = (count: number, seenCount = count): Chain => ({
      ...EMPTY_CHAIN,
      seenCount,
      sent: Array(count).fill({ id: nid, type: 'ask' }),
    });
    expect(maySend(sent(MAX_MOVES - 1), 'ask')).toBe(true);
    expect(maySend(sent(MAX_MOVES), 'ask')).toBe(false);
    expect(maySend(sent(MAX_MOVES), 'close')).toBe(true);
    expect(maySend(sent(MAX_MOVES - COMMITMENT_RESERVE), 'accept', true)).toBe(true);
    expect(maySend(sent(MAX_MOVES - COMMITMENT_RESERVE + 1), 'accept', true)).toBe(false);
    expect(maySend(sent(MAX_UNSEEN, 0), 'ask')).toBe(false);
    expect(maySend(sent(MAX_UNSEEN, 1), 'ask')).toBe(true);
    expect(maySend(sent(MAX_SEQ), 'error')).toBe(false);
  });

  it('falls silent after any loss, repetition and reordering once both sides have everything', () => {
    let repeats = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(2)), { maxLength: 12 }), (schedule) => {
        let chains = [EMPTY_CHAIN, EMPTY_CHAIN] as [Chain, Chain];
        const moves = new Map<string, Arrival>();
        let traffic = 0;
        const say = (side: 0 | 1, body: MoveBody): Arrival => {
          const sent = send(chains[side], body, side === 0 ? peer : nid);
          chains = chains.with(side, sent.chain) as [Chain, Chain];
          moves.set(sent.arrival.header.id, sent.arrival);
          return sent.arrival;
        };
        // What waits to be delivered, oldest first; like an outbox it holds each move once.
        const queue = new Map<Arrival, 0 | 1>();
        const post = (to: 0 | 1, arrival: Arrival | undefined): void => void (arrival !== undefined && queue.set(arrival, to));
        const settle = (side: 0 | 1): void => {
          if (owesReceipt(chains[side])) post(other(side), say(side, { v: 1, type: 'receipt', upto: chains[side].received.length }));
        };
        const deliver = (to: 0 | 1, arrival: Arrival): void => {
          traffic += 1;
          expect(traffic).toBeLessThan(1_000);
          const step = receiveMove(chains[to], arrival);
          if (step.kind === 'dropped') throw new Error('honest moves are never dropped');
          chains = chains.with(to, step.chain) as [Chain, Chain];
          if (step.kind !== 'duplicate') return;
          repeats += 1;
          for (const id of step.resend) post(other(to), moves.get(id));
          settle(to);
        };
        const drain = (): void => {
          for (const [arrival, to] of queue) {
            queue.delete(arrival);
            deliver(to, arrival);
          }
        };
        for (const [isFirst, copies] of schedule) {
          const side = isFirst ? 0 : 1;
          const arrival = say(side, talk(`${moves.size}`));
          for (let i = 0; i < copies; i += 1) deliver(other(side), arrival);
        }
        for (const side of [0, 1, 0, 1] as const) {
          for (const id of listUnseen(chains[side])) post(other(side), moves.get(id));
          drain();
          settle(other(side));
          drain();
        }
        expect(listUnseen(chains[0])).toEqual([]);
        expect(listUnseen(chains[1])).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(repeats).toBeGreaterThan(50);
  });
});
