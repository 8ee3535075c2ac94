// Wraps a welcome for its recipient, with enough work on it to be opened before junk.

import type { Hex } from '../core/bytes.ts';
import type { NostrEvent, Rumor } from '../nostr/event.ts';
import { wrapRumor } from '../nostr/giftWrap.ts';
import type { Work } from './work.ts';

/** Bits of work on an invite: about 4,000 hashes, some 30 ms, which whoever sends thousands of wraps pays for each. */
const INVITE_WORK_BITS = 12;

/** The gift wrap (kind 1059) with a welcome (kind 444) for `recipient`. Throws what the signer throws. */
export async function wrapWelcome({ context, now }: Work, recipient: Hex, welcome: Rumor): Promise<NostrEvent> {
  return wrapRumor({ signer: await context.signer(), recipient, rumor: welcome, now, rng: context.rng, workBits: INVITE_WORK_BITS });
}
