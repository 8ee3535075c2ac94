// When what the mandate refuses for the time being may be tried again: the end of a pace, the next opening hour, the first day.

import type { Hex } from '../core/bytes.ts';
import type { Act } from './mandateLedger.ts';
import { nextOpening } from './mandateHours.ts';
import { ratesOfAll, ratesOfPeer, type Rates } from './mandateRates.ts';
import type { Mandate } from './mandateSchema.ts';
import type { Reason, ReasonCode } from './mandateVerdict.ts';

const WINDOWS: ReadonlyMap<ReasonCode, { readonly windowS: number; readonly rate: keyof Rates }> = new Map([
  ['rate-minute', { windowS: 60, rate: 'moves_per_minute' }],
  ['rate-hour', { windowS: 3_600, rate: 'moves_per_hour' }],
  ['rate-new', { windowS: 3_600, rate: 'new_per_hour' }],
]);

/** Whom it is said to, and what was done before. */
export interface Past {
  readonly acts: readonly Act[];
  readonly peers: readonly Hex[];
  readonly now: number;
}

/** The earliest time (unix seconds) at which none of these reasons counts any more, if nothing else is done until then; undefined where that is not known. */
export function findRetryTime(mandate: Mandate, reasons: readonly Reason[], past: Past): number | undefined {
  const times = reasons.map((reason) => endOf(mandate, reason, past));
  return times.length > 0 && times.every((time) => time !== undefined) ? Math.max(...times) : undefined;
}

function endOf(mandate: Mandate, { code, path }: Reason, { acts, peers, now }: Past): number | undefined {
  if (code === 'not-yet-valid') return mandate.valid_from;
  if (code === 'outside-hours') return mandate.hours === undefined ? undefined : nextOpening(mandate.hours, now);
  const window = WINDOWS.get(code);
  if (window === undefined) return undefined;
  const counted = code === 'rate-new' ? acts.filter(({ isNew }) => isNew) : acts;
  const { windowS, rate } = window;
  if (!path.startsWith('rate.per_peer')) return endOfWindow(counted, ratesOfAll(mandate)[rate], windowS, now);
  const ends = peers.map((peer) =>
    endOfWindow(
      counted.filter((act) => hears(act, peer)),
      ratesOfPeer(mandate)[rate],
      windowS,
      now,
    ),
  );
  return ends.length > 0 && ends.every((end) => end !== undefined) ? Math.max(...ends) : undefined;
}

function hears({ peer, others = [] }: Act, of: Hex): boolean {
  return peer === of || others.includes(of);
}

/** When fewer than `most` are within the window; `now` where that is so already. */
function endOfWindow(acts: readonly Act[], most: number, windowS: number, now: number): number | undefined {
  if (most < 1) return undefined;
  const recent = acts.map(({ at }) => at).filter((at) => at > now - windowS);
  const leaving = recent.toSorted((a, b) => a - b).at(recent.length - most);
  return recent.length < most || leaving === undefined ? now : leaving + windowS;
}
