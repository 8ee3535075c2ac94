// The privacy check of the demo finds what it looks for, in every form it claims to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLeaks, listSecrets } from './findLeaks.ts';

const secret = fc.string({ minLength: 6, maxLength: 60, unit: 'grapheme' }).filter((text) => text.length >= 6 && text.isWellFormed());
const noise = fc.string({ maxLength: 40 });

describe('the search for secrets', () => {
  it.each<[string, (before: string, text: string, after: string) => string]>([
    ['as it is', (before, text, after) => `${before}${text}${after}`],
    ['inside JSON', (before, text, after) => JSON.stringify([`${before}${text}${after}`])],
    ['in hex', (before, text, after) => Buffer.from(`${before}${text}${after}`).toString('hex')],
    ['in upper-case hex', (before, text, after) => Buffer.from(`${before}${text}${after}`).toString('hex').toUpperCase()],
    ['in base64', (before, text, after) => Buffer.from(`${before}${text}${after}`).toString('base64')],
    ['in base64url', (before, text, after) => Buffer.from(`${before}${text}${after}`).toString('base64url')],
  ])('finds a text %s, whatever stands around it', (_, hide) => {
    fc.assert(
      fc.property(noise, secret, noise, (before, text, after) => {
        expect(findLeaks(`{"content":"${hide(before, text, after)}"}`, [text])).toEqual([text]);
      }),
    );
  });

  it('finds nothing in what does not hold it, and each secret once', () => {
    expect(findLeaks('nothing of interest', ['a secret', 'a secret'])).toEqual([]);
    expect(findLeaks('a secret, a secret', ['a secret', 'a secret', 'another'])).toEqual(['a secret']);
  });

  it('looks for every text and every amount of terms, and for no bare digits', () => {
    const terms = {
      service: { capability: 'translation' },
      price: { amount_msat: '700000' },
      delivery: { within_s: 86_400 },
      x: [1, 'y', null],
    };
    expect(listSecrets(terms)).toEqual(['translation', '"amount_msat":"700000"', '"within_s":86400', '"x":1', 'y']);
  });
});
