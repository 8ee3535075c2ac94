// What each step of a channel cannot do without, in primitives, one side at a time: read it beside RFC 9420, RFC 9180, NIP-44 and NIP-59.

import { combine, type Needs } from './primitives.ts';

/** The steps of a channel, in order. */
export const STEPS = ['key-package', 'invite', 'join', 'send', 'receive', 'stage', 'follow'] as const;
/** One of {@link STEPS}. */
export type Step = (typeof STEPS)[number];

// An event is signed over its id, which `schnorr-sign` and `schnorr-verify` compute as well; `event-id` is for those that nobody signs.

/** BIP-340 over the kind 450 event by which an account vouches for a leaf key (account-identity-proof-v2.md). */
const PROOF: Needs = { 'schnorr-sign': 1 };

/** Section 10: leaf, init and encryption keys; LeafNode and KeyPackage signed; the KeyPackageRef; the event around it all. */
const KEY_PACKAGE: Needs = combine(
  [1, { 'ed25519-keygen': 1, 'x25519-keygen': 2, 'ed25519-sign': 2 }],
  [1, PROOF],
  [1, { sha256: 1, 'schnorr-sign': 1 }],
);

/**
 * Section 8, from the joiner secret on: extract with the PSK secret, the epoch secret, the nine secrets that it gives, and the
 * confirmation tag; Marmot's exporter (section 8.5) takes two more and the hash of its context.
 */
const EPOCH: Needs = { hmac: 1 + 1 + 9 + 1 + 2, sha256: 1 };

/** Section 8: the joiner secret out of the last init secret and the commit secret; section 8.2: confirmed and interim transcript hash. */
const COMMITTED: Needs = { hmac: 2, sha256: 2 };

/** RFC 9180 section 5.1: two for the shared secret, then info hash, secret, key and nonce; the hash of no PSK is always the same. */
const HPKE_SCHEDULE: Needs = { hmac: 2 + 4, aead: 1, 'x25519-agree': 1, 'x25519-public': 1 };
const HPKE_SEAL: Needs = combine([1, HPKE_SCHEDULE], [1, { 'x25519-keygen': 1 }]);
/** The recipient's secret key comes out of what was saved. */
const HPKE_OPEN: Needs = combine([1, HPKE_SCHEDULE], [1, { 'x25519-secret': 1 }]);

/** Section 12.4.3.1: secret, key and nonce of the welcome. */
const WELCOME_KEYS: Needs = { hmac: 3 };

/** NIP-59: two layers, each with a conversation key of its own (NIP-44: an exchange, an HMAC; three more and the MAC for a message). */
const WRAP: Needs = {
  'secp256k1-ecdh': 2,
  hmac: 2,
  'nip44-encrypt': 2,
  'schnorr-sign': 2,
  'event-id': 1,
  'event-json': 2,
};
const UNWRAP: Needs = {
  'schnorr-verify': 2,
  'secp256k1-ecdh': 2,
  hmac: 2,
  'nip44-decrypt': 2,
  'event-id': 1,
  'event-json': 2,
};

/**
 * A group of one: our leaf with its proof, its tree hash, and of the first epoch what the second is made from (section 11): init secret,
 * confirmation key and tag. Then the commit that adds the peer, whose key package is validated (sections 10.1 and 12.1.1) by a key not
 * seen before; no path is needed (section 12.4). Its signature is in the transcript hash, though the commit goes to nobody. Two leaves
 * and their parent give the tree hash (section 7.8); ours is known. GroupInfo is signed and sealed, the group secrets go to the peer's
 * init key (section 12.4.3.1), which its KeyPackageRef names.
 */
const INVITE: Needs = combine(
  [1, { 'ed25519-keygen': 1, 'x25519-keygen': 1, 'ed25519-sign': 1 }],
  [1, PROOF],
  [1, { hmac: 3, sha256: 1 }],
  [1, { 'ed25519-public': 1, 'ed25519-verify': 2 }],
  [1, { 'ed25519-sign': 1, sha256: 2 }],
  [1, COMMITTED],
  [1, EPOCH],
  [1, { 'ed25519-sign': 1, aead: 1, sha256: 1 }],
  [1, WELCOME_KEYS],
  [1, HPKE_SEAL],
  [1, WRAP],
);

