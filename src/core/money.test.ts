import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMsat, formatSats, isMsatText, MAX_MSAT, parseMsat, parseSats, satToMsat } from './money.ts';

describe('money', () => {
  it('shows every amount so that it reads back as the same amount', () => {
    fc.assert(fc.property(fc.bigInt(0n, MAX_MSAT), (amountMsat) => parseSats(formatSats(amountMsat).split(' ')[0] ?? '') === amountMsat));
    expect([formatSats(1_000n), formatSats(700_000n), formatSats(1n)]).toEqual(['1 sat', '700 sats', '0.001 sats']);
  });

  it('crosses the wire unchanged', () => {
    fc.assert(fc.property(fc.bigInt(0n, MAX_MSAT), (amountMsat) => parseMsat(formatMsat(amountMsat)) === amountMsat));
    expect(satToMsat(700n)).toBe(700_000n);
  });

  it('below zero or above all bitcoin is never written, shown or converted', () => {
    for (const amountMsat of [-1n, MAX_MSAT + 1n]) {
      expect(() => formatMsat(amountMsat)).toThrow(/amount/);
      expect(() => formatSats(amountMsat)).toThrow(/amount/);
    }
    expect(() => satToMsat(-1n)).toThrow(/amount/);
    expect(() => satToMsat(MAX_MSAT / 1_000n + 1n)).toThrow(/amount/);
  });

  it.each(['', '-1', '+1', '01', '1.0', '1e3', ' 1', '0x1', `${MAX_MSAT + 1n}`, '99999999999999999999'])('refuses %j as msat', (text) => {
    expect(isMsatText(text)).toBe(false);
    expect(() => parseMsat(text)).toThrow(/msat/);
  });

  it.each(['', '-1', '1.0000', '1e3', 'NaN', '1,5', '01', '2100000000000001', '9'.repeat(100_000)])('refuses %.40j as sats', (text) => {
    expect(() => parseSats(text)).toThrow(/sats/);
  });
});
