// `relays`: shows and changes where the agent is reached.

import type { RelaysChanged, RelaysView } from '../../agent/changeRelays.ts';
import { printResult, type CommonOptions } from '../io.ts';
import { renderTime } from '../render.ts';
import { useAgent } from '../useAgent.ts';

/** Options of `relays`. */
export interface RelaysOptions extends CommonOptions {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly set?: readonly string[];
  readonly publish?: true;
}

/** Shows them, after a change where one is wanted. */
export async function runRelays(options: RelaysOptions): Promise<void> {
  const { add, remove, set, publish } = options;
  if (add === undefined && remove === undefined && set === undefined && publish === undefined) {
    const view = await useAgent(options, 'read', (agent) => agent.relays());
    return printResult(options, view, () => renderRelays(view));
  }
  const input = { add: [...(add ?? [])], remove: [...(remove ?? [])], ...(set === undefined ? {} : { set: [...set] }) };
  const changed = await useAgent(options, 'write', (agent) => agent.changeRelays({ ...input, publish: publish === true }));
  printResult(options, changed, () => [...renderRelays(changed), ...renderPublished(changed)]);
}

function renderRelays({ relays, former, channelsElsewhere }: RelaysView): readonly string[] {
  return [
    `relays   ${relays.join(' ')}`,
    ...former.map(({ relay, until }) => `left     ${relay}, read for invites until ${renderTime(until)}`),
    ...(channelsElsewhere === 0
      ? []
      : [
          `${channelsElsewhere === 1 ? 'One channel uses' : `${channelsElsewhere} channels use`} other relays: channels keep those they were made with.`,
        ]),
  ];
}

function renderPublished(changed: RelaysChanged): readonly string[] {
  const { withheld = 0 } = changed;
  const left = withheld === 1 ? 'One announcement was' : `${withheld} announcements were`;
  const advice = `${left} not published again: your policy refuses it by now. See: agent-negotiate announce`;
  return [...describeDrain(changed), ...(withheld === 0 ? [] : [advice])];
}

function describeDrain({ published }: RelaysChanged): readonly string[] {
  if (published === undefined) return ['Nothing changed. To publish it all again: agent-negotiate relays --publish'];
  const { waiting, refused } = published;
  if (refused > 0) return [`${refused} messages of yours are refused by every relay; add another one.`];
  return [waiting === 0 ? 'Published.' : `${waiting} messages of yours wait for a relay; run: agent-negotiate sync`];
}
