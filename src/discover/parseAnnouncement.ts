// Reads announcements of strangers: what can be understood is taken, what cannot is left out and named, nothing is guessed.

import { parseSats, type Msat } from '../core/money.ts';
import { displayText } from '../core/text.ts';
import { tagValue, type NostrEvent } from '../nostr/event.ts';
import { ANNOUNCEMENT_KIND, PRICE_UNITS, type Announcement, type AnnouncedPrice, type PriceUnit } from './announcement.ts';

/** What is odd about an announcement that can be used all the same. */
export type Oddity = 'price-unreadable' | 'several-prices' | 'too-many-capabilities' | 'status-unknown';

/** An announcement, or why an event is none. */
export type AnnouncementParse =
  | { readonly kind: 'ok'; readonly announcement: Announcement; readonly oddities: readonly Oddity[] }
  | { readonly kind: 'refused'; readonly reason: 'kind' | 'no-service' | 'no-name' | 'no-capability' };

const MAX_NAME = 200;
const MAX_DESCRIPTION = 4_000;
const MAX_CAPABILITIES = 16;
const MAX_CAPABILITY_CHARS = 64;
const MAX_SERVICE_CHARS = 200;

/**
 * Reads a verified event. Where agent-discovery's own reader goes astray this one does not: `2.5` is 2,500 msat and not 2 sats, and
 * junk is no price. Of several `price` tags the last counts, as there. Texts come out clean. Never throws.
 */
export function parseAnnouncement(event: NostrEvent): AnnouncementParse {
  if (event.kind !== ANNOUNCEMENT_KIND) return { kind: 'refused', reason: 'kind' };
  const service = tagValue(event, 'd') ?? '';
  const name = displayText(tagValue(event, 'name') ?? '', MAX_NAME);
  const named = listValues(event, 'c').filter((value) => value.length <= MAX_CAPABILITY_CHARS);
  const capabilities = named.slice(0, MAX_CAPABILITIES);
  if (service === '' || service.length > MAX_SERVICE_CHARS) return { kind: 'refused', reason: 'no-service' };
  if (name === '') return { kind: 'refused', reason: 'no-name' };
  if (capabilities.length === 0) return { kind: 'refused', reason: 'no-capability' };
  const prices = event.tags.filter(([tag]) => tag === 'price');
  const price = readPrice(prices.at(-1));
  const status = tagValue(event, 'status') ?? 'active';
  const announcement: Announcement = {
    pubkey: event.pubkey,
    service,
    name,
    description: displayText(event.content, MAX_DESCRIPTION),
    capabilities,
    ...(price === undefined ? {} : { price }),
    isActive: status === 'active',
    isNegotiable: tagValue(event, 'negotiate') === '1',
    createdAt: event.created_at,
  };
  const oddities: Oddity[] = [
    ...(prices.length > 0 && price === undefined ? ['price-unreadable' as const] : []),
    ...(prices.length > 1 ? ['several-prices' as const] : []),
    ...(named.length > MAX_CAPABILITIES ? ['too-many-capabilities' as const] : []),
    ...(status !== 'active' && status !== 'inactive' ? ['status-unknown' as const] : []),
  ];
  return { kind: 'ok', announcement, oddities };
}

function listValues(event: NostrEvent, name: string): readonly string[] {
  return [...new Set(event.tags.flatMap(([tag, value]) => (tag === name && value !== undefined ? [displayText(value)] : [])))].filter(
    (value) => value !== '',
  );
}

function readPrice(tag: readonly string[] | undefined): AnnouncedPrice | undefined {
  if (tag === undefined) return undefined;
  const [, amount = '', currency = 'sats', per = 'request'] = tag;
  if (currency !== 'sats' || !isUnit(per)) return undefined;
  if (per === 'free') return { amountMsat: 0n, per };
  const amountMsat = readAmount(amount);
  return amountMsat === undefined ? undefined : { amountMsat, per };
}

function readAmount(text: string): Msat | undefined {
  try {
    return parseSats(text);
  } catch {
    return undefined;
  }
}

function isUnit(text: string): text is PriceUnit {
  return (PRICE_UNITS as readonly string[]).includes(text);
}
