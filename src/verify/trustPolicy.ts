// Whom to deal with: what the owner's policy makes of a score, and the score in words.

import { displayText } from '../core/text.ts';
import { encodeNpub } from '../nostr/npub.ts';
import { TYPE_NAMES, type Contribution, type TrustScore } from './scoreTrust.ts';

/** What an owner asks of a peer. Under `warnBelow` the owner is told, under `blockBelow` nothing is started. Both on the scale of 0 to 100. */
export interface TrustPolicy {
  readonly warnBelow: number;
  readonly blockBelow: number;
}

/** The policy of who names none: tell, and block nobody. A score can be bought; it is a hint, not a guard. */
export const DEFAULT_TRUST_POLICY: TrustPolicy = { warnBelow: 20, blockBelow: 0 };

/** What a policy says of a peer. */
export type TrustVerdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'warn'; readonly reason: 'unknown' | 'low' | 'disputed' }
  | { readonly kind: 'block'; readonly reason: 'low' };

/** Judges a score. */
export function judgeTrust({ display, contributions }: TrustScore, { warnBelow, blockBelow }: TrustPolicy): TrustVerdict {
  if (display < blockBelow) return { kind: 'block', reason: 'low' };
  if (contributions.length === 0) return { kind: 'warn', reason: 'unknown' };
  const isDisputed = contributions.some(({ type, gated }) => type < 0 && gated === undefined);
  if (isDisputed) return { kind: 'warn', reason: 'disputed' };
  return display < warnBelow ? { kind: 'warn', reason: 'low' } : { kind: 'ok' };
}

/** The score and where it comes from, as lines for people; what attesters wrote is cleaned and cut. */
export function explainTrust({ subject, display, raw, diversity, contributions }: TrustScore): readonly string[] {
  const head = [
    `Trust of ${encodeNpub(subject)}: ${display} of 100 (ai.wot)`,
    `  raw ${raw.toFixed(2)}, diversity ${diversity.toFixed(2)}, ${contributions.length} attestations count`,
  ];
  if (contributions.length === 0) return [...head, '  Nobody has attested anything about this key on your relays.'];
  return [...head, ...contributions.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)).map(explainContribution)];
}

function explainContribution({ attestation, value, zap, trust, decay, novelty, gated }: Contribution): string {
  const { attester, type, text } = attestation;
  const factors = `zap ${zap.toFixed(2)} · attester ${trust.toFixed(2)} · age ${decay.toFixed(2)} · novelty ${novelty.toFixed(2)}`;
  const words = text === '' ? '' : ` “${displayText(text, 80)}”`;
  const outcome =
    gated === undefined
      ? `${value >= 0 ? '+' : ''}${value.toFixed(2)}`
      : `not counted: ${gated === 'no-text' ? 'says nothing' : 'its author has no standing'}`;
  return `  ${outcome}  ${TYPE_NAMES[type]} by ${encodeNpub(attester).slice(0, 16)}… (${factors})${words}`;
}
