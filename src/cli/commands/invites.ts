// `invites`: who may open a channel with this agent.

import type { InputOf, OutputOf } from '../../agent/api.ts';
import { NegotiateError } from '../../core/errors.ts';
import { printResult, type CommonOptions } from '../io.ts';
import { renderTime } from '../render.ts';
import { useAgent } from '../useAgent.ts';

/** Options of `invites`. */
export interface InvitesOptions extends CommonOptions {
  readonly allow?: readonly string[];
  readonly block?: readonly string[];
  readonly forget?: readonly string[];
  readonly announcedOnly?: string;
  readonly minTrust?: string;
  readonly minWork?: string;
  readonly perHour?: string;
  readonly maxOpen?: string;
}

/** Changes the rules if there is anything to change, and shows them. */
export async function runInvites(who: string | undefined, options: InvitesOptions): Promise<void> {
  const input = readInput(who, options);
  const view = await useAgent(options, 'write', (agent) => agent.invites(input));
  printResult(options, view, () => renderInvites(view));
}

function readInput(who: string | undefined, options: InvitesOptions): InputOf<'invites'> {
  if (who !== undefined && who !== 'ask' && who !== 'anyone')
    throw new NegotiateError('input/invalid', 'Say ask or anyone. To let one peer in, use --allow NPUB.');
  const { allow = [], block = [], forget = [], announcedOnly, minTrust, minWork, perHour, maxOpen } = options;
  const numbers = { minTrust, minWork, perHour, maxOpen };
  const given = Object.entries(numbers).flatMap(([name, text]) => (text === undefined ? [] : [[name, readNumber(text)] as const]));
  return {
    ...(who === undefined ? {} : { who }),
    ...{ allow: [...allow], block: [...block], forget: [...forget] },
    ...(announcedOnly === undefined ? {} : { announcedOnly: readYesNo(announcedOnly) }),
    ...Object.fromEntries(given),
  };
}

function readNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new NegotiateError('input/invalid', 'A limit must be a whole number.');
}

function readYesNo(text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new NegotiateError('input/invalid', 'Say --announced-only yes or no.');
}

function renderInvites(view: OutputOf<'invites'>): readonly string[] {
  const { anyone, announcedOnly, minTrust, minWork, perHour, maxOpen, allowed, blocked, waiting, joined } = view;
  const strangers = [
    ...(announcedOnly ? ['about announced services only'] : []),
    ...(minTrust > 0 ? [`with a trust score of at least ${String(minTrust)}`] : []),
    ...(minWork > 0 ? [`showing ${String(minWork)} bits of work`] : []),
    `at most ${String(perHour)} an hour and ${String(maxOpen)} at a time`,
  ];
  return [
    anyone ? `Strangers  come in without asking: ${strangers.join(', ')}` : 'Strangers  wait for your word',
    ...allowed.map((npub) => `Allowed    ${npub}`),
    ...blocked.map((npub) => `Blocked    ${npub}`),
    ...joined.map((npub) => `Let in     ${npub}`),
    ...waiting.map(({ from, receivedAt }) => `Waiting    ${from} since ${renderTime(receivedAt)}`),
    ...(waiting.length === 0 ? [] : ['Let one in with: agent-negotiate invites --allow NPUB']),
  ];
}
