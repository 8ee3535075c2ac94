// Writes announcements: a new one, a change of it, its withdrawal.

import { NegotiateError } from '../core/errors.ts';
import type { Hex } from '../core/bytes.ts';
import { isCleanText } from '../core/text.ts';
import { capability as capabilitySchema } from '../negotiate/fields.ts';
import type { EventTemplate } from '../nostr/event.ts';
import { ANNOUNCEMENT_KIND, type Announcement, type AnnouncedPrice } from './announcement.ts';

/** What a provider says of its service. */
export type AnnouncementDraft = Omit<Announcement, 'pubkey' | 'createdAt'>;

const MAX_NAME = 200;
const MAX_DESCRIPTION = 4_000;
const MAX_CAPABILITIES = 16;
const SERVICE = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Kind of a deletion request (NIP-09). */
export const KIND_DELETION = 5;

/** The announcement event; a later one with the same `service` takes its place. Throws `input/invalid`. */
export function buildAnnouncement(draft: AnnouncementDraft, now: number): EventTemplate {
  checkDraft(draft);
  const { service, name, description, capabilities, price, isActive, isNegotiable } = draft;
  const tags = [
    ['d', service],
    ['name', name],
    ...capabilities.map((capability) => ['c', capability]),
    ...(price === undefined ? [] : [priceTag(price)]),
    ['status', isActive ? 'active' : 'inactive'],
    ...(isNegotiable ? [['negotiate', '1']] : []),
    ['t', 'agent'],
    ['t', 'service'],
  ];
  return { kind: ANNOUNCEMENT_KIND, created_at: now, tags, content: description };
}

/** Takes a service back: the same announcement as inactive, for who keeps events, and a request to delete it (NIP-09). */
export function withdrawAnnouncement(pubkey: Hex, draft: AnnouncementDraft, now: number): readonly [EventTemplate, EventTemplate] {
  const inactive = buildAnnouncement({ ...draft, isActive: false }, now);
  const tags = [
    ['a', `${ANNOUNCEMENT_KIND}:${pubkey}:${draft.service}`],
    ['k', String(ANNOUNCEMENT_KIND)],
  ];
  return [inactive, { kind: KIND_DELETION, created_at: now, tags, content: 'withdrawn' }];
}

function priceTag({ amountMsat, per }: AnnouncedPrice): string[] {
  // Older readers take whole sats only, so a fraction is written only where there is one.
  const fraction = (amountMsat % 1_000n).toString().padStart(3, '0').replace(/0+$/, '');
  return ['price', `${amountMsat / 1_000n}${fraction === '' ? '' : `.${fraction}`}`, 'sats', per];
}

function checkDraft({ service, name, description, capabilities, price }: AnnouncementDraft): void {
  const isSound =
    SERVICE.test(service) &&
    isLine(name, MAX_NAME) &&
    description.length <= MAX_DESCRIPTION &&
    isCleanText(description) &&
    capabilities.length > 0 &&
    capabilities.length <= MAX_CAPABILITIES &&
    new Set(capabilities).size === capabilities.length &&
    capabilities.every((capability) => capabilitySchema.safeParse(capability).success) &&
    (price === undefined || price.amountMsat >= 0n);
  if (isSound) return;
  throw new NegotiateError(
    'input/invalid',
    'The service cannot be announced like this. It needs an id and capabilities in lower case, a name on one line, and clean text.',
  );
}

function isLine(text: string, maxChars: number): boolean {
  return text.length > 0 && text.length <= maxChars && isCleanText(text) && !/[\n\t]/.test(text);
}
