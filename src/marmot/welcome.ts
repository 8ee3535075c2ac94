// Welcome rumors (kind 444): an MLS welcome for one recipient, inside a gift wrap (transports/nostr.md "Welcome delivery").

import { isHex32, type Hex } from '../core/bytes.ts';
import { makeRumor, type Rumor } from '../nostr/event.ts';
import { isRelayUrl } from '../nostr/relayUrl.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { KINDS, LIMITS } from './profile.ts';
import { refuse, type Refusal } from './refusal.ts';

/** What a welcome rumor carries. */
export interface WelcomeFacts {
  /** Id of the kind 30443 event whose key package was used. */
  readonly keyPackageEventId: Hex;
  readonly relays: readonly string[];
  /** MLSMessage with wire format mls_welcome. */
  readonly mlsBytes: Uint8Array;
}

/** Builds the rumor: exactly one `e` and one `relays` tag. */
export function buildWelcome({
  author,
  keyPackageEventId,
  relays,
  mlsBytes,
  now,
}: WelcomeFacts & { readonly author: Hex; readonly now: number }): Rumor {
  const tags = [
    ['e', keyPackageEventId],
    ['relays', ...relays],
  ];
  return makeRumor(author, { kind: KINDS.welcome, created_at: now, tags, content: encodeBase64(mlsBytes) });
}

/** Reads a welcome rumor, or says what is malformed. Use `keyPackageEventId` to find the private key package to join with. Never throws. */
export function readWelcome(rumor: Rumor): ({ readonly kind: 'ok' } & WelcomeFacts) | Refusal {
  if (rumor.kind !== KINDS.welcome) return refuse('content', 'This is not a welcome (kind 444).');
  const ids = rumor.tags.filter((tag) => tag[0] === 'e');
  const lists = rumor.tags.filter((tag) => tag[0] === 'relays');
  const keyPackageEventId = ids[0]?.[1];
  const relays = lists[0]?.slice(1) ?? [];
  if (ids.length !== 1 || ids[0]?.length !== 2 || !isHex32(keyPackageEventId))
    return refuse('tags', 'The welcome does not name one key package. Ask the peer to update and invite again.');
  const areSound =
    lists.length === 1 &&
    relays.length > 0 &&
    relays.length <= LIMITS.relays &&
    new Set(relays).size === relays.length &&
    relays.every(isRelayUrl);
  if (!areSound) return refuse('relays', 'The welcome’s relay list is missing or malformed. Ask the peer to update and invite again.');
  const mlsBytes = rumor.content.length <= LIMITS.eventContentChars ? decodeBase64(rumor.content) : undefined;
  if (mlsBytes === undefined) return refuse('content', 'The welcome is not base64. Ask the peer to update and invite again.');
  return { kind: 'ok', keyPackageEventId, relays, mlsBytes };
}
