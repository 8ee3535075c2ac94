// Work as NIP-13 counts it, and what it costs to show some.

import { describe, expect, it } from 'vitest';
import { rollDice } from '../core/dice.fixture.ts';
import { makeRumor } from './event.ts';
import { addWork, countZeroBits, readWork } from './proofOfWork.ts';

const pubkey = 'ab'.repeat(32);

describe('proof of work', () => {
  it('counts leading zero bits as NIP-13 does', () => {
    expect(countZeroBits(`000006d8${'f'.repeat(56)}`)).toBe(21);
    expect(countZeroBits(`002f${'0'.repeat(60)}`)).toBe(10);
    expect(countZeroBits(`8${'0'.repeat(63)}`)).toBe(0);
    expect(countZeroBits('0'.repeat(64))).toBe(256);
  });

  it('reads the example of NIP-13', () => {
    const id = '000006d8c378af1779d2feebc7603a125d99eca0ccf1085959b307f64e5dd358';
    expect(readWork({ id, tags: [['nonce', '776797', '20']] })).toBe(20);
  });

  it('counts nothing without a commitment, and no more than was committed to', () => {
    const id = `00000${'f'.repeat(59)}`;
    expect(readWork({ id, tags: [] })).toBe(0);
    expect(readWork({ id, tags: [['nonce', '1']] })).toBe(0);
    expect(readWork({ id, tags: [['nonce', '1', '-3']] })).toBe(0);
    expect(readWork({ id, tags: [['nonce', '1', '1e3']] })).toBe(0);
    expect(readWork({ id, tags: [['nonce', '1', '12']] })).toBe(12);
    expect(readWork({ id, tags: [['nonce', '1', '200']] })).toBe(20);
  });

  it('finds a nonce for whatever there is in the event, and changes nothing else', () => {
    const dice = rollDice('work');
    for (let i = 0; i < 20; i += 1) {
      const tags = i % 2 === 0 ? [] : [['p', pubkey, 'gr"üße\n']];
      const content = Buffer.from(dice.bytes(dice.below(300))).toString('latin1');
      const template = { kind: 1059, created_at: 1_800_000_000 + i, tags, content };
      const worked = addWork(pubkey, template, 8);
      expect(readWork(makeRumor(pubkey, worked))).toBe(8);
      expect({ ...worked, tags: worked.tags.slice(0, -1) }).toEqual(template);
      expect(addWork(pubkey, template, 0)).toEqual(template);
    }
  });
});
