// Can others invite us: is our key package shown to them by every relay, valid, and is its private half here?

import type { Hex } from '../../core/bytes.ts';
import { KINDS } from '../../marmot/profile.ts';
import { readKeyPackage } from '../../marmot/readKeyPackage.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { KeyPackageRecord } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { readSetting } from '../settings.ts';
import { countOf, dayOf, fail, pass, warn, type Check } from './check.ts';
import type { RelayProbe } from './probeRelay.ts';

const ID = 'key-package';
const SOON_S = 7 * 86_400;
const SYNC = 'Run: agent-negotiate sync';

/** How a relay has it: `foreign` and `other-client` are those whose private half is not here, in our slot or in one of their own. */
type Shown = 'usable' | 'replaced' | 'foreign' | 'other-client' | 'invalid' | 'missing';

/** Compares what each relay shows with what is kept here. A relay that does not answer is no evidence. */
export async function checkKeyPackage(context: AgentContext, probes: readonly RelayProbe[]): Promise<Check> {
  const now = context.clock.now();
  const newest = context.store.listKeyPackages().at(-1);
  if (newest === undefined) return fail(ID, 'This home has no key package, so nobody can invite it.', SYNC);
  if (newest.expiresAt <= now) return fail(ID, `The key package has expired or was used (${dayOf(newest.expiresAt)}).`, SYNC);
  const asked = probes.filter(({ isUp }) => isUp);
  const unknown = 'No relay answered, so whether others see the key package is not known.';
  if (asked.length === 0) return warn(ID, unknown, 'See to the relays first.');
  const shown = await Promise.all(asked.map((probe) => judge(context, probe, newest.createdAt, now)));
  return findStranger(shown) ?? findLack(shown, isQueued(context, newest.eventId)) ?? concludeWell(shown.length, newest, now);
}

/** A key package of ours that we cannot open what is sent with. */
function findStranger(shown: readonly Shown[]): Check | undefined {
  if (shown.includes('foreign')) {
    const finding = 'A relay shows a key package whose private half is not in this home, so invites made with it cannot be opened.';
    return fail(ID, finding, 'Do not run a copy of this home elsewhere. A key package of this home takes its place with the next renewal.');
  }
  if (!shown.includes('other-client')) return undefined;
  const finding = 'Another client of this key has published a newer key package, so invites go to that one.';
  return warn(ID, finding, 'Give this agent a key of its own if it is to be invited.');
}

function findLack(shown: readonly Shown[], isWaiting: boolean): Check | undefined {
  const usable = shown.filter((each) => each === 'usable').length;
  const all = countOf(shown.length, 'relay');
  const next = isWaiting ? SYNC : 'Run: agent-negotiate relays --publish';
  if (usable === shown.length) return undefined;
  if (isWaiting && shown.every((each) => each === 'replaced'))
    return warn(ID, 'Relays still show the key package before the newest one, which is on its way.', SYNC);
  if (usable === 0) return fail(ID, `None of ${all} shows a key package of yours that can be used.`, next);
  const reason = shown.includes('missing') ? 'the others do not have it' : 'the others have an older one or one that fails the checks';
  return warn(ID, `The key package is shown by ${usable} of ${all}; ${reason}.`, next);
}

function concludeWell(relays: number, { expiresAt }: KeyPackageRecord, now: number): Check {
  const finding = `The key package is shown by ${relays} of ${countOf(relays, 'relay')}`;
  if (expiresAt - now < SOON_S) return warn(ID, `${finding}, and expires on ${dayOf(expiresAt)}.`, SYNC);
  return pass(ID, `${finding} and can be used until ${dayOf(expiresAt)}.`);
}

async function judge({ store }: AgentContext, { own }: RelayProbe, newestAt: number, now: number): Promise<Shown> {
  const event = newestOf(own);
  if (event === undefined) return 'missing';
  const known = store.findKeyPackage(event.id);
  const isOurs = isInSlot(event, readSetting(store, 'slot'));
  // What was replaced is kept here for a week; a relay that was away then may show it for longer.
  if (known === undefined && isOurs && event.created_at < newestAt) return 'replaced';
  if (known === undefined) return isOurs ? 'foreign' : 'other-client';
  if (known.expiresAt <= now) return 'replaced';
  return (await readKeyPackage(event, now)).kind === 'usable' ? 'usable' : 'invalid';
}

function isInSlot({ tags }: NostrEvent, slot: string): boolean {
  return tags.some(([name, value]) => name === 'd' && value === slot);
}

function newestOf(events: readonly NostrEvent[]): NostrEvent | undefined {
  return events.filter(({ kind }) => kind === KINDS.keyPackage).sort((a, b) => b.created_at - a.created_at)[0];
}

function isQueued({ store }: AgentContext, eventId: Hex): boolean {
  return store.listQueued().some((record) => record.eventId === eventId);
}
