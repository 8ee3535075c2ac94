// What a home keeps of a bunker: how to reach it and the key we talk to it with. The identity's key is not among it.

import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import type { Secrets } from './secrets.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);

const bunkerSchema = z.strictObject({
  /** With the secret of the URL until the bunker knows us, without it from then on. */
  url: z.string(),
  /** Secret key of our end of the line, hex. */
  clientKey: hex32,
  /** The identity; absent until the bunker has named it. */
  pubkey: hex32.optional(),
});

/** A bunker as the home keeps it. */
export type BunkerRecord = z.infer<typeof bunkerSchema>;

/** True when the identity of a home is, or is about to be, in a bunker. */
export function hasBunker(secrets: Secrets): boolean {
  return secrets.has('bunker');
}

/** Reads it. Throws `store/corrupt`, `home/unreadable`. */
export function readBunker(secrets: Secrets): BunkerRecord {
  const parsed = bunkerSchema.safeParse(parseJson(secrets.read('bunker') ?? ''));
  if (parsed.success) return parsed.data;
  throw new NegotiateError('store/corrupt', 'The file that says where your bunker is cannot be read. Restore it from a copy.');
}

/** Keeps the bunker of a new home. Throws `home/exists` when there is one already. */
export function createBunker(secrets: Secrets, record: BunkerRecord): void {
  secrets.create('bunker', format(record));
}

/** Writes what has become of a bunker. An identity that it has named is never replaced by another: that throws `home/exists`. */
export function updateBunker(secrets: Secrets, record: BunkerRecord): void {
  const { pubkey } = readBunker(secrets);
  if (pubkey !== undefined && pubkey !== record.pubkey)
    throw new NegotiateError('home/exists', 'This home has another identity already. Use it as it is, or choose another --home.');
  secrets.replace('bunker', format(record));
}

function format(record: BunkerRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
