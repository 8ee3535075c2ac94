// Leaves of the current profile: what we put into ours and what we check in every other.

import { bytesToHex, equalBytes, type Hex } from '../core/bytes.ts';
import type { Capabilities, LeafNode } from 'ts-mls';
import { decodeIdList, encodeDictionary, encodeIdList, findDictionary } from './dictionary.ts';
import { verifyIdentityProof } from './identityProof.ts';
import { ADVERTISED, COMPONENTS, HARD_MINIMUM, LIFETIME, MLS } from './profile.ts';
import { attempt, isRefusal, refuse, type Refusal } from './refusal.ts';

const LEGACY_PROOF_EXTENSION = 0xf2f1;

/** What a leaf was found to be: whose it is and which app components it supports. */
export interface CheckedLeaf {
  readonly kind: 'ok';
  readonly account: Hex;
  readonly components: readonly number[];
}

/** What members of a group must support; the hard minimum of the profile when a group asks for less. */
export interface Requirements {
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly components: readonly number[];
}

/** The capabilities of our own leaves. */
export function ownCapabilities(): Capabilities {
  return {
    versions: [MLS.version],
    ciphersuites: [MLS.suite],
    extensions: [...ADVERTISED.extensions],
    proposals: [...ADVERTISED.proposals],
    credentials: [MLS.basicCredential],
  };
}

/** The dictionary of our own leaves: supported components, empty safe_aad list, identity proof (104 bytes). */
export function encodeLeafDictionary(proof: Uint8Array): Uint8Array {
  return encodeDictionary(
    new Map([
      [COMPONENTS.appComponents, encodeIdList(ADVERTISED.components)],
      [COMPONENTS.safeAad, encodeIdList([])],
      [COMPONENTS.identityProof, proof],
    ]),
  );
}

/**
 * Checks a leaf against the profile and a group's requirements: credential, capabilities, component list, identity proof. The leaf's
 * own MLS signature is checked elsewhere. A proof that one of the `proven` leaves carries for the same account and key is not verified
 * again: a new leaf of a member brings new keys, but mostly the old proof. Never throws.
 */
export async function checkLeaf(
  leaf: LeafNode,
  required: Requirements = HARD_MINIMUM,
  proven: readonly LeafNode[] = [],
): Promise<CheckedLeaf | Refusal> {
  const account = accountOf(leaf);
  if (account === undefined)
    return refuse('credential', 'The MLS credential is not a 32-byte Nostr key. Ask the peer to update its Marmot client.');
  const isLegacy = leaf.extensions.some((extension) => extension.extensionType === LEGACY_PROOF_EXTENSION);
  if (isLegacy)
    return refuse(
      'dialect',
      'This comes from the Marmot profile of July 2026 (identity proof 0xf2f1). Ask the peer to update to MDK 0.9.5 or newer.',
    );
  const missing = findMissingCapability(leaf.capabilities, required);
  if (missing !== undefined)
    return refuse('capabilities', `The peer's client does not support ${missing}. Ask the peer to update its Marmot client.`);
  return checkDictionary(leaf, account, required, proven);
}

/** The Nostr account (hex) a leaf claims, if its credential is a basic one of 32 bytes. */
export function accountOf(leaf: LeafNode): Hex | undefined {
  const { credential } = leaf;
  const isAccount = credential.credentialType === MLS.basicCredential && 'identity' in credential && credential.identity.length === 32;
  return isAccount ? bytesToHex(credential.identity) : undefined;
}

/** Checks the lifetime of a leaf made for a key package: at most 84 days and an hour in all, and running at `now` (unix seconds). */
export function checkLifetime(leaf: LeafNode, now: number): Refusal | undefined {
  if (!('lifetime' in leaf)) return undefined;
  const { notBefore, notAfter } = leaf.lifetime;
  const isTooLong = notAfter < notBefore || notAfter - notBefore > BigInt(LIFETIME.maxTotalS);
  if (isTooLong)
    return refuse('lifetime', 'The key package lives longer than 84 days. Ask the peer to publish one of the current profile.');
  const isCurrent = notBefore <= BigInt(now) && BigInt(now) <= notAfter;
  return isCurrent
    ? undefined
    : refuse('lifetime', 'The key package is expired or not yet valid. Check both clocks, or ask the peer to publish a new one.');
}

async function checkDictionary(
  leaf: LeafNode,
  account: Hex,
  required: Requirements,
  proven: readonly LeafNode[],
): Promise<CheckedLeaf | Refusal> {
  const parsed = await attempt(
    'components',
    'The leaf has no readable app components. Ask the peer to update to MDK 0.9.5 or newer.',
    () => {
      const dictionary = findDictionary(leaf.extensions, MLS.appDataDictionary);
      return {
        components: decodeIdList(dictionary.get(COMPONENTS.appComponents) ?? new Uint8Array()),
        proof: dictionary.get(COMPONENTS.identityProof),
        isKnown: proven.some((other) => hasSameProof(leaf, other)),
      };
    },
  );
  if (isRefusal(parsed)) return parsed;
  const missing = required.components.find((id) => !parsed.components.includes(id));
  if (missing !== undefined)
    return refuse('components', `The peer's client does not support app component ${formatId(missing)}. Ask the peer to update it.`);
  const claim = { account, signatureKey: leaf.signaturePublicKey };
  const isProven = parsed.isKnown || (parsed.proof !== undefined && verifyIdentityProof(parsed.proof, claim));
  if (!isProven)
    return refuse(
      'proof',
      'The identity proof is missing or does not fit the account. Do not use this key: somebody may be impersonating the peer.',
    );
  return { kind: 'ok', account, components: parsed.components };
}

/** True when two leaves have the account, the signature key and the proof in common: all that a proof depends on. */
function hasSameProof(leaf: LeafNode, other: LeafNode): boolean {
  const [own, theirs] = [leaf, other].map(({ extensions }) =>
    findDictionary(extensions, MLS.appDataDictionary).get(COMPONENTS.identityProof),
  );
  if (own === undefined || theirs === undefined || accountOf(leaf) !== accountOf(other)) return false;
  return equalBytes(own, theirs) && equalBytes(leaf.signaturePublicKey, other.signaturePublicKey);
}

function findMissingCapability(
  { versions, ciphersuites, extensions, proposals, credentials }: Capabilities,
  required: Requirements,
): string | undefined {
  if (!(versions as readonly number[]).includes(MLS.version)) return 'MLS 1.0';
  if (!ciphersuites.includes(MLS.suite)) return 'ciphersuite 0x0001';
  if (!credentials.includes(MLS.basicCredential)) return 'basic credentials';
  const extension = required.extensions.find((id) => !extensions.includes(id));
  if (extension !== undefined) return `MLS extension ${formatId(extension)}`;
  const proposal = required.proposals.find((id) => !proposals.includes(id));
  return proposal === undefined ? undefined : `MLS proposal ${formatId(proposal)}`;
}

/** A 16-bit id as tags and messages write it. @example formatId(1) // '0x0001' */
export function formatId(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`;
}
