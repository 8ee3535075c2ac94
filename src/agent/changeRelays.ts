// Where the agent is reached: shows it, changes it, and publishes again what relays have lost.

import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import { ANNOUNCEMENT_KIND } from '../discover/announcement.ts';
import { KINDS } from '../marmot/profile.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import type { Change } from '../store/records.ts';
import { queueAnnouncements } from './announce.ts';
import type { AgentContext } from './context.ts';
import { drainOutbox, type DrainReport } from './drainOutbox.ts';
import { listFormer, writeFormer, type FormerRelay } from './formerRelays.ts';
import { listOpenChannels } from './openChannels.ts';
import { queueKeyPackage, queueRelayLists } from './publishIdentity.ts';
import { MAX_RELAYS } from './relaysOf.ts';
import { readSetting, writeSetting } from './settings.ts';
import { beginWork, saveWork, type Work } from './work.ts';

/** Relays to add and to remove, or all of them; `publish` publishes even when nothing changes. */
export const changeRelaysInput = z.strictObject({
  add: z.array(z.string()).default([]),
  remove: z.array(z.string()).default([]),
  set: z.array(z.string()).optional(),
  publish: z.boolean().default(false),
});

/** Where the agent is reached. */
export interface RelaysView {
  readonly relays: readonly string[];
  /** Relays that it has left, and until when (unix seconds) it still looks for invites there. */
  readonly former: readonly FormerRelay[];
  /** How many channels and groups still use a relay that is not among `relays`: they keep those they were made with. */
  readonly channelsElsewhere: number;
}

/** The same after a change; `published` is there when something was published. */
export interface RelaysChanged extends RelaysView {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly published?: DrainReport;
  /** How many announcements were not told again, since the owner's mandate refuses them by now. */
  readonly withheld?: number;
}

const REPLACED: readonly number[] = [KINDS.relayList, KINDS.inboxRelays, KINDS.keyPackage, ANNOUNCEMENT_KIND];

/** Shows where the agent is reached. */
export function relays(context: AgentContext): RelaysView {
  const configured = readSetting(context.store, 'relays');
  const isElsewhere = (each: { readonly relays: readonly string[] }): boolean => each.relays.some((relay) => !configured.includes(relay));
  return {
    relays: configured,
    former: listFormer(context),
    channelsElsewhere: listOpenChannels(context.store).filter(isElsewhere).length,
  };
}

/**
 * Changes where the agent is reached, and publishes its relay lists, a new key package and its announcements there; the relays that it leaves
 * get them once more, so that whoever looks there finds the way. Throws `relay/invalid-url`, `input/invalid`, `input/not-found`, and
 * `signer/…`: nothing is changed then.
 */
export async function changeRelays(context: AgentContext, input: z.output<typeof changeRelaysInput>): Promise<RelaysChanged> {
  const before = readSetting(context.store, 'relays');
  const after = plan(before, input);
  const added = after.filter((relay) => !before.includes(relay));
  const removed = before.filter((relay) => !after.includes(relay));
  const isOther = after.join(' ') !== before.join(' ');
  if (!isOther && !input.publish) return { ...relays(context), added, removed };
  const work = beginWork(context);
  if (isOther) work.changes.push(writeSetting('relays', [...after]), writeFormer(context, removed, after));
  // What waits to be published of these is out of date, and may wait for a relay that is gone for good.
  work.changes.push(...dropReplaced(work));
  const targets = [...new Set([...after, ...context.extraRelays, ...removed])];
  await queueRelayLists(work, after, targets);
  await queueKeyPackage(work, { relays: targets });
  const withheld = await queueAnnouncements(work, targets);
  saveWork(work);
  const published = await drainOutbox(context, { force: true });
  return { ...relays(context), added, removed, published, ...(withheld === 0 ? {} : { withheld }) };
}

function plan(before: readonly string[], { add, remove, set }: z.output<typeof changeRelaysInput>): readonly string[] {
  if (set !== undefined && add.length + remove.length > 0)
    throw new NegotiateError('input/invalid', 'Set all relays, or add and remove some: not both at once.');
  const leaving = remove.map(parseRelayUrl);
  if (leaving.some((relay) => !before.includes(relay)))
    throw new NegotiateError('input/not-found', 'A relay to remove is none of this agent’s. See: agent-negotiate relays');
  const kept = set === undefined ? [...before, ...add.map(parseRelayUrl)] : set.map(parseRelayUrl);
  const after = [...new Set(kept)].filter((relay) => !leaving.includes(relay));
  if (after.length === 0)
    throw new NegotiateError('input/invalid', 'An agent needs a relay to be reached at. Add another one before you remove the last.');
  if (after.length <= MAX_RELAYS) return after;
  throw new NegotiateError('input/invalid', `An agent is reached at ${MAX_RELAYS} relays at most. Remove some.`);
}

function dropReplaced({ context }: Work): readonly Change[] {
  return context.store.listQueued().flatMap(({ eventId, event }): Change[] => {
    return REPLACED.includes((JSON.parse(event) as NostrEvent).kind) ? [{ kind: 'drop-queued', eventId }] : [];
  });
}