/**
 * The gift wrap; the group secrets; the GroupInfo and its signature; the tree with two leaves, each with its MLS signature (section 7.3
 * by section 12.4.3.1), by two keys; of their proofs that of the peer, ours being our own; three tree hashes; the epoch; the id by which
 * this epoch is known; the channel packed.
 */
const JOIN: Needs = combine(
  [1, UNWRAP],
  [1, { sha256: 1 }],
  [1, HPKE_OPEN],
  [1, WELCOME_KEYS],
  [1, { aead: 1, 'ed25519-public': 2, 'ed25519-verify': 1 + 2, 'schnorr-verify': 1 }],
  [1, { sha256: 3 }],
  [1, EPOCH],
  [1, { sha256: 1, deflate: 1 }],
);

/**
 * Section 9.1: key and nonce of this message, the secret of the next; section 6.3.2: key and nonce of the sender data. Content, sender
 * data and outer layer are sealed; the payload's own id and the message's hash are computed.
 */
const FRAME: Needs = { hmac: 3 + 2, aead: 3, 'event-id': 1, sha256: 1 };

/** The leaf's key comes out of what was saved. Channel, event and the relay that it goes to are saved: three rows. */
const SEND: Needs = combine(
  [1, FRAME],
  [1, { 'ed25519-secret': 1, 'ed25519-sign': 1, 'schnorr-sign': 1, 'event-json': 1 }],
  [1, { deflate: 1, transaction: 1, row: 2 }],
);

/** The peer's leaf key is known from the message before. Channel, event id and message hash are saved: three rows. */
const RECEIVE: Needs = combine(
  [1, FRAME],
  [1, { 'schnorr-verify': 1, 'ed25519-verify': 1, 'event-json': 1 }],
  [1, { deflate: 1, transaction: 1, row: 2 }],
);

/** Section 7.4: a node's secret and the private key that comes of it (RFC 9180 section 7.1.3). */
const NODE: Needs = { hmac: 1 + 2 };

/** Sections 7.8 and 7.9: the sibling's tree hash, the parent hash, then the new leaf's tree hash and the root's. */
const TREE: Needs = { sha256: 4 };

/**
 * A commit of nothing but a path: keys of leaf and root with their public halves, the path secret between them and the commit secret
 * after; the root's path secret sealed to the peer's leaf; leaf and commit signed; the membership tag (section 6.2); the outer layer.
 * Saved as by {@link SEND}.
 */
const STAGE: Needs = combine(
  [2, NODE],
  [2, { 'x25519-secret': 1 }],
  [1, { hmac: 1 + 1 }],
  [1, TREE],
  [1, HPKE_SEAL],
  [1, { 'ed25519-secret': 1, 'ed25519-sign': 2 }],
  [1, COMMITTED],
  [1, EPOCH],
  [1, { hmac: 1, sha256: 1, aead: 1, 'schnorr-sign': 1, 'event-json': 1 }],
  [1, { deflate: 1, transaction: 1, row: 2 }],
);

/** The same from the other side: both signatures by the committer's key, which is known, and the private key of the root alone. */
const FOLLOW: Needs = combine(
  [1, { 'schnorr-verify': 1, aead: 1, sha256: 1, 'event-json': 1 }],
  [1, { hmac: 1, 'ed25519-verify': 2 }],
  [1, TREE],
  [1, HPKE_OPEN],
  [1, NODE],
  [1, { hmac: 1 }],
  [1, COMMITTED],
  [1, EPOCH],
  [1, { deflate: 1, transaction: 1, row: 2 }],
);

/** The needs of every step. */
export const CHANNEL_NEEDS: Readonly<Record<Step, Needs>> = {
  'key-package': KEY_PACKAGE,
  invite: INVITE,
  join: JOIN,
  send: SEND,
  receive: RECEIVE,
  stage: STAGE,
  follow: FOLLOW,
};
