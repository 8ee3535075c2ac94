// The result of a purchase, once it was checked.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import type { FileRef } from '../../negotiate/files.ts';
import { readDeal } from '../../negotiate/settleHeld.ts';
import type { AgentContext } from '../context.ts';
import { findNegotiation } from '../findNegotiation.ts';
import { readState } from '../negotiationState.ts';

/** Which deal. */
export const resultInput = z.strictObject({ nid: z.string() });

/** A file of the result. Its name is the provider's: make a safe one before it becomes a path. */
export interface ResultFile extends FileRef {
  readonly data: Uint8Array;
}

/** The files that were delivered and accepted. Throws `input/…`, or `negotiation/refused` before there are any. */
export function result({ store }: AgentContext, { nid }: z.infer<typeof resultInput>): { readonly files: readonly ResultFile[] } {
  const deal = readDeal(readState(findNegotiation(store, nid)));
  const delivered = deal?.settlement.completions.buyer === undefined ? undefined : deal.settlement.delivered;
  if (delivered === undefined) {
    throw new NegotiateError('negotiation/refused', 'There is no accepted result of this deal yet. Go on with: agent-negotiate deal', {
      details: { reason: 'too-early' },
    });
  }
  return {
    files: delivered.flatMap((file) => {
      const data = store.findFile(file.sha256);
      return data === undefined ? [] : [{ ...file, data }];
    }),
  };
}
