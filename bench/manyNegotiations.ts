// A home with many open negotiations, each with a peer of its own, made without those peers being there.

import { randomBytes } from 'node:crypto';
import { newChannel } from '../src/agent/channelRecord.ts';
import { openParts } from '../src/agent/compose.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { startInput, beginStart } from '../src/agent/start.ts';
import { beginWork, saveWork } from '../src/agent/work.ts';
import { createChannel } from '../src/marmot/createChannel.ts';
import { createKeyPackage } from '../src/marmot/createKeyPackage.ts';
import { readKeyPackage } from '../src/marmot/readKeyPackage.ts';
import { createKeySigner } from '../src/nostr/signer.ts';

/** Starts `count` negotiations in a home: all that is left to do for them is to wait. */
export async function fillHome(home: string, relay: string, count: number): Promise<void> {
  const { context, close } = openParts({ home });
  try {
    for (let i = 0; i < count; i += 1) await addNegotiation(context, relay);
  } finally {
    await close();
  }
}

async function addNegotiation(context: AgentContext, relay: string): Promise<void> {
  const peer = createKeySigner(randomBytes(32));
  const { rng } = context;
  const now = context.clock.now();
  const { event } = await createKeyPackage({ signer: peer, slot: '00'.repeat(32), now, rng });
  const keyPackage = await readKeyPackage(event, now);
  if (keyPackage.kind !== 'usable') throw new Error('The key package of the bench is not usable.');
  const { channel } = await createChannel({ signer: await context.signer(), peers: [keyPackage], relays: [relay], now, rng });
  const made = beginWork(context);
  const open = newChannel(channel, [relay], now);
  made.channels.set(open.record.id, { ...open, record: { ...open.record, leafUpdatedAt: now, fetchedUntil: now } });
  saveWork(made);

  const work = beginWork(context);
  const requirements = 'A confidential contract of 12 pages, German to English, by a sworn translator.';
  await beginStart(work, startInput.parse({ peer: peer.pubkey, service: 'translation', requirements }));
  // As if a relay had them: an outbox that is empty is what an idle negotiation has.
  const left = work.changes.filter(({ kind }) => kind !== 'queue');
  const sent = [...work.moves.keys()].map((id) => ({ kind: 'move-sent', id, at: now }) as const);
  work.changes.splice(0, work.changes.length, ...left, ...sent);
  saveWork(work);
}
