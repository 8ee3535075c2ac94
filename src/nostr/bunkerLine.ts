// The line to a remote signer (NIP-46): encrypted events of kind 24133 over its relays, on sockets that carry nothing else.

import type { Hex } from '../core/bytes.ts';
import type { Clock } from '../core/ports.ts';
import { BUNKER_KIND, readBunkerAnswer, type BunkerAnswer } from './bunkerMessage.ts';
import type { NostrEvent } from './event.ts';
import type { RelayPool } from './relayPool.ts';
import type { Signer } from './signer.ts';

/** Both ends of the line, and who is told what comes. */
export interface LineOptions {
  readonly pool: RelayPool;
  readonly clock: Clock;
  readonly relays: readonly string[];
  readonly remote: Hex;
  /** Our end: a key of its own, which is not the identity's. */
  readonly client: Signer;
  /** Hangs up. */
  readonly signal: AbortSignal;
  /** Hears each answer that the remote signer has made for us. */
  readonly onAnswer: (answer: BunkerAnswer) => void;
  /** A relay will pass on answers from now on; `isBack`: it did before, and answers may have been lost in between. */
  readonly onReady: (relay: string, isBack: boolean) => void;
}

/** An open line. */
export interface BunkerLine {
  /** Encrypts and signs a request. */
  readonly seal: (body: string) => Promise<NostrEvent>;
  /** Sends a sealed request to these relays, by default to all that will pass on its answer. Never throws for what relays do. */
  readonly send: (event: NostrEvent, relays?: readonly string[]) => void;
}

// A bunker's clock may be wrong, ours too, and a relay that keeps what it should not gives an answer after a loss.
const OVERLAP_S = 86_400;

/** Opens a line. */
export function openBunkerLine(options: LineOptions): BunkerLine {
  const { pool, clock, remote, client, signal } = options;
  const ready = new Set<string>();
  void follow(options, ready);
  return {
    seal: async (body) => {
      const content = await client.encrypt(remote, body);
      return client.signEvent({ kind: BUNKER_KIND, created_at: clock.now(), tags: [['p', remote]], content });
    },
    // Before a relay is ready an answer would be lost, since relays keep none.
    send: (event, relays = [...ready]) => {
      if (relays.length > 0) void pool.publish(relays, event, { purpose: 'bunker', auth: client, signal });
    },
  };
}

async function follow(options: LineOptions, ready: Set<string>): Promise<void> {
  const { pool, clock, relays, remote, client, signal, onReady } = options;
  const known = new Set<string>();
  const filter = { kinds: [BUNKER_KIND], authors: [remote], '#p': [client.pubkey], since: clock.now() - OVERLAP_S };
  const access = { purpose: 'bunker', auth: client, signal, overlapSeconds: OVERLAP_S } as const;
  for await (const item of pool.subscribe(relays, [filter], access)) {
    switch (item.type) {
      case 'event':
        await hear(options, item.event);
        break;
      case 'down':
        ready.delete(item.relay);
        break;
      case 'eose':
        ready.add(item.relay);
        onReady(item.relay, known.has(item.relay));
        known.add(item.relay);
        break;
      default:
        item satisfies never;
    }
  }
}

async function hear({ remote, client, onAnswer }: LineOptions, event: NostrEvent): Promise<void> {
  // The pool has checked the signature, and this who signed: nobody else answers for the bunker.
  if (event.pubkey !== remote) return;
  const text = await client.decrypt(remote, event.content).catch(() => undefined);
  const answer = text === undefined ? undefined : readBunkerAnswer(text);
  if (answer !== undefined) onAnswer(answer);
}
