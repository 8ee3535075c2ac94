// What a provider announces: a service, as kind 38990 events describe it (agent-discovery's format).

import type { Hex } from '../core/bytes.ts';
import { formatSats, type Msat } from '../core/money.ts';

/** Event kind of a service announcement; addressable by its `d` tag. */
export const ANNOUNCEMENT_KIND = 38_990;

/** What a price is for. `free` costs nothing. */
export const PRICE_UNITS = ['request', 'word', 'minute', 'month', 'free'] as const;

/** What a price is for. */
export type PriceUnit = (typeof PRICE_UNITS)[number];

/** An announced price: a starting point for a negotiation, never a promise. */
export interface AnnouncedPrice {
  readonly amountMsat: Msat;
  readonly per: PriceUnit;
}

/** A service as announced. */
export interface Announcement {
  /** Who offers it. */
  readonly pubkey: Hex;
  /** Its `d` tag: names the service among those of one provider. */
  readonly service: string;
  readonly name: string;
  readonly description: string;
  /** What it can do, such as `translation`. */
  readonly capabilities: readonly string[];
  /** Absent when none is named, or none that can be understood. */
  readonly price?: AnnouncedPrice;
  readonly isActive: boolean;
  /** True when the provider negotiates as this program does (tag `["negotiate", "1"]`). */
  readonly isNegotiable: boolean;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** The price for people. @example formatAnnouncedPrice({ amountMsat: 900_000n, per: 'request' }) // '900 sats per request' */
export function formatAnnouncedPrice({ amountMsat, per }: AnnouncedPrice): string {
  return per === 'free' ? 'free' : `${formatSats(amountMsat)} per ${per}`;
}
