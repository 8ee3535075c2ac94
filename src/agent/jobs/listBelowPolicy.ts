// Which prices of services the owner's policy overrules, so that he hears of it before anybody bids.

import { listBargainIssues } from '../../decide/bargainIssues.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import type { Service } from './service.ts';

/** A service, by its id, and which of its prices are below the least that the policy agrees to. */
export interface BelowPolicy {
  readonly service: string;
  readonly fields: readonly ('list_sats' | 'min_sats')[];
}

/** The services of which a price is below what the mandate agrees to; it goes before that price. */
export function listBelowPolicy(services: readonly Service[], mandate: Mandate): readonly BelowPolicy[] {
  return services.flatMap(({ id, list_sats: listMsat, min_sats: minMsat }) => {
    const [price] = listBargainIssues({ role: 'provider', bestMsat: listMsat, worstMsat: minMsat }, mandate);
    if (price === undefined || price.worst <= minMsat) return [];
    return [{ service: id, fields: price.worst > listMsat ? ['list_sats', 'min_sats'] : ['min_sats'] }];
  });
}
