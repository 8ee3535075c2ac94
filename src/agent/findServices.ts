// Searches the relays for services, and shows them with what others say of their providers.

import { z } from 'zod';
import { capability } from '../negotiate/fields.ts';
import { encodeNpub } from '../nostr/npub.ts';
import { formatAnnouncedPrice } from '../discover/announcement.ts';
import { searchServices, type FoundService } from '../discover/searchServices.ts';
import type { AgentContext } from './context.ts';
import { fetchPublic } from './fetchPublic.ts';

const MAX_SHOWN = 100;

/** What to look for: a capability, in full; all services, or only those that can be negotiated with. */
export const findInput = z.strictObject({ capability, onlyNegotiable: z.boolean().default(false) });

/** One service. Texts come from strangers; they are clean, and may be untrue. */
export interface ServiceView {
  readonly provider: string;
  readonly service: string;
  readonly name: string;
  readonly description: string;
  readonly capabilities: readonly string[];
  /** For people, such as `900 sats per request`. */
  readonly price?: string;
  readonly priceMsat?: bigint;
  readonly isNegotiable: boolean;
  readonly updatedAt: number;
  /** What is odd about the announcement. */
  readonly oddities: readonly string[];
}

/** Finds services: negotiable ones first, then by price. Throws `relay/unreachable` when no relay answers. */
export async function find(
  context: AgentContext,
  input: z.infer<typeof findInput>,
): Promise<{ readonly services: readonly ServiceView[] }> {
  const found = await searchServices(fetchPublic(context), input);
  return { services: found.slice(0, MAX_SHOWN).map(viewService) };
}

function viewService({ announcement, oddities }: FoundService): ServiceView {
  const { pubkey, service, name, description, capabilities, price, isNegotiable, createdAt } = announcement;
  return {
    provider: encodeNpub(pubkey),
    service,
    name,
    description,
    capabilities,
    ...(price === undefined ? {} : { price: formatAnnouncedPrice(price), priceMsat: price.amountMsat }),
    isNegotiable,
    updatedAt: createdAt,
    oddities,
  };
}
