// What each stage of a deal cannot do without, in primitives, both sides together: read it beside PROTOCOL, RFC 9420 and NIP-59.

import { combine, type Needs } from './primitives.ts';

/** The stages of a deal, in order. */
export const STAGES = ['publish', 'invite', 'join', 'talk', 'haggle', 'sign', 'verify'] as const;
/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

// A step that sends is saved before it publishes, and the relay's OK after; one that only receives is saved once.
const SENDS = 2;
const RECEIVES = 1;

/** An Ed25519 leaf key, two X25519 keys, two MLS signatures, and the account's proof of the leaf. */
const LEAF: Needs = { 'ed25519-keygen': 1, 'x25519-keygen': 2, 'ed25519-sign': 2, 'schnorr-sign': 1 };

/** A leaf, its KeyPackageRef, and the event around it. */
const KEY_PACKAGE: Needs = combine([1, LEAF], [1, { sha256: 1, 'schnorr-sign': 1 }]);

/** RFC 9420 section 8: joiner, epoch and the nine secrets derived from it, confirmation tag, Marmot's exporter. */
const EPOCH: Needs = { hmac: 18, sha256: 4 };

/** RFC 9180 base mode: an exchange and the key schedule. */
const HPKE: Needs = { 'x25519-agree': 1, hmac: 7, aead: 1 };

/** Ratchet step, sender data, signature, inner and outer ciphers, move id, message hash; the event by a throw-away key. */
const SEAL: Needs = { hmac: 5, aead: 3, sha256: 2, 'ed25519-sign': 1, 'schnorr-sign': 1 };

/** The same from the other side. */
const OPEN: Needs = { hmac: 5, aead: 3, sha256: 2, 'ed25519-verify': 1, 'schnorr-verify': 1 };

/** A move from one side to the other, in steps of its own. */
const MOVE: Needs = combine([1, SEAL], [1, OPEN], [SENDS + RECEIVES, { transaction: 1 }]);

/** Relay list, inbox relays and key package of one agent. */
const PUBLISH: Needs = combine([1, KEY_PACKAGE], [1, { 'schnorr-sign': 2, transaction: SENDS }]);

/** Three events of the peer and its leaf checked; a group of two founded; its welcome sealed and wrapped; the first move. */
const INVITE: Needs = combine(
  [1, { 'schnorr-verify': 3 + 1, 'ed25519-verify': 2, sha256: 1 }],
  [1, LEAF],
  [1, EPOCH],
  [1, HPKE],
  [1, { 'x25519-keygen': 1, 'ed25519-sign': 2, aead: 1 }],
  [1, { 'secp256k1-ecdh': 2, 'nip44-encrypt': 2, 'schnorr-sign': 2 }],
  [1, SEAL],
  [1, { transaction: SENDS }],
);

/** Two signatures of the wrap, two layers opened; the welcome and its tree checked; a new key package; the first move. */
const JOIN: Needs = combine(
  [1, { 'schnorr-verify': 2, 'secp256k1-ecdh': 2, 'nip44-decrypt': 2 }],
  [1, HPKE],
  [1, EPOCH],
  [1, { aead: 1, 'ed25519-verify': 2, 'schnorr-verify': 1 }],
  [1, KEY_PACKAGE],
  [1, OPEN],
  [1, { transaction: SENDS + RECEIVES }],
);

/** Accept, confirm, close, receipt: four messages, two signatures made and checked, four locks. Each answer is part of the step that received. */
const SIGN: Needs = combine(
  [4, SEAL],
  [4, OPEN],
  [2, { 'schnorr-sign': 1, 'schnorr-verify': 1, sha256: 2 }],
  [1, { transaction: 4 * SENDS + RECEIVES }],
);

/** Each side checks the two signatures, the four locks and the salted leaves of the terms. */
const VERIFY: Needs = combine([2, { 'schnorr-verify': 2, sha256: 4 + 17 }]);

/** The needs of every stage. */
export const NEEDS: Readonly<Record<Stage, Needs>> = {
  publish: combine([2, PUBLISH]),
  invite: INVITE,
  join: JOIN,
  talk: combine([2, MOVE]),
  haggle: combine([3, MOVE]),
  sign: SIGN,
  verify: VERIFY,
};

// Open, two of talk, three offers, four of the deal.
const MOVES = 10;

/** Signatures by throw-away keys: one for each move, one for the gift wrap. */
export const THROW_AWAY_SIGNATURES = MOVES + 1;

/** What the two must read of one another: three events to invite, the gift wrap, the moves. */
export const NEEDED_FETCHES = 3 + 1 + MOVES;

/** Three events of each agent, the gift wrap, the renewed key package, the moves. */
export const NEEDED_EVENTS = 2 * 3 + 1 + 1 + MOVES;

/** One move sent and nothing else, which is what `send` does. */
export const SEND: Needs = combine([1, SEAL], [SENDS, { transaction: 1 }]);
