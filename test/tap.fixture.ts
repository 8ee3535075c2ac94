// A relay behind a tap: every frame that clients send is kept by connection, and events can be lost, refused or held back on the way.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../src/core/ports.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';

export type Frame = readonly unknown[];

/** What happens to an event that a client publishes: cut off before or after the relay has it, or refused by a word of the relay's, for good or for now. */
export type Fate = 'lost-before' | 'lost-after' | 'refused' | 'limited';

export interface Tap {
  readonly url: string;
  readonly relay: RunningRelay;
  /** The frames that clients sent, one list for each of their connections. */
  readonly connections: readonly (readonly Frame[])[];
  readonly faults: {
    fate?: ((event: NostrEvent) => Fate | undefined) | undefined;
    /** True for stored events that the relay keeps to itself. */
    hides?: ((event: NostrEvent) => boolean) | undefined;
    /** True while nobody gets through at all. */
    isDown?: boolean;
  };
  close(): Promise<void>;
}

export async function startTap({ clock }: { readonly clock?: Clock } = {}): Promise<Tap> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay = await startRelay({ requireAuthForGiftWraps: true, publicUrl: url, clock });
  const connections: Frame[][] = [];
  const faults: Tap['faults'] = {};
  server.on('connection', (client) => {
    if (faults.isDown === true) return client.terminate();
    const frames: Frame[] = [];
    connections.push(frames);
    const upstream = new WebSocket(relay.url);
    const opened = once(upstream, 'open').catch(() => undefined);
    const mute = new Set<string>();
    client.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      if (faults.isDown === true) return client.terminate();
      frames.push(frame);
      const event = frame[0] === 'EVENT' ? (frame[1] as NostrEvent) : undefined;
      const fate = event === undefined ? undefined : faults.fate?.(event);
      if (event !== undefined && fate === 'refused') return client.send(JSON.stringify(['OK', event.id, false, 'blocked: not now']));
      if (event !== undefined && fate === 'limited') return client.send(JSON.stringify(['OK', event.id, false, 'rate-limited: later']));
      if (fate === 'lost-before') return client.terminate();
      if (event !== undefined && fate === 'lost-after') mute.add(event.id);
      void opened.then(() => upstream.send(data.toString(), () => undefined));
    });
    upstream.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      if (frame[0] === 'OK' && mute.has(frame[1] as string)) return client.terminate();
      if (frame[0] === 'EVENT' && faults.hides?.(frame[2] as NostrEvent) === true) return;
      client.send(data.toString(), () => undefined);
    });
    client.on('close', () => upstream.terminate()).on('error', () => undefined);
    upstream.on('close', () => client.terminate()).on('error', () => client.terminate());
  });
  const close = async (): Promise<void> => {
    for (const client of server.clients) client.terminate();
    server.close();
    await relay.close();
  };
  return { url, relay, connections, faults, close };
}

export const filtersOf = (frames: readonly Frame[]): readonly Filter[] =>
  frames.filter(([type]) => type === 'REQ').flatMap(([, , ...filters]) => filters as Filter[]);

/** The events that a connection has brought, proofs of identity among them. */
export const eventsOf = (frames: readonly Frame[]): readonly NostrEvent[] =>
  frames.filter(([type]) => type === 'EVENT' || type === 'AUTH').map(([, event]) => event as NostrEvent);

/** The groups that a connection names, in filters or events. */
export function groupsOf(frames: readonly Frame[]): ReadonlySet<string> {
  const published = eventsOf(frames)
    .filter(({ kind }) => kind === 445)
    .flatMap(({ tags }) => tags.filter(([name]) => name === 'h').map(([, value]) => value ?? ''));
  return new Set([...filtersOf(frames).flatMap((filter) => filter['#h'] ?? []), ...published]);
}
