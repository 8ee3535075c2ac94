// Asks a relay over HTTP what it says of itself (NIP-11): its limits, and what its clock shows.

import { z } from 'zod';

/** What clients can act on; texts of the relay are left out. */
export interface RelayInformation {
  /** Whether the relay offers the document; without, the rest is unknown. */
  readonly isOffered: boolean;
  readonly limitation?: RelayLimitation;
  /** The relay's clock less ours, in seconds, by the Date of its answer, which any web server may give. */
  readonly clockOffsetS?: number;
}

/** The limits that can keep our events out. */
export interface RelayLimitation {
  readonly authRequired?: boolean | undefined;
  readonly paymentRequired?: boolean | undefined;
  readonly restrictedWrites?: boolean | undefined;
  /** Bytes of one message. */
  readonly maxMessageBytes?: number | undefined;
  /** Seconds that an event may be dated back. */
  readonly oldestS?: number | undefined;
}

const MAX_BYTES = 64 * 1_024;

const count = z.number().nonnegative().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const documentSchema = z.object({
  limitation: z
    .object({
      auth_required: flag,
      payment_required: flag,
      restricted_writes: flag,
      max_message_length: count,
      created_at_lower_limit: count,
    })
    .optional()
    .catch(undefined),
});

/**
 * Asks one relay, without a proxy: where there is one, do not. Never rejects; a relay that does not answer within `signal` offers nothing.
 *
 * @example const { isOffered } = await fetchRelayInformation('wss://relay.example', () => now, AbortSignal.timeout(3_000));
 */
export async function fetchRelayInformation(relay: string, now: () => number, signal: AbortSignal): Promise<RelayInformation> {
  try {
    const response = await fetch(relay.replace(/^ws/, 'http'), {
      headers: { accept: 'application/nostr+json' },
      redirect: 'error',
      signal,
    });
    const offset = readOffset(response.headers, now());
    const clock = offset === undefined ? {} : { clockOffsetS: offset };
    const parsed = documentSchema.safeParse(parseJson(await readBody(response)));
    if (!response.ok || !parsed.success) return { isOffered: false, ...clock };
    const { limitation } = parsed.data;
    return { isOffered: true, ...clock, ...(limitation === undefined ? {} : { limitation: toLimitation(limitation) }) };
  } catch {
    return { isOffered: false };
  }
}

function toLimitation(from: NonNullable<z.infer<typeof documentSchema>['limitation']>): RelayLimitation {
  return {
    authRequired: from.auth_required,
    paymentRequired: from.payment_required,
    restrictedWrites: from.restricted_writes,
    maxMessageBytes: from.max_message_length,
    oldestS: from.created_at_lower_limit,
  };
}

/** An answer out of a cache is as old as its Age says. */
function readOffset(headers: Headers, now: number): number | undefined {
  const date = Date.parse(headers.get('date') ?? '') / 1_000;
  const age = Number(headers.get('age') ?? 0);
  return Number.isFinite(date) && Number.isFinite(age) ? Math.round(date + age - now) : undefined;
}

async function readBody({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
