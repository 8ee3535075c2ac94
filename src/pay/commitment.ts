// What ties an invoice to one agreement without telling anybody which: a salted hash, named in the invoice by the hash of its description.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';

/** What a payment is for: the agreement, which part of it (0 for the whole), and 32 random bytes (hex) that both sides know. */
export interface PaymentPurpose {
  readonly agreement: Hex;
  readonly index: number;
  readonly salt: Hex;
}

/** The description of the invoice, and its SHA-256 (hex), which BOLT11 carries as `description_hash`. */
export function describePayment({ agreement, index, salt }: PaymentPurpose): { readonly description: string; readonly hash: Hex } {
  const commitment = sha256Hex(canonicalJson({ domain: 'agent-negotiate/pay/1', agreement, index, salt }));
  const description = `agent-negotiate/pay/1 ${commitment}`;
  return { description, hash: sha256Hex(description) };
}
