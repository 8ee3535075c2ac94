// A relay pool without relays: publishes into memory and fetches from there, so that only the client's own work is left.

import { hasOwnId, verifyEvent, tagValue, type NostrEvent } from '../src/nostr/event.ts';
import { matchAnyFilter, type Filter } from '../src/nostr/filter.ts';
import { DEFAULT_POOL_LIMITS } from '../src/nostr/poolLimits.ts';
import { parseRelayMessage } from '../src/nostr/relayMessage.ts';
import type { RelayPool } from '../src/nostr/relayPool.ts';

/** What has crossed the wire, both ways; bytes are those of the events as JSON. */
export interface Traffic {
  publishedEvents: number;
  publishedBytes: number;
  fetchedEvents: number;
  fetchedBytes: number;
  /** Bytes of the published group events (kind 445). */
  groupBytes: number;
}

/** The pool that all agents of one run share, and what went through it. */
export interface MemoryPool {
  readonly pool: RelayPool;
  readonly traffic: Traffic;
}

interface Stored {
  readonly address: string;
  readonly event: NostrEvent;
  /** The frame as a relay would send it. */
  readonly frame: string;
}

const GROUP_EVENT = 445;

/** Makes an empty pool. Its clients do what a real one's do with each frame: parse it, match it, verify the event. */
export function createMemoryPool(): MemoryPool {
  const stored = new Map<string, Stored>();
  const traffic: Traffic = { publishedEvents: 0, publishedBytes: 0, fetchedEvents: 0, fetchedBytes: 0, groupBytes: 0 };
  const framesFor = (filters: readonly Filter[]): readonly string[] =>
    [...stored.values()].filter(({ event }) => matchAnyFilter(filters, event)).map(({ frame }) => frame);
  const pool: RelayPool = {
    publish: async (relays, event) => {
      const entry = { address: addressOf(event), event, frame: JSON.stringify(['EVENT', 'bench', event]) };
      countPublished(traffic, entry);
      stored.set(entry.address, entry);
      return relays.map((relay) => ({ relay, outcome: 'accepted', retryable: false }));
    },
    fetch: async (relays, filters) => {
      const events = framesFor(filters).flatMap((frame) => receiveFrame(traffic, frame, filters, verifyEvent));
      return { events: events.sort((a, b) => b.created_at - a.created_at), relays: relays.map((relay) => ({ relay, complete: true })) };
    },
    stream: async (relays, filters, take) => {
      for (const event of framesFor(filters).flatMap((frame) => receiveFrame(traffic, frame, filters, hasOwnId))) take(event);
      return relays.map((relay) => ({ relay, complete: true }));
    },
    subscribe: () => {
      throw new Error('No stage of a bench waits for events.');
    },
    close: () => undefined,
  };
  return { pool, traffic };
}

/** The events of one kind and author replace one another where NIP-01 says so. */
function addressOf(event: NostrEvent): string {
  const { kind, pubkey, id } = event;
  return kind >= 10_000 && kind < 40_000 ? `${kind}:${pubkey}:${tagValue(event, 'd') ?? ''}` : id;
}

function countPublished(traffic: Traffic, { event, frame }: Stored): void {
  const bytes = Buffer.byteLength(frame);
  traffic.publishedEvents += 1;
  traffic.publishedBytes += bytes;
  if (event.kind === GROUP_EVENT) traffic.groupBytes += bytes;
}

function receiveFrame(
  traffic: Traffic,
  frame: string,
  filters: readonly Filter[],
  isGenuine: (event: NostrEvent) => boolean,
): readonly NostrEvent[] {
  traffic.fetchedEvents += 1;
  traffic.fetchedBytes += Buffer.byteLength(frame);
  const message = parseRelayMessage(frame, DEFAULT_POOL_LIMITS.maxEventBytes);
  const isGood = message.type === 'event' && matchAnyFilter(filters, message.event) && isGenuine(message.event);
  return isGood ? [message.event] : [];
}
