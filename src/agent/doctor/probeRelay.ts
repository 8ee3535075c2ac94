// Asks one relay everything that the checks want to know of it: as anybody may, and as the owner of the inbox. Nothing is published.

import { KINDS } from '../../marmot/profile.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { FetchResult } from '../../nostr/relayPool.ts';
import { fetchRelayInformation, type RelayInformation } from '../../nostr/relayInformation.ts';
import type { Signer } from '../../nostr/signer.ts';
import type { AgentContext } from '../context.ts';
import { readProxy } from '../settings.ts';

/** Who is given our gift wraps: nobody could be asked, nobody, whoever proves to be us (NIP-42), or anybody. */
export type InboxAccess = 'unanswered' | 'refused' | 'no-signer' | 'to-us' | 'open';

/** What one relay of ours has shown. */
export interface RelayProbe {
  readonly relay: string;
  /** False when there was no answer at all. */
  readonly isUp: boolean;
  /** True when the relay gave all it has of us to somebody it does not know. */
  readonly isPublic: boolean;
  /** Milliseconds until the first answer, connecting included, and for the one after. */
  readonly firstMs: number;
  readonly roundTripMs: number;
  /** Key packages and relay lists of ours that others are shown. */
  readonly own: readonly NostrEvent[];
  readonly inbox: InboxAccess;
  /** `created_at` of a newest event by anybody. */
  readonly newestAt?: number;
  /** What it says of itself; undefined behind a proxy, where it is not asked. */
  readonly information?: RelayInformation;
}

const GIFT_WRAP = 1059;
const NOTE = 1;
const INFORMATION_MS = 4_000;

/** Probes a relay; without a signer the inbox is asked for only as anybody may. Never throws for what a relay does. */
export async function probeRelay(context: AgentContext, relay: string, signer: Signer | undefined): Promise<RelayProbe> {
  const [seen, inbox, information] = await Promise.all([
    lookAsOutsider(context, relay),
    askForWraps(context, relay, signer),
    askForInformation(context, relay),
  ]);
  return { relay, inbox, ...seen, ...(information === undefined ? {} : { information }) };
}

async function lookAsOutsider(context: AgentContext, relay: string): Promise<Omit<RelayProbe, 'relay' | 'inbox' | 'information'>> {
  const pool = await context.pool();
  const access = { purpose: 'outsider', signal: context.closing } as const;
  const kinds = [KINDS.keyPackage, KINDS.relayList, KINDS.inboxRelays];
  const [first, firstMs] = await time(() => pool.fetch([relay], [{ authors: [context.pubkey], kinds }], access));
  const isUp = hasAnswered(first);
  if (!isUp) return { isUp, isPublic: false, firstMs, roundTripMs: 0, own: [] };
  const [second, roundTripMs] = await time(() => pool.fetch([relay], [{ kinds: [NOTE, KINDS.keyPackage], limit: 1 }], access));
  const newestAt = second.events[0]?.created_at;
  const isPublic = isComplete(first);
  return { isUp, isPublic, firstMs, roundTripMs, own: first.events, ...(newestAt === undefined ? {} : { newestAt }) };
}

async function askForWraps(context: AgentContext, relay: string, signer: Signer | undefined): Promise<InboxAccess> {
  const pool = await context.pool();
  const filters = [{ kinds: [GIFT_WRAP], '#p': [context.pubkey], limit: 1 }];
  const access = { purpose: 'identity', signal: context.closing } as const;
  const unknown = await pool.fetch([relay], filters, access);
  if (isComplete(unknown)) return 'open';
  if (!hasAnswered(unknown)) return 'unanswered';
  if (signer === undefined) return 'no-signer';
  return isComplete(await pool.fetch([relay], filters, { ...access, auth: signer })) ? 'to-us' : 'refused';
}

/** A request over HTTP would go past the proxy. */
async function askForInformation(context: AgentContext, relay: string): Promise<RelayInformation | undefined> {
  if (readProxy(context.store) !== undefined) return undefined;
  const signal = AbortSignal.any([context.closing, AbortSignal.timeout(INFORMATION_MS)]);
  return fetchRelayInformation(relay, () => context.clock.now(), signal);
}

function isComplete({ relays }: FetchResult): boolean {
  return relays.every(({ complete }) => complete);
}

/** A relay that refuses has answered. */
function hasAnswered(result: FetchResult): boolean {
  return result.relays.every(({ complete, reason }) => complete || reason?.startsWith('closed:') === true);
}

async function time<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, Math.round(performance.now() - startedMs)];
}
