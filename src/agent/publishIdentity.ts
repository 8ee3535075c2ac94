// What others need to find and invite us: a key package and two relay lists, made within a step and queued.

import type { Hex } from '../core/bytes.ts';
import { createKeyPackage } from '../marmot/createKeyPackage.ts';
import { buildInboxRelays, buildRelayList } from '../marmot/relayLists.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import { readListsAt, writeListsAt } from './formerRelays.ts';
import { relaysOf } from './relaysOf.ts';
import { readSetting } from './settings.ts';
import { drawDelayS, toQueued } from './sealMoves.ts';
import type { Work } from './work.ts';

const DAY_S = 86_400;
// Somewhere in the third week before its end, each package at a time of its own: agents made together do not renew together.
const RENEW_LATEST_S = 14 * DAY_S;
const RENEW_SPREAD_S = 7 * DAY_S;
// A welcome may be under way for a while after the key package it used has been replaced.
const KEEP_AFTER_RETIRING_S = 7 * 86_400;
// A renewal must not tell when the agent woke up.
const RENEWAL_DELAY = { meanS: 60, capS: 120 } as const;

/**
 * Makes a new key package in the agent's slot, to be published after `delayS` and dated then; the private halves of older ones go a week
 * later.
 */
export async function queueKeyPackage(
  work: Work,
  { delayS = 0, relays = relaysOf(work.context) }: { readonly delayS?: number; readonly relays?: readonly string[] } = {},
): Promise<void> {
  const { context } = work;
  // Never as old as the one before: relays keep the newer of a slot, and of two of one second either.
  const now = Math.max(work.now + delayS, lastCreatedAt(work) + 1);
  const slot = readSetting(context.store, 'slot');
  const made = await createKeyPackage({ signer: await context.signer(), slot, now, rng: context.rng });
  const { privateBytes, expiresAt, event } = made;
  work.changes.push(
    // One that was used must not open for long what was sent with it; a welcome made with it may still be under way.
    { kind: 'retire-key-packages', at: work.now },
    { kind: 'key-package', record: { eventId: event.id, privateBytes, createdAt: now, expiresAt } },
    { kind: 'drop-key-packages', expiredBefore: work.now - KEEP_AFTER_RETIRING_S },
    { kind: 'queue', record: toQueued(work, event, 'identity', relays, { delayS }) },
  );
}

function lastCreatedAt({ context, changes }: Work): number {
  const made = changes.flatMap((change) => (change.kind === 'key-package' ? [change.record] : []));
  return [...context.store.listKeyPackages(), ...made].reduce((latest, { createdAt }) => Math.max(latest, createdAt), 0);
}

/** Makes the relay lists, kind 10002 and kind 10050, for these relays or more. */
export async function queueRelayLists(work: Work, relays: readonly string[], targets = relays): Promise<void> {
  const signer = await work.context.signer();
  // Of two lists of one second relays would keep either.
  const at = Math.max(work.now, readListsAt(work.context.store) + 1);
  for (const template of [buildRelayList(relays, at), buildInboxRelays(relays, at)]) {
    const event = await signExactly(signer, template);
    work.changes.push({ kind: 'queue', record: toQueued(work, event, 'identity', targets) });
  }
  work.changes.push(writeListsAt(at));
}

/** Renews the key package 14 to 21 days before it expires, and lets go of those that were replaced a week ago. */
export async function renewKeyPackage(work: Work): Promise<void> {
  const kept = work.context.store.listKeyPackages();
  const expiredBefore = work.now - KEEP_AFTER_RETIRING_S;
  if (kept.some(({ expiresAt }) => expiresAt < expiredBefore)) work.changes.push({ kind: 'drop-key-packages', expiredBefore });
  const newest = kept.at(-1);
  if (newest !== undefined && work.now < renewalTime(newest)) return;
  const isUrgent = newest === undefined || work.now >= newest.expiresAt;
  await queueKeyPackage(work, { delayS: isUrgent ? 0 : drawDelayS(work.context.rng, RENEWAL_DELAY) });
}

/** When a key package is to be renewed (unix seconds): always the same for one, spread over a week among many. */
export function renewalTime({ eventId, expiresAt }: { readonly eventId: Hex; readonly expiresAt: number }): number {
  return expiresAt - RENEW_LATEST_S - (Number.parseInt(eventId.slice(0, 8), 16) % RENEW_SPREAD_S);
}
