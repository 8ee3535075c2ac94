// `sync`: catches up with the relays and tells what is new.

import type { SyncReport } from '../../agent/sync.ts';
import { printRemark, printResult, type CommonOptions } from '../io.ts';
import { renderUnopened } from '../jobs/renderUnopened.ts';
import { parseDuration } from '../parseValues.ts';
import { displayText } from '../../core/text.ts';
import { renderSummary, shortId, shortNpub } from '../render.ts';
import { useAgent } from '../useAgent.ts';

/** Options of `sync`. */
export interface SyncOptions extends CommonOptions {
  readonly wait?: string;
  readonly from?: readonly string[];
}

/** Catches up. */
export async function runSync(options: SyncOptions): Promise<void> {
  const waitS = options.wait === undefined ? 0 : parseDuration(options.wait);
  const report = await useAgent(options, 'write', (agent) => agent.sync({ waitS, from: [...(options.from ?? [])] }));
  printResult(options, report, () => renderReport(report));
  if (report.unopened > 0) printRemark(renderUnopened(report.unopened, 'sync'));
  if (report.signer !== undefined) printRemark(`${report.signer.message} Everything that needs no signature was done.`);
}

function renderReport({ events, negotiations, joined, invites, ended, groups, published, silentRelays }: SyncReport): readonly string[] {
  const isQuiet = events.length + joined.length + invites.length + ended.length + groups.length === 0;
  return [
    ...joined.map((npub) => `${shortNpub(npub)} has opened a private channel with you.`),
    ...invites.map((npub) => `${npub} would like to open a channel. To let it in, run: agent-negotiate sync --from ${npub}`),
    ...ended.map(
      (npub) => `${shortNpub(npub)} has closed its private channel with you. To open a new one: agent-negotiate start ${npub} SERVICE`,
    ),
    ...groups.map(renderGroupNews),
    ...events.map(({ nid, type }) => `${shortId(nid)}  ${type === 'unusable' ? 'a message that could not be used' : type}`),
    ...negotiations.flatMap(renderSummary),
    ...(isQuiet ? ['Nothing new.'] : []),
    ...(published.waiting > 0 ? [`${published.waiting} messages of yours wait for a relay; run sync again later.`] : []),
    ...(published.refused > 0 ? [`${published.refused} messages of yours are refused by every relay; use another one with --relay.`] : []),
    ...(silentRelays.length > 0 ? [`No answer from: ${silentRelays.join(' ')}`] : []),
  ];
}

function renderGroupNews(news: SyncReport['groups'][number]): string {
  const where = `${shortId(news.group)}  ${displayText(news.name)}`;
  switch (news.type) {
    case 'message':
      return `${where}  ${shortNpub(news.by)}: ${displayText(news.text)}`;
    case 'joined':
      return `${where}  joined: invited by ${shortNpub(news.by)}, ${news.members.length} members`;
    case 'changed':
      return `${where}  has changed: ${news.members.length} members`;
    case 'ended':
      return `${where}  is over for you`;
    default:
      return news satisfies never;
  }
}
