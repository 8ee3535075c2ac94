// What others say of a key, as the ai.wot score, and what the owner's policy makes of it.

import { z } from 'zod';
import { encodeNpub, parsePublicKey } from '../nostr/npub.ts';
import { fetchTrust } from '../verify/fetchTrust.ts';
import { DEFAULT_TRUST_POLICY, explainTrust, judgeTrust, type TrustVerdict } from '../verify/trustPolicy.ts';
import type { AgentContext } from './context.ts';
import { fetchPublic } from './fetchPublic.ts';

/** Whose score: an npub or a hex key. Under `blockBelow` (0 to 100) nothing would be started with it. */
export const trustInput = z.strictObject({ peer: z.string(), blockBelow: z.number().min(0).max(100).default(0) });

/** A score from 0 to 100 and where it comes from. */
export interface TrustView {
  readonly npub: string;
  readonly score: number;
  readonly diversity: number;
  /** How many attestations were found. */
  readonly attestations: number;
  readonly verdict: TrustVerdict;
  /** The explanation as lines for people; texts of attesters in it are clean. */
  readonly lines: readonly string[];
}

/** Scores a key. Throws `input/invalid`, `relay/unreachable`. */
export async function trust(context: AgentContext, { peer, blockBelow }: z.infer<typeof trustInput>): Promise<TrustView> {
  const subject = parsePublicKey(peer);
  const score = await fetchTrust(fetchPublic(context), subject, context.clock.now());
  return {
    npub: encodeNpub(subject),
    score: score.display,
    diversity: score.diversity,
    attestations: score.contributions.length,
    verdict: judgeTrust(score, { ...DEFAULT_TRUST_POLICY, blockBelow }),
    lines: explainTrust(score),
  };
}
