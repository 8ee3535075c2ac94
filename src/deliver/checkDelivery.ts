// Is what was delivered what was agreed? Files against their digests, the time against the terms.

import { sha256Hex } from '../core/bytes.ts';
import type { FileRef } from '../negotiate/files.ts';
import type { Terms } from '../negotiate/terms.ts';

/** What a delivery is checked against. Times are unix seconds. */
export interface Delivery {
  readonly terms: Terms;
  readonly files: readonly FileRef[];
  /** The bytes of a file by its digest, once they are here. */
  readonly find: (sha256: string) => Uint8Array | undefined;
  readonly deliveredAt: number;
  /** When the time to deliver began: at the payment, or at the deal when nothing is paid before. */
  readonly startedAt: number;
}

/** The outcome. `incomplete` may become whole; `refused` names the code of the dispute it deserves. */
export type DeliveryCheck =
  | { readonly kind: 'whole'; readonly isLate: boolean }
  | { readonly kind: 'incomplete'; readonly missing: readonly FileRef[] }
  | { readonly kind: 'refused'; readonly code: 'digest' | 'empty' };

/** Checks a delivery. Whether a late one is still taken is the buyer's decision. */
export function checkDelivery({ terms, files, find, deliveredAt, startedAt }: Delivery): DeliveryCheck {
  const missing = files.filter(({ sha256 }) => find(sha256) === undefined);
  if (missing.length > 0) return { kind: 'incomplete', missing };
  const areGenuine = files.every(({ sha256, size }) => {
    const bytes = find(sha256);
    return bytes?.length === size && sha256Hex(bytes) === sha256;
  });
  if (!areGenuine) return { kind: 'refused', code: 'digest' };
  if (files.every(({ size }) => size === 0)) return { kind: 'refused', code: 'empty' };
  return { kind: 'whole', isLate: deliveredAt > dueAt(terms, startedAt) };
}

/** Unix seconds by which to deliver; infinity when the terms name no time. */
export function dueAt({ delivery }: Terms, startedAt: number): number {
  if (delivery?.deadline !== undefined) return delivery.deadline;
  return delivery?.within_s === undefined ? Infinity : startedAt + delivery.within_s;
}
