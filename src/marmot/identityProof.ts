// The account identity proof (component 0x8009): a Nostr account vouches for one MLS leaf key.

import { bytesToHex, hexToBytes, type Hex } from '../core/bytes.ts';
import { computeEventId, verifyEvent, type EventTemplate } from '../nostr/event.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import type { Signer } from '../nostr/signer.ts';
import { joinBytes, openCursor, readBytes, readUint64, writeUint64 } from './cursor.ts';
import { KINDS } from './profile.ts';

const PROOF_BYTES = 104;
const CONTENT = 'Authorize this MLS leaf key for my Marmot account';

/** What an identity proof binds: the account (hex), when it said so (unix seconds), the leaf's Ed25519 key (32 bytes). */
export interface ProofClaim {
  readonly account: Hex;
  readonly createdAt: number;
  readonly signatureKey: Uint8Array;
}

/**
 * The event that an account signs to prove a leaf key (app-components/account-identity-proof-v2.md); it is never published.
 *
 * @example proofTemplate({ createdAt: 1700000000, signatureKey }).kind // 450
 */
export function proofTemplate({ createdAt, signatureKey }: Omit<ProofClaim, 'account'>): EventTemplate {
  const tags = [
    ['d', 'marmot.account-identity-proof.v2'],
    ['component', '0x8009'],
    ['ciphersuite', '0x0001'],
    ['signature_scheme', '0x0807'],
    ['mls_signature_key', bytesToHex(signatureKey)],
  ];
  return { kind: KINDS.identityProof, created_at: createdAt, tags, content: CONTENT };
}

/**
 * Makes the 104 component bytes: account, created_at, BIP-340 signature. Throws `signer/altered` when the signer signs anything but
 * the exact template (a client tag, another time).
 */
export async function makeIdentityProof(signer: Signer, signatureKey: Uint8Array, now: number): Promise<Uint8Array> {
  const { sig } = await signExactly(signer, proofTemplate({ createdAt: now, signatureKey }));
  return joinBytes(hexToBytes(signer.pubkey), writeUint64(BigInt(now)), hexToBytes(sig));
}

/** True when the component bytes prove that `account` chose `signatureKey`. There is no age limit. Never throws. */
export function verifyIdentityProof(data: Uint8Array, { account, signatureKey }: Omit<ProofClaim, 'createdAt'>): boolean {
  if (data.length !== PROOF_BYTES) return false;
  const cursor = openCursor(data);
  if (bytesToHex(readBytes(cursor, 32)) !== account) return false;
  const createdAt = Number(readUint64(cursor));
  if (createdAt < 1 || !Number.isSafeInteger(createdAt)) return false;
  const template = proofTemplate({ createdAt, signatureKey });
  const id = computeEventId(account, template);
  return verifyEvent({ ...template, id, pubkey: account, sig: bytesToHex(readBytes(cursor, 64)) });
}
