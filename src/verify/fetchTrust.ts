// Fetches what a trust score needs, level by level, within bounds: a flood of attestations costs requests, not memory.

import type { Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { DELETION_KIND, LABEL_KIND, NAMESPACE, parseAttestation, ZAP_KIND } from './attestation.ts';
import { readEvidence } from './readEvidence.ts';
import { MAX_DEPTH, scoreTrust, type TrustScore } from './scoreTrust.ts';

const MAX_KEYS = 100;
const MAX_IDS = 300;
const MAX_EVENTS = 500;

/** Asks for events; the relay pool's `fetch` fits. */
export type FetchEvents = (filters: readonly Filter[]) => Promise<readonly NostrEvent[]>;

/** Fetches and scores. At most 100 keys a level are looked at, those met first. */
export async function fetchTrust(fetchEvents: FetchEvents, subject: Hex, now: number): Promise<TrustScore> {
  const events: NostrEvent[] = [];
  const known = new Set<Hex>();
  let level: readonly Hex[] = [subject];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth += 1) {
    for (const key of level) known.add(key);
    const found = await fetchEvents([{ kinds: [LABEL_KIND], '#L': [NAMESPACE], '#p': level, limit: MAX_EVENTS }]);
    events.push(...found);
    level = listAttesters(found)
      .filter((key) => !known.has(key))
      .slice(0, MAX_KEYS);
  }
  events.push(...(await fetchAround(fetchEvents, events)));
  return scoreTrust(subject, readEvidence(events), now);
}

/** The zaps and the revocations of attestations. */
async function fetchAround(fetchEvents: FetchEvents, attestations: readonly NostrEvent[]): Promise<readonly NostrEvent[]> {
  // Labels that are no attestations, such as those about test money, are not asked about: alone they would leave nobody to ask for.
  const read = attestations.filter((event) => parseAttestation(event) !== undefined);
  const ids = [...new Set(read.map(({ id }) => id))].slice(0, MAX_IDS);
  if (ids.length === 0) return [];
  const authors = listAttesters(read).slice(0, MAX_KEYS);
  return fetchEvents([
    { kinds: [ZAP_KIND], '#e': ids, limit: MAX_EVENTS },
    { kinds: [DELETION_KIND], authors, '#e': ids, limit: MAX_EVENTS },
  ]);
}

function listAttesters(events: readonly NostrEvent[]): readonly Hex[] {
  return [...new Set(events.flatMap((event) => parseAttestation(event)?.attester ?? []))];
}
