// Finds out how to invite a peer: its key package, and the relays it takes welcomes at.

import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { KINDS } from '../marmot/profile.ts';
import { readKeyPackage, type UsableKeyPackage } from '../marmot/readKeyPackage.ts';
import { parseInboxRelays, parseWriteRelays } from '../marmot/relayLists.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { FetchReport, RelayPool } from '../nostr/relayPool.ts';
import type { AgentContext } from './context.ts';
import { keepDialable } from './dialGuard.ts';
import { relaysOf } from './relaysOf.ts';

const OLD_KEY_PACKAGE = 443;
const MAX_RELAYS = 8;

/** How to invite a peer. */
export interface PeerContact {
  readonly keyPackage: UsableKeyPackage;
  /** Relays for the welcome. */
  readonly inbox: readonly string[];
}

/**
 * Looks a peer up on our relays and then on its own. Throws `relay/unreachable` when no relay answered, `peer/no-key-package` when
 * there is nothing to invite it with, `peer/unusable-key-package` when what there is cannot be used.
 */
export async function lookUpPeer(context: AgentContext, peer: Hex): Promise<PeerContact> {
  const pool = await context.pool();
  const own = relaysOf(context);
  const kinds = [KINDS.relayList, KINDS.inboxRelays, KINDS.keyPackage, OLD_KEY_PACKAGE];
  const first = await pool.fetch(own, [{ authors: [peer], kinds }], { purpose: 'lookup', signal: context.closing });
  requireAnswer(first.relays);
  const theirs = keepDialable(readList(first.events, KINDS.relayList, parseWriteRelays), own);
  const packages = await fetchPackages(
    pool,
    peer,
    first.events,
    theirs.filter((relay) => !own.includes(relay)),
    context.closing,
  );
  const keyPackage = await chooseKeyPackage(packages, context.clock.now());
  if (keyPackage === undefined) throw missing(first.events.length > 0, own.length);
  const inbox = keepDialable(readList(first.events, KINDS.inboxRelays, parseInboxRelays), own);
  return { keyPackage, inbox: chooseInbox(inbox, theirs, own) };
}

/** Relays for a welcome to an account, without the rest: its inbox, else where it writes, else ours. Never throws for what relays do. */
export async function findInbox(context: AgentContext, peer: Hex): Promise<readonly string[]> {
  const own = relaysOf(context);
  const kinds = [KINDS.relayList, KINDS.inboxRelays];
  const { events } = await (await context.pool()).fetch(own, [{ authors: [peer], kinds }], { purpose: 'lookup', signal: context.closing });
  const inbox = keepDialable(readList(events, KINDS.inboxRelays, parseInboxRelays), own);
  const theirs = keepDialable(readList(events, KINDS.relayList, parseWriteRelays), own);
  return chooseInbox(inbox, theirs, own);
}

function chooseInbox(inbox: readonly string[], theirs: readonly string[], own: readonly string[]): readonly string[] {
  return [...new Set(inbox.length > 0 ? inbox : [...theirs, ...own])].slice(0, MAX_RELAYS);
}

async function fetchPackages(
  pool: RelayPool,
  peer: Hex,
  known: readonly NostrEvent[],
  others: readonly string[],
  signal: AbortSignal,
): Promise<readonly NostrEvent[]> {
  const filter = { authors: [peer], kinds: [KINDS.keyPackage, OLD_KEY_PACKAGE] };
  const more = others.length === 0 ? [] : (await pool.fetch(others.slice(0, MAX_RELAYS), [filter], { purpose: 'lookup', signal })).events;
  const all = new Map([...known, ...more].map((event) => [event.id, event]));
  return [...all.values()].filter(({ kind }) => filter.kinds.includes(kind));
}

/** The newest usable one; throws for what is wrong with the newest when none is usable. */
async function chooseKeyPackage(events: readonly NostrEvent[], now: number): Promise<UsableKeyPackage | undefined> {
  let problem: string | undefined;
  const bySlot = new Map<string, UsableKeyPackage>();
  for (const event of events.toSorted(compareBestFirst)) {
    const [newest] = bySlot.values();
    if (newest !== undefined && event.created_at < newest.createdAt) break;
    const read = await readKeyPackage(event, now);
    if (read.kind === 'refused') problem ??= read.message;
    else if (!bySlot.has(read.slot)) bySlot.set(read.slot, read);
  }
  // Of slots that are alike the lower KeyPackageRef, so that everybody takes the same (transports/nostr.md).
  const [best] = [...bySlot.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1));
  if (best === undefined && problem !== undefined) throw new NegotiateError('peer/unusable-key-package', problem);
  return best;
}

/** The current kind first, as an old one beside it is a leftover; then the newest; of one second the lower id, as relays keep it. */
function compareBestFirst(a: NostrEvent, b: NostrEvent): number {
  return b.kind - a.kind || b.created_at - a.created_at || (a.id < b.id ? -1 : 1);
}

function requireAnswer(reports: readonly FetchReport[]): void {
  if (reports.some(({ complete }) => complete)) return;
  const message = 'None of your relays answered. Check the connection and the addresses (see: agent-negotiate whoami), then try again.';
  throw new NegotiateError('relay/unreachable', message, { details: { relays: reports.length } });
}

function missing(isKnown: boolean, relays: number): NegotiateError {
  const message = isKnown
    ? 'This npub is known, but it has published no key package, so it cannot be invited. Ask its owner to run: agent-negotiate sync'
    : 'Nothing is known about this npub on your relays. Check the npub, and ask its owner which relay to use (--relay URL).';
  return new NegotiateError('peer/no-key-package', message, { details: { relays } });
}

function readList(events: readonly NostrEvent[], kind: number, read: (event: NostrEvent) => readonly string[]): readonly string[] {
  const newest = events.filter((event) => event.kind === kind).sort((a, b) => b.created_at - a.created_at)[0];
  return newest === undefined ? [] : read(newest);
}
