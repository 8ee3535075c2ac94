// The services that an agent has announced, as its store remembers them.

import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import { PRICE_UNITS } from '../discover/announcement.ts';
import type { AnnouncementDraft } from '../discover/buildAnnouncement.ts';
import type { Change, Store } from '../store/records.ts';

const SERVICES = 'services';

const announcedSchema = z.array(
  z.strictObject({
    at: z.number(),
    isWithdrawn: z.literal(true).optional(),
    draft: z.strictObject({
      service: z.string(),
      name: z.string(),
      description: z.string(),
      capabilities: z.array(z.string()),
      price: z.strictObject({ amountMsat: z.string().transform(BigInt), per: z.enum(PRICE_UNITS) }).optional(),
      isActive: z.boolean(),
      isNegotiable: z.boolean(),
    }),
  }),
);

/** A service as it was last announced, and when it was announced or withdrawn (unix seconds). */
export interface AnnouncedService {
  readonly draft: AnnouncementDraft;
  readonly at: number;
  /** Kept because what is announced later must be dated later. */
  readonly isWithdrawn?: true;
}

/** The services that are or were announced. Throws `store/corrupt`. */
export function readServices(store: Store): readonly AnnouncedService[] {
  const text = store.readSetting(SERVICES);
  if (text === undefined) return [];
  const parsed = announcedSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data as readonly AnnouncedService[];
  throw new NegotiateError('store/corrupt', 'The list of announced services cannot be read. Restore a copy of the home.');
}

/** What is on sale now. Throws `store/corrupt`. */
export function listSold(store: Store): readonly AnnouncementDraft[] {
  return readServices(store)
    .filter(({ draft, isWithdrawn }) => isWithdrawn !== true && draft.isActive)
    .map(({ draft }) => draft);
}

/** The change that remembers which services are and were announced. */
export function writeServices(services: readonly AnnouncedService[]): Change {
  const value = JSON.stringify(services, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
  return { kind: 'setting', key: SERVICES, value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
