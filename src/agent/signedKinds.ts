// Every kind of event that an agent signs as its identity: what a bunker is asked to allow.

import { ATTESTATION_KIND } from '../attest/attestation.ts';
import { ANNOUNCEMENT_KIND } from '../discover/announcement.ts';
import { KIND_DELETION } from '../discover/buildAnnouncement.ts';
import { KINDS } from '../marmot/profile.ts';
import { COMPLETION_KIND } from '../negotiate/completion.ts';
import { SIGNATURE_KIND } from '../negotiate/signature.ts';
import { SEAL_KIND } from '../nostr/giftWrap.ts';
import { AUTH_KIND } from '../nostr/relayAuth.ts';
import { FUNDED_KIND, PAYTERMS_KIND } from '../pay/payTerms.ts';

/** The kinds. */
export const SIGNED_KINDS: readonly number[] = [
  ...[KINDS.identityProof, KINDS.keyPackage, KINDS.relayList, KINDS.inboxRelays],
  ...[SEAL_KIND, AUTH_KIND],
  ...[SIGNATURE_KIND, PAYTERMS_KIND, FUNDED_KIND, COMPLETION_KIND],
  ...[ANNOUNCEMENT_KIND, KIND_DELETION, ATTESTATION_KIND],
];
