// Money: bigint millisatoshi inside, decimal strings on the wire, sats for people.

import { NegotiateError } from './errors.ts';

const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;
const SATS = /^(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,3})?$/;

/** An amount in millisatoshi. */
export type Msat = bigint;

/** All bitcoin that can exist, in millisatoshi. */
export const MAX_MSAT: Msat = 2_100_000_000_000_000_000n;

/** True for a canonical decimal string of millisatoshi: digits, no sign, no leading zero, at most {@link MAX_MSAT}. */
export function isMsatText(text: string): boolean {
  return DECIMAL.test(text) && BigInt(text) <= MAX_MSAT;
}

/** Parses a decimal string of millisatoshi. Throws `input/invalid` for anything {@link isMsatText} refuses. */
export function parseMsat(text: string): Msat {
  if (!isMsatText(text)) throw new NegotiateError('input/invalid', 'Expected an amount in msat: digits only, at most 21 million bitcoin.');
  return BigInt(text);
}

/** Writes an amount as the decimal string the wire carries. Throws `input/invalid` below zero and above {@link MAX_MSAT}. */
export function formatMsat(amountMsat: Msat): string {
  return checkRange(amountMsat).toString();
}

/** Turns whole sats into millisatoshi. Throws `input/invalid` below zero and above {@link MAX_MSAT}. @example satToMsat(700n) // 700_000n */
export function satToMsat(amountSat: bigint): Msat {
  return checkRange(amountSat * 1_000n);
}

/** Parses an amount in sats as a person types it, at most three decimals. Throws `input/invalid`. @example parseSats('0.5') // 500n */
export function parseSats(text: string): Msat {
  if (!SATS.test(text))
    throw new NegotiateError('input/invalid', 'Expected an amount in sats with at most three decimals, such as 700 or 0.5.');
  const [whole = '0', fraction = ''] = text.split('.');
  return checkRange(BigInt(whole) * 1_000n + BigInt(fraction.padEnd(3, '0')));
}

/** Renders millisatoshi for people, exactly. @example formatSats(700_500n) // '700.5 sats' */
export function formatSats(amountMsat: Msat): string {
  const fraction = (checkRange(amountMsat) % 1_000n).toString().padStart(3, '0').replace(/0+$/, '');
  const sats = `${amountMsat / 1_000n}${fraction === '' ? '' : `.${fraction}`}`;
  return `${sats} ${sats === '1' ? 'sat' : 'sats'}`;
}

function checkRange(amountMsat: Msat): Msat {
  if (amountMsat >= 0n && amountMsat <= MAX_MSAT) return amountMsat;
  throw new NegotiateError('input/invalid', 'An amount must lie between 0 sats and all bitcoin there can be. Give another amount.');
}
