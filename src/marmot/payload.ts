// App payloads: an unsigned Nostr event as JSON inside MLS, read strictly (foundation/application-messages.md "Encoding").

import { computeEventId, isRumorShape, type Rumor } from '../nostr/event.ts';

const MEMBERS = ['content', 'created_at', 'id', 'kind', 'pubkey', 'tags'];

/** Writes a rumor as payload text, members in NIP-01 order. */
export function encodePayload({ id, pubkey, created_at, kind, tags, content }: Rumor): string {
  return JSON.stringify({ id, pubkey, created_at, kind, tags, content });
}

/**
 * Reads payload bytes or text: exactly the six members, none twice, no `sig`, the id recomputed. Undefined for anything else. Says
 * nothing about who sent it. Never throws.
 */
export function parsePayload(payload: Uint8Array | string): Rumor | undefined {
  const text = typeof payload === 'string' ? payload : readUtf8(payload);
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (!isRumorShape(value) || !hasExactMembers(value) || countMembers(text) !== MEMBERS.length) return undefined;
  return isWellFormed(value) && computeEventId(value.pubkey, value) === value.id ? value : undefined;
}

function hasExactMembers(value: object): boolean {
  const names = Object.keys(value).sort();
  return names.length === MEMBERS.length && names.every((name, i) => name === MEMBERS[i]);
}

// The text is valid JSON by now, so the colons outside strings at depth one are its members, repeated ones too. Objects further in
// are counted as well: tags have no room for any.
function countMembers(text: string): number {
  let count = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (isInString && char === '\\') i += 1;
    else if (char === '"') isInString = !isInString;
    else if (char === ':' && !isInString) count += 1;
  }
  return count;
}

// A lone surrogate has no UTF-8 form, so two implementations would hash it differently.
function isWellFormed({ content, tags }: Rumor): boolean {
  return content.isWellFormed() && tags.every((tag) => tag.every((item) => item.isWellFormed()));
}

function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
