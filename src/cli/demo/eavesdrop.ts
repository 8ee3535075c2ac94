// Somebody who reads everything on the relay: listens to what passes by, and counts what it learns, which is kinds, sizes and numbers.

import { z } from 'zod';

/** The events of one kind on a relay. */
export interface KindView {
  readonly kind: number;
  readonly what: string;
  readonly count: number;
  /** As JSON text. */
  readonly bytes: number;
  readonly authors: number;
}

const eventSchema = z.looseObject({ id: z.string(), kind: z.int(), pubkey: z.string() });

/** An event as the eavesdropper has it. */
export type SeenEvent = z.infer<typeof eventSchema>;

/** Somebody who listens. */
export interface Eavesdropper {
  /** Everything that came by. */
  readonly heard: () => readonly SeenEvent[];
  readonly close: () => void;
}

const NAMES: Readonly<Record<number, string>> = {
  445: 'group event: MLS, encrypted',
  1059: 'gift wrap: encrypted',
  1985: 'attestation: public on purpose',
  10002: 'relay list',
  10050: 'inbox relay list',
  13194: 'wallet service information',
  23194: 'wallet request: encrypted',
  23195: 'wallet answer: encrypted',
  30443: 'key package',
  38990: 'announcement: public on purpose',
};

const LISTEN_MS = 5_000;

/** Listens to everything that the relay hands out to anybody, also what it does not store; resolves once it listens. */
export async function listenIn(url: string): Promise<Eavesdropper> {
  const events = new Map<string, SeenEvent>();
  const socket = new WebSocket(url);
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(reject, LISTEN_MS, new Error('the relay did not answer the eavesdropper'));
  socket.addEventListener('open', () => socket.send(JSON.stringify(['REQ', 'all', {}])));
  socket.addEventListener('error', () => reject(new Error('the relay did not answer the eavesdropper')));
  socket.addEventListener('message', ({ data }) => {
    const [type, , event] = JSON.parse(String(data)) as readonly unknown[];
    // Filters without kinds may be refused where gift wraps are guarded: then all but those.
    if (type === 'EOSE') resolve();
    if (type === 'CLOSED') reject(new Error('the relay does not let anybody listen'));
    const parsed = type === 'EVENT' ? eventSchema.safeParse(event) : undefined;
    if (parsed?.success === true) events.set(parsed.data.id, parsed.data);
  });
  await ready.finally(() => clearTimeout(timer));
  return { heard: () => [...events.values()], close: () => socket.close() };
}

/** Counts events by kind, in order of kind. */
export function eavesdrop(events: readonly SeenEvent[]): readonly KindView[] {
  const kinds = [...new Set(events.map(({ kind }) => kind))].sort((a, b) => a - b);
  return kinds.map((kind) => {
    const those = events.filter((event) => event.kind === kind);
    return {
      kind,
      what: NAMES[kind] ?? 'other',
      count: those.length,
      bytes: those.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0),
      authors: new Set(those.map(({ pubkey }) => pubkey)).size,
    };
  });
}
