// Turns events into evidence: genuine, not revoked, each counted once; zaps by what their invoices say.

import { isHex32, type Hex } from '../core/bytes.ts';
import { tagValue, verifyEvent, type NostrEvent } from '../nostr/event.ts';
import { DELETION_KIND, parseAttestation, ZAP_KIND } from './attestation.ts';
import type { TrustEvidence } from './scoreTrust.ts';

const MAX_ZAP_SATS = 21_000_000;
const INVOICE_AMOUNT = /^lnbc(\d{1,12})([munp]?)1/;
const MSAT_PER_UNIT = { '': 100_000_000_000n, m: 100_000_000n, u: 100_000n, n: 100n } as const;

/** Reads evidence out of attestations, zap receipts and deletions, in any order; forged events are left out. Never throws. */
export function readEvidence(events: readonly NostrEvent[]): TrustEvidence {
  const genuine = [...new Map(events.map((event) => [event.id, event])).values()].filter(verifyEvent);
  const revoked = new Set(genuine.flatMap(listRevoked));
  const attestations = genuine
    .flatMap((event) => parseAttestation(event) ?? [])
    .filter(({ id, attester }) => !revoked.has(`${attester}:${id}`));
  return { attestations, zaps: sumZaps(genuine) };
}

/** Who revokes what: only an attestation's own author can. */
function listRevoked({ kind, pubkey, tags }: NostrEvent): readonly string[] {
  return kind === DELETION_KIND ? tags.flatMap(([name, id]) => (name === 'e' && id !== undefined ? [`${pubkey}:${id}`] : [])) : [];
}

/** Sats by attestation. A receipt is the word of a wallet's server that nobody can check here, and anyone can pay himself. */
function sumZaps(events: readonly NostrEvent[]): ReadonlyMap<Hex, number> {
  const sums = new Map<Hex, number>();
  for (const event of events) {
    const target = tagValue(event, 'e');
    if (event.kind !== ZAP_KIND || !isHex32(target)) continue;
    const sats = readInvoiceSats(tagValue(event, 'bolt11') ?? '');
    sums.set(target, Math.min(MAX_ZAP_SATS, (sums.get(target) ?? 0) + sats));
  }
  return sums;
}

/** The whole sats of a BOLT11 invoice's prefix; 0 for anything else. @example readInvoiceSats('lnbc21u1…') // 2100 */
export function readInvoiceSats(invoice: string): number {
  const [, digits = '', unit = ''] = INVOICE_AMOUNT.exec(invoice.toLowerCase()) ?? [];
  if (digits === '') return 0;
  const msat = unit === 'p' ? BigInt(digits) / 10n : BigInt(digits) * MSAT_PER_UNIT[unit as keyof typeof MSAT_PER_UNIT];
  const sats = msat / 1_000n;
  return sats > BigInt(MAX_ZAP_SATS) ? MAX_ZAP_SATS : Number(sats);
}
