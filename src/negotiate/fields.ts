// The field types that the protocol's closed schemas are made of, each with its limit.

import { z } from 'zod';
import { isMsatText } from '../core/money.ts';
import { isCleanText } from '../core/text.ts';
import { LATEST_UNIX_SECONDS } from '../core/unixSeconds.ts';

const CLEAN = 'must be plain text: no control or invisible characters, in Unicode form NFC';

/** 64 lower-case hex digits: an event id, a hash, a seed or a lock value. */
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
/** A Nostr public key, x-only, hex. Whether it lies on the curve is checked where a signature is. */
export const publicKey = z.string().regex(/^[0-9a-f]{64}$/);
/** A BIP-340 signature, hex. */
export const signatureHex = z.string().regex(/^[0-9a-f]{128}$/);
/** Clean text of at most 200 UTF-16 code units on one line: a name or a title. */
export const lineText = z
  .string()
  .regex(/^[^\n\t]{1,200}$/, 'must be a text on one line, of 1 to 200 characters')
  .refine(isCleanText, CLEAN);
/** An address, URL or key that a machine reads: at most 1,000 printable ASCII characters without a space. */
export const addressText = z.string().regex(/^[!-~]{1,1000}$/);
/** Text of at most `max` UTF-16 code units. `max` of zod alone counts code points, of which there may be fewer. */
export function limitedText(max: number) {
  return z
    .string()
    .max(max)
    .refine(({ length }) => length <= max, `must have at most ${max} characters`);
}
/** Clean text of at most 4,000 UTF-16 code units. */
export const longText = limitedText(4_000).min(1).refine(isCleanText, CLEAN);
/** Clean text of at most 16,000 UTF-16 code units: what people and agents say to each other. */
export const talkText = limitedText(16_000).min(1).refine(isCleanText, CLEAN);
/** A capability as kind 38990 announces it. */
export const capability = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._:/-]{0,63}$/, 'must be a name of at most 64 small letters, digits and ._:/-, such as translation');

/** A short machine-readable name. */
export const identifier = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,63}$/);
/** Millisatoshi as a decimal string. */
export const amountText = z.string().refine(isMsatText);
/** Unix time in seconds. */
export const unixSeconds = z.int().min(0).max(LATEST_UNIX_SECONDS);
/** A count or a number of seconds. */
export const wholeNumber = z.int().min(0);
