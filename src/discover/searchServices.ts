// Finds services: asks relays for announcements and keeps the current one of each.

import type { Filter } from '../nostr/filter.ts';
import { verifyEvent, type NostrEvent } from '../nostr/event.ts';
import { ANNOUNCEMENT_KIND, type Announcement } from './announcement.ts';
import { parseAnnouncement, type Oddity } from './parseAnnouncement.ts';

const MAX_EVENTS = 500;

/** What to look for. */
export interface ServiceQuery {
  /** A capability, in full. */
  readonly capability: string;
  /** Only providers that negotiate as this program does. */
  readonly onlyNegotiable?: boolean;
}

/** A service that was found. */
export interface FoundService {
  readonly announcement: Announcement;
  readonly oddities: readonly Oddity[];
}

/** Asks for events; the relay pool's `fetch` fits. */
export type FetchEvents = (filters: readonly Filter[]) => Promise<readonly NostrEvent[]>;

/** Searches relays for active services with a capability, negotiable ones first, then by price, then by key. */
export async function searchServices(fetchEvents: FetchEvents, query: ServiceQuery): Promise<readonly FoundService[]> {
  const filter: Filter = { kinds: [ANNOUNCEMENT_KIND], '#c': [query.capability], limit: MAX_EVENTS };
  return selectServices(await fetchEvents([filter]), query);
}

/** The same over events that are here already; forged ones are left out. */
export function selectServices(
  events: readonly NostrEvent[],
  { capability, onlyNegotiable = false }: ServiceQuery,
): readonly FoundService[] {
  const found = newestOfEach(events).flatMap((event): FoundService[] => {
    const parsed = parseAnnouncement(event);
    if (parsed.kind === 'refused' || !parsed.announcement.isActive) return [];
    const { announcement, oddities } = parsed;
    const fits = announcement.capabilities.includes(capability) && (!onlyNegotiable || announcement.isNegotiable);
    return fits ? [{ announcement, oddities }] : [];
  });
  return found.sort(compareServices);
}

/** Of each service the newest event, ties by lowest id (NIP-01): also an inactive one, which hides older active ones. */
function newestOfEach(events: readonly NostrEvent[]): readonly NostrEvent[] {
  const newest = new Map<string, NostrEvent>();
  for (const event of events) {
    const address = `${event.pubkey}:${event.tags.find(([name]) => name === 'd')?.[1] ?? ''}`;
    const known = newest.get(address);
    const isNewer =
      known === undefined || event.created_at > known.created_at || (event.created_at === known.created_at && event.id < known.id);
    if (event.kind === ANNOUNCEMENT_KIND && isNewer && verifyEvent(event)) newest.set(address, event);
  }
  return [...newest.values()];
}

function compareServices({ announcement: a }: FoundService, { announcement: b }: FoundService): number {
  if (a.isNegotiable !== b.isNegotiable) return a.isNegotiable ? -1 : 1;
  const difference = priceOf(a) - priceOf(b);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return `${a.pubkey}${a.service}` < `${b.pubkey}${b.service}` ? -1 : 1;
}

// A price that nobody can read comes last.
function priceOf({ price }: Announcement): bigint {
  return price?.amountMsat ?? 2n ** 63n;
}
