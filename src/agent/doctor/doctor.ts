// Looks for what keeps an agent from negotiating: its key, its relays, what others see of it, its home. Changes and publishes nothing.

import { z } from 'zod';
import { KINDS } from '../../marmot/profile.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import { loadSchnorr } from '../../nostr/schnorr.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import type { AgentContext } from '../context.ts';
import { relaysOf } from '../relaysOf.ts';
import { readSetting } from '../settings.ts';
import { warn, type Check } from './check.ts';
import { checkChannels } from './checkChannels.ts';
import { checkClock } from './checkClock.ts';
import { checkCopies } from './checkCopies.ts';
import { checkIdentity } from './checkIdentity.ts';
import { checkInbox } from './checkInbox.ts';
import { checkInvites } from './checkInvites.ts';
import { checkKeyPackage } from './checkKeyPackage.ts';
import { checkOutbox } from './checkOutbox.ts';
import { checkPeer } from './checkPeer.ts';
import { checkPolicy } from './checkPolicy.ts';
import { checkRelay } from './checkRelay.ts';
import { checkRelayLists } from './checkRelayLists.ts';
import { checkStore } from './checkStore.ts';
import { probeRelay } from './probeRelay.ts';

/** A peer to look at besides: an npub or a hex key. */
export const doctorInput = z.strictObject({ peer: z.string().optional() });

/** What was found. */
export interface Diagnosis {
  /** The worst state of all checks. */
  readonly state: Check['state'];
  /** True when everything that is a problem has to do with relays. */
  readonly isRelaysOnly: boolean;
  readonly checks: readonly Check[];
}

// Checks that fail for what relays do.
const RELAY_CHECK = /^(?:relay .*|inbox|outbox|peer-inbox)$/;

/** Runs all checks. Throws `input/invalid` for what is no public key; what is wrong otherwise is a finding. */
export async function doctor(context: AgentContext, { peer }: z.infer<typeof doctorInput>): Promise<Diagnosis> {
  const subject = peer === undefined ? undefined : parsePublicKey(peer);
  await loadSchnorr();
  const { check: identity, signer } = await checkIdentity(context);
  const probes = await Promise.all(relaysOf(context).map((relay) => probeRelay(context, relay, signer)));
  const checks = [
    identity,
    ...probes.map(checkRelay),
    await checkKeyPackage(context, probes),
    ...checkRelayLists(probes, readSetting(context.store, 'relays'), isListWaiting(context)),
    checkInbox(probes),
    checkClock(probes, context.clock.now()),
    checkStore(context),
    checkCopies(context),
    checkPolicy(context),
    checkOutbox(context),
    checkChannels(context),
    checkInvites(context),
    ...(subject === undefined ? [] : await checkPeer(context, subject)),
  ];
  return conclude(checks);
}

/** What can be told of a home that cannot be opened, since its disk has no room: the disk, and that nothing else was looked at. */
export function diagnoseFullHome(home: Pick<AgentContext, 'inspectHome'>): Diagnosis {
  const finding = 'Nothing else was looked at: the home cannot be opened on a full disk.';
  return conclude([checkStore(home), warn('rest', finding, 'Make room, and run doctor again.')]);
}

function conclude(checks: readonly Check[]): Diagnosis {
  const problems = checks.filter(({ state }) => state === 'problem');
  const state = problems.length > 0 ? 'problem' : checks.some((check) => check.state === 'warning') ? 'warning' : 'ok';
  return { state, isRelaysOnly: problems.length > 0 && problems.every(({ id }) => RELAY_CHECK.test(id)), checks };
}

/** True while a relay list of ours has yet to reach a relay. */
function isListWaiting({ store }: AgentContext): boolean {
  const kinds: readonly number[] = [KINDS.relayList, KINDS.inboxRelays];
  return store.listQueued().some(({ event }) => kinds.includes((JSON.parse(event) as NostrEvent).kind));
}
