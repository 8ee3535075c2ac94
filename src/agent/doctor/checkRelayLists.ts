// Do others find out where we are: are both relay lists there, and do they name the relays that we use?

import { KINDS } from '../../marmot/profile.ts';
import { parseInboxRelays, parseWriteRelays } from '../../marmot/relayLists.ts';
import type { EventTemplate, NostrEvent } from '../../nostr/event.ts';
import { countOf, fail, pass, warn, type Check } from './check.ts';
import type { RelayProbe } from './probeRelay.ts';

interface List {
  readonly id: string;
  readonly kind: number;
  readonly name: string;
  readonly parse: (event: EventTemplate) => readonly string[];
}

const LISTS: readonly List[] = [
  { id: 'relay-list', kind: KINDS.relayList, name: 'list of relays (kind 10002)', parse: parseWriteRelays },
  { id: 'inbox-list', kind: KINDS.inboxRelays, name: 'list of inbox relays (kind 10050)', parse: parseInboxRelays },
];

/** `configured` are the relays of the home, without those named for one run. */
export function checkRelayLists(probes: readonly RelayProbe[], configured: readonly string[], isWaiting: boolean): readonly Check[] {
  const asked = probes.filter(({ isUp }) => isUp);
  return LISTS.map((list) => checkList(list, asked, configured, isWaiting));
}

function checkList(
  { id, kind, name, parse }: List,
  asked: readonly RelayProbe[],
  configured: readonly string[],
  isWaiting: boolean,
): Check {
  if (asked.length === 0)
    return warn(id, `No relay answered, so whether others see your ${name} is not known.`, 'See to the relays first.');
  const found = asked.map(({ own }) => newestOf(own, kind));
  const lists = found.filter((event) => event !== undefined);
  const newest = newestOf(lists, kind);
  const publish = isWaiting ? 'It waits to be published. Run: agent-negotiate sync' : 'Run: agent-negotiate relays --publish';
  if (newest === undefined) return fail(id, `None of ${countOf(asked.length, 'relay')} has your ${name}.`, publish);
  const named = parse(newest);
  const left = configured.filter((relay) => !named.includes(relay)).length;
  if (left > 0) return fail(id, `Your ${name} leaves out ${left} of the ${countOf(configured.length, 'relay')} you use.`, publish);
  const others = named.filter((relay) => !configured.includes(relay)).length;
  if (others > 0)
    return warn(id, `Your ${name} names ${countOf(others, 'relay')} that this home does not use: what is sent there is not read.`, publish);
  const current = found.filter((event) => event?.id === newest.id).length;
  const where = `${current} of ${countOf(asked.length, 'relay')}`;
  if (current < asked.length) return warn(id, `Your ${name} is shown by ${where} only.`, publish);
  return pass(id, `Your ${name} is shown by ${where} and names the relays you use.`);
}

function newestOf(events: readonly NostrEvent[], kind: number): NostrEvent | undefined {
  return events.filter((event) => event.kind === kind).sort((a, b) => b.created_at - a.created_at)[0];
}
