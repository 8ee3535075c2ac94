import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMove, encodeMove, MOVE_KIND, type MoveDraft, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';

const author = 'aa'.repeat(32);
const nid = 'bb'.repeat(32);
const ask: MoveBody = { v: 1, type: 'ask', text: 'Is it urgent?' };
const open: MoveBody = {
  v: 1,
  type: 'open',
  to: 'cc'.repeat(32),
  role: 'buyer',
  service: 'translation',
  requirements: 'One contract.',
  features: [],
  nonce: 'dd'.repeat(32),
  expires_at: 1_800_000_000,
};

function encode(body: MoveBody, changes: Partial<MoveDraft> = {}): MoveRumor {
  const place = body.type === 'open' ? {} : { nid };
  return encodeMove({ author, ...place, seq: 1, prev: '', seen: '', alt: 'A sentence.', body, createdAt: 1_700_000_000, ...changes });
}

const withContent = (content: string): MoveRumor => ({ ...encode(ask), content });
const problemOf = (rumor: MoveRumor): string => {
  const decoded = decodeMove(rumor);
  return decoded.kind === 'unusable' ? decoded.problem : decoded.kind;
};

describe('a move', () => {
  it('reads back as it was written', () => {
    const rumor = encode(ask, { seq: 7, prev: '11'.repeat(32), seen: '22'.repeat(32) });
    expect(decodeMove(rumor)).toEqual({
      kind: 'move',
      header: { id: rumor.id, author, nid, seq: 7, prev: '11'.repeat(32), seen: '22'.repeat(32) },
      body: ask,
    });
  });

  it('that opens a negotiation gives it its own id as the nid', () => {
    const rumor = encode(open);
    expect(decodeMove(rumor)).toMatchObject({ kind: 'move', header: { nid: rumor.id } });
  });

  it('is the same event when it is encoded again, and another one when anything differs', () => {
    expect(encode(ask)).toEqual(encode(ask));
    expect(encode(ask, { seq: 2 }).id).not.toBe(encode(ask).id);
  });

  it.each([
    ['spaces', '{"text": "hi","type":"ask","v":1}', 'not-canonical'],
    ['duplicate keys', '{"text":"a","text":"b","type":"ask","v":1}', 'not-canonical'],
    ['a fraction', '{"text":"hi","type":"ask","v":1.5}', 'not-canonical'],
    ['a zero-width space', '{"text":"h\u200bi","type":"ask","v":1}', 'not-canonical'],
    ['an unknown field', '{"text":"hi","type":"ask","v":1,"x":1}', 'schema'],
    ['another version', '{"text":"hi","type":"ask","v":2}', 'schema'],
    ['an unknown type', '{"type":"bribe","v":1}', 'unknown-type'],
    ['no object', '[]', 'unknown-type'],
    ['too much', JSON.stringify({ text: 'x'.repeat(32_768), type: 'ask', v: 1 }), 'oversize'],
    ['a lock value without its move', `{"type":"cancel","v":1,"void":"${'00'.repeat(32)}"}`, 'schema'],
  ])('with %s is unusable', (_, content, problem) => {
    expect(problemOf(withContent(content))).toBe(problem);
  });

  it('with an nid on `open`, or without one elsewhere, is unusable', () => {
    expect(problemOf(encode(open, { nid }))).toBe('schema');
    const { nid: _, ...rest } = { author, nid, seq: 1, prev: '' as const, seen: '' as const, alt: '', body: ask, createdAt: 1 };
    expect(problemOf(encodeMove(rest))).toBe('schema');
  });

  it('whose tags are not exactly the chain tags in order is no move', () => {
    const { tags } = encode(ask);
    const bad = [
      tags.toReversed(),
      tags.slice(1, 4),
      [...tags, ['x', '1']],
      tags.with(1, ['seq', '0']),
      tags.with(1, ['seq', '01']),
      tags.with(2, ['prev', 'x']),
    ];
    for (const variant of bad) expect(decodeMove({ ...encode(ask), tags: variant }).kind).toBe('not-a-move');
    expect(decodeMove({ ...encode(ask), kind: MOVE_KIND + 1 }).kind).toBe('not-a-move');
  });

  it('never makes the decoder throw, whatever content and tags it has', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.array(fc.array(fc.string(), { maxLength: 3 }), { maxLength: 6 }),
        (content, tags) => {
          expect(problemOf(withContent(content))).not.toBe('move');
          expect(decodeMove({ ...encode(ask), content, tags }).kind).not.toBe('move');
        },
      ),
    );
  });
});
