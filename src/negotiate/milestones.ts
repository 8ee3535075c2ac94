// What the milestones of a price come to.

import { isMsatText, type Msat } from '../core/money.ts';

/** The amounts of milestones together. Texts that are no amounts count for nothing: the schema names them elsewhere. */
export function sumAmounts(milestones: readonly { readonly amount_msat: string }[]): Msat {
  return milestones.reduce((sum, { amount_msat }) => sum + (isMsatText(amount_msat) ? BigInt(amount_msat) : 0n), 0n);
}
