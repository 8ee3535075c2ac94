// What others need to find and invite us: a key package and two relay lists, made within a step and queued.

import { createKeyPackage } from '../marmot/createKeyPackage.ts';
import { buildInboxRelays, buildRelayList } from '../marmot/relayLists.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import { relaysOf } from './relaysOf.ts';
import { readSetting } from './settings.ts';
import { toQueued } from './sealMoves.ts';
import type { Work } from './work.ts';

const RENEW_BEFORE_S = 14 * 86_400;
// A welcome may be under way for a while after the key package it used has been replaced.
const KEEP_AFTER_EXPIRY_S = 7 * 86_400;

/** Makes a new key package in the agent's slot; the private halves of older ones stay until they have expired. */
export async function queueKeyPackage(work: Work): Promise<void> {
  const { context, now } = work;
  const slot = readSetting(context.store, 'slot');
  const made = await createKeyPackage({ signer: await context.signer(), slot, now, rng: context.rng });
  const { privateBytes, expiresAt, event } = made;
  work.changes.push(
    { kind: 'key-package', record: { eventId: event.id, privateBytes, createdAt: now, expiresAt } },
    { kind: 'drop-key-packages', expiredBefore: now - KEEP_AFTER_EXPIRY_S },
    { kind: 'queue', record: toQueued(work, event, 'identity', relaysOf(context)) },
  );
}

/** Makes the relay lists: kind 10002 and kind 10050. */
export async function queueRelayLists(work: Work, relays: readonly string[]): Promise<void> {
  const signer = await work.context.signer();
  for (const template of [buildRelayList(relays, work.now), buildInboxRelays(relays, work.now)]) {
    const event = await signExactly(signer, template);
    work.changes.push({ kind: 'queue', record: toQueued(work, event, 'identity', relays) });
  }
}

/** Renews the key package when it is about to expire. */
export async function renewKeyPackage(work: Work): Promise<void> {
  const newest = work.context.store.listKeyPackages().at(-1);
  if (newest === undefined || newest.expiresAt - work.now < RENEW_BEFORE_S) await queueKeyPackage(work);
}
