// A question to the owner as he sees it.

import type { Hex } from '../../core/bytes.ts';
import type { Msat } from '../../core/money.ts';
import type { Ask } from '../../decide/mandateLedger.ts';
import { encodeNpub } from '../../nostr/npub.ts';

/** Something that waits for the owner's yes. */
export interface AskView {
  /** Name it by its first digits to `approve`. */
  readonly digest: Hex;
  readonly nid?: Hex;
  /** npub; absent for what is said to a group or to everybody. */
  readonly peer?: string;
  /** The service that it announces. */
  readonly service?: string;
  /** The group that it is said to, where there is one yet. */
  readonly group?: Hex;
  readonly what: string;
  readonly msat?: Msat;
  readonly reasons: readonly string[];
}

/** A question as the owner sees it. */
export function viewAsk({ digest, nid, peer, group, service, what, msat, reasons }: Ask): AskView {
  return {
    digest,
    ...(nid === undefined ? {} : { nid }),
    ...(peer === undefined ? {} : { peer: encodeNpub(peer) }),
    ...(group === undefined ? {} : { group }),
    ...(service === undefined ? {} : { service }),
    what,
    ...(msat === undefined ? {} : { msat }),
    reasons: reasons.map(({ code }) => code),
  };
}
