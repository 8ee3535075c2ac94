// Attestations as ai.wot publishes them: labels (NIP-32, kind 1985) by which one key says something of another.

import { isHex32, type Hex } from '../core/bytes.ts';
import { tagValue, type NostrEvent } from '../nostr/event.ts';

/** Event kind of a label. */
export const LABEL_KIND = 1985;
/** Event kind of a zap receipt (NIP-57). */
export const ZAP_KIND = 9735;
/** Event kind of a deletion request (NIP-09): how an attestation is revoked. */
export const DELETION_KIND = 5;
/** The namespace of ai.wot. */
export const NAMESPACE = 'ai.wot';

/** What each type of attestation weighs. */
export const TYPE_WEIGHTS = {
  'service-quality': 1.5,
  'work-completed': 1.2,
  'identity-continuity': 1,
  'general-trust': 0.8,
  dispute: -1.5,
  warning: -0.8,
} as const;

/** The types that ai.wot knows. */
export type AttestationType = keyof typeof TYPE_WEIGHTS;

/** One attestation. */
export interface Attestation {
  readonly id: Hex;
  readonly attester: Hex;
  readonly subject: Hex;
  readonly type: AttestationType;
  /** What the attester says; a stranger's text. */
  readonly text: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Unix seconds after which it no longer counts (NIP-40). */
  readonly expiresAt?: number;
}

/**
 * Reads an attestation; undefined for any other event, and for one of test money, which proves no trade. The caller has checked the
 * signature. Never throws.
 */
export function parseAttestation(event: NostrEvent): Attestation | undefined {
  const subject = tagValue(event, 'p');
  const type = event.kind === LABEL_KIND ? readType(event) : undefined;
  if (type === undefined || !isHex32(subject) || isOfTestMoney(event)) return undefined;
  const expiration = tagValue(event, 'expiration');
  const expiresAt = expiration !== undefined && /^\d{1,12}$/.test(expiration) ? Number(expiration) : undefined;
  return {
    id: event.id,
    attester: event.pubkey,
    subject,
    type,
    text: event.content,
    createdAt: event.created_at,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

// A label names its namespace; a bare one belongs to the namespace of the event.
function readType(event: NostrEvent): AttestationType | undefined {
  const isInNamespace = event.tags.some(([name, value]) => name === 'L' && value === NAMESPACE);
  const label = event.tags.find(
    ([name, value, namespace]) =>
      name === 'l' && value !== undefined && isType(value) && (namespace === NAMESPACE || (namespace === undefined && isInNamespace)),
  );
  return label?.[1] as AttestationType | undefined;
}

function isOfTestMoney({ tags }: NostrEvent): boolean {
  return tags.some(([name, value]) => name === 't' && value === 'test-money');
}

function isType(text: string): text is AttestationType {
  return Object.hasOwn(TYPE_WEIGHTS, text);
}
