// Money: bigint millisatoshi inside, decimal strings on the wire, sats for people.

import { NegotiateError } from './errors.ts';

const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;
const SATS = /^(?:0|[1-9][0-9]*)(?:\.([0-9]{1,3}))?$/;
/** All bitcoin that can exist, in millisatoshi. */
export const MAX_MSAT = 2_100_000_000_000_000_000n;

/** True for a canonical decimal string of millisatoshi: digits, no sign, no leading zero, at most {@link MAX_MSAT}. */
export function isMsatText(text: string): boolean {
  return DECIMAL.test(text) && BigInt(text) <= MAX_MSAT;
}

/** Parses a decimal string of millisatoshi. Throws `input/invalid` for anything {@link isMsatText} refuses. */
export function parseMsat(text: string): bigint {
  if (!isMsatText(text)) throw new NegotiateError('input/invalid', 'Expected an amount in msat: digits only, at most 21 million bitcoin.');
  return BigInt(text);
}

/** Parses an amount in sats as a person types it, at most three decimals. Throws `input/invalid`. */
export function parseSats(text: string): bigint {
  const match = SATS.exec(text);
  if (match === null) throw new NegotiateError('input/invalid', 'Expected an amount in sats, such as 700 or 0.5. Give digits with at most three decimals.');
  const [whole = '0', fraction = ''] = text.split('.');
  const amountMsat = BigInt(whole) * 1_000n + BigInt(fraction.padEnd(3, '0'));
  if (amountMsat > MAX_MSAT) throw new NegotiateError('input/invalid', 'That is more than all bitcoin there can be. Give a smaller amount in sats.');
  return amountMsat;
}

/** Renders millisatoshi for people. @example formatSats(700_500n) // '700.5 sats' */
export function formatSats(amountMsat: bigint): string {
  const fraction = (amountMsat % 1_000n).toString().padStart(3, '0').replace(/0+$/, '');
  const sats = `${amountMsat / 1_000n}${fraction === '' ? '' : `.${fraction}`}`;
  return `${sats} ${sats === '1' ? 'sat' : 'sats'}`;
}
