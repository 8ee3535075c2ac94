// The public trace of a deal, if both agreed to leave one: ai.wot "work-completed", with a reference that tells nothing.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { PUBLISH_ATTESTATION, type Terms } from '../negotiate/terms.ts';
import { tagValue, type EventTemplate } from '../nostr/event.ts';

/** Event kind of a label (NIP-32), which ai.wot uses for attestations. */
export const ATTESTATION_KIND = 1985;

const NAMESPACE = 'ai.wot';
const TYPE = 'work-completed';

/** What an attestation is made of: whose work, the receipt's hash (`hashReceipt`), 32 random bytes (hex) to hide it, unix seconds. */
export interface AttestationFacts {
  readonly provider: Hex;
  readonly receipt: Hex;
  readonly salt: Hex;
  /** True for play money: the event says so in words and in a tag, since it proves no trade. */
  readonly isTestMoney: boolean;
  readonly now: number;
}

/** True when both sides have agreed in the terms that an attestation may be published. */
export function mayAttest({ confidentiality }: Terms): boolean {
  return confidentiality?.publish?.includes(PUBLISH_ATTESTATION) === true;
}

/** The event that the buyer signs. It holds no amount, no term, no text of the deal and nothing that can be guessed. */
export function makeAttestation({ provider, receipt, salt, isTestMoney, now }: AttestationFacts): EventTemplate {
  const tags = [
    ['L', NAMESPACE],
    ['l', TYPE, NAMESPACE],
    ['p', provider],
    ['x', hideReceipt(receipt, salt)],
    ...(isTestMoney ? [['t', 'test-money']] : []),
  ];
  const content = isTestMoney ? 'Work completed (test money, worthless)' : 'Work completed';
  return { kind: ATTESTATION_KIND, created_at: now, tags, content };
}

/** True when an attestation is about the receipt that its owner shows together with the salt. */
export function isAbout(event: EventTemplate, receipt: Hex, salt: Hex): boolean {
  return event.kind === ATTESTATION_KIND && tagValue(event, 'x') === hideReceipt(receipt, salt);
}

function hideReceipt(receipt: Hex, salt: Hex): Hex {
  return sha256Hex(Buffer.from(receipt + salt, 'hex'));
}
