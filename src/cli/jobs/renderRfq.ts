// A request to several providers as lines for people: whom it went to, and what each offers.

import type { AskedView, RfqView } from '../../agent/rfq/viewRfq.ts';
import { shortId, shortNpub } from '../render.ts';

/** The request, best offer first, and what to do next once it is a deal. */
export function renderRfq({ id, service, state, asked, chosen, isJob }: RfqView): readonly string[] {
  const verb = isJob ? 'deal' : 'status';
  const next = chosen === undefined ? [] : [`Next: agent-negotiate ${verb} ${shortId(chosen)}${isJob ? '' : ' --bundle deal.json'}`];
  return [`Request ${shortId(id)} for ${service} (${state})`, ...asked.map((each) => renderAsked(each, chosen)), ...next];
}

/** One provider of a request, marked if it was chosen. */
export function renderAsked({ peer, nid, phase, price, utility, unfit, problem }: AskedView, chosen: string | undefined): string {
  const words = problem ?? unfit;
  const remark = problem !== undefined ? words : unfit !== undefined ? `not taken by itself: look at ${words}` : undefined;
  const worth = utility === undefined ? '' : utility.toFixed(3);
  const mark = nid !== undefined && nid === chosen ? '*' : ' ';
  return [
    `${mark} ${nid === undefined ? '-'.padEnd(8) : shortId(nid)}`,
    shortNpub(peer),
    (phase ?? 'not asked').padEnd(10),
    (price ?? '').padEnd(14),
    worth,
    remark ?? '',
  ]
    .join('  ')
    .trimEnd();
}
