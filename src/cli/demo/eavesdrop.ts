// What somebody who reads everything on the relay learns: kinds, sizes, numbers.

/** The events of one kind on a relay. */
export interface KindView {
  readonly kind: number;
  readonly what: string;
  readonly count: number;
  /** As JSON text. */
  readonly bytes: number;
  readonly authors: number;
}

interface SeenEvent {
  readonly kind: number;
  readonly pubkey: string;
}

const NAMES: Readonly<Record<number, string>> = {
  445: 'group event: MLS, encrypted',
  1059: 'gift wrap: encrypted',
  10002: 'relay list',
  10050: 'inbox relay list',
  30443: 'key package',
};

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
