// How often an agent may move by itself under a mandate: the limits for all peers together and for each of them.

import type { Mandate } from './mandateSchema.ts';

/** Most moves in a minute and an hour, and most negotiations begun in an hour. */
export interface Rates {
  readonly moves_per_minute: number;
  readonly moves_per_hour: number;
  readonly new_per_hour: number;
}

const DEFAULTS: Rates = { moves_per_minute: 60, moves_per_hour: 600, new_per_hour: 60 };
const PEER_DEFAULTS: Rates = { moves_per_minute: 30, moves_per_hour: 200, new_per_hour: 20 };

/** The rates for all peers together. */
export function ratesOfAll({ rate }: Mandate): Rates {
  return fill(rate, DEFAULTS);
}

/** The rates for one peer: a default is never above the rate for all. */
export function ratesOfPeer(mandate: Mandate): Rates {
  const all = ratesOfAll(mandate);
  const defaults = {
    moves_per_minute: Math.min(PEER_DEFAULTS.moves_per_minute, all.moves_per_minute),
    moves_per_hour: Math.min(PEER_DEFAULTS.moves_per_hour, all.moves_per_hour),
    new_per_hour: Math.min(PEER_DEFAULTS.new_per_hour, all.new_per_hour),
  };
  return fill(mandate.rate.per_peer ?? {}, defaults);
}

function fill(named: Partial<{ [K in keyof Rates]: Rates[K] | undefined }>, defaults: Rates): Rates {
  const { moves_per_hour: perHour = Math.max(defaults.moves_per_hour, named.moves_per_minute ?? 0), new_per_hour: fresh } = named;
  const perMinute = named.moves_per_minute ?? Math.min(defaults.moves_per_minute, perHour);
  return { moves_per_minute: perMinute, moves_per_hour: perHour, new_per_hour: fresh ?? defaults.new_per_hour };
}
