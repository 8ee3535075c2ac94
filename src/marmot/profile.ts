// What the Marmot current profile fixes, as data: kinds, ids, required sets, what we advertise, limits.

/** Nostr kinds of the current profile (transports/nostr.md, foundation/registries.md). */
export const KINDS = {
  keyPackage: 30443,
  welcome: 444,
  groupEvent: 445,
  identityProof: 450,
  relayList: 10002,
  inboxRelays: 10050,
} as const;

/** MLS ids of the current profile. */
export const MLS = {
  version: 0x0001,
  /** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519. */
  suite: 0x0001,
  signatureScheme: 0x0807,
  requiredCapabilities: 0x0003,
  appDataDictionary: 0x0006,
  appDataUpdate: 0x0008,
  selfRemove: 0x000a,
  basicCredential: 0x0001,
} as const;

/** App component ids (foundation/registries.md). */
export const COMPONENTS = {
  appComponents: 0x0001,
  safeAad: 0x0002,
  lastResort: 0x0004,
  profile: 0x8001,
  adminPolicy: 0x8003,
  routing: 0x8004,
  retention: 0x8005,
  agentTextStream: 0x8006,
  frozenMedia: 0x8008,
  identityProof: 0x8009,
  media: 0x800b,
  lifecycle: 0x800c,
} as const;

/**
 * What our leaves advertise. White Noise makes groups that require 0x0008 and 0x000a, so both must be here to be invited.
 * 0xf2d1 and 0x8006 mean only "falls back to the final message"; 0x800b may be ignored by who sends no media.
 */
export const ADVERTISED = {
  extensions: [0x0003, 0x0006, 0xf2d1],
  proposals: [0x0008, 0x000a],
  components: [0x0001, 0x8001, 0x8003, 0x8004, 0x8005, 0x8006, 0x8009, 0x800b, 0x800c],
} as const;

/** What every current-profile leaf must support (vector current-profile-required-set). */
export const HARD_MINIMUM = { extensions: [0x0006], proposals: [0x0008], components: [0x8003, 0x8009] } as const;

/** What the groups that we create require. */
export const REQUIRED = {
  extensions: [0x0006],
  proposals: [0x0008, 0x000a],
  components: [0x8001, 0x8003, 0x8004, 0x8009, 0x800c],
} as const;

const DAY_S = 86_400;

/** Seconds that a key package lives, and how far its start is backdated for clocks that run behind. */
export const LIFETIME = { lifeS: 84 * DAY_S, backdateS: 3_600, maxTotalS: 84 * DAY_S + 3_600 } as const;

/** Keys kept for late messages: past epochs, unread generations per sender, steps forward (protocol constants). */
export const RETENTION = { epochs: 5, generations: 100, forwardSteps: 1_000 } as const;

/** How branches are compared (protocol-core/convergence.md "Convergence policy"): protocol constants, the same for everybody. */
export const CONVERGENCE = { maxRewind: 5, quorumSenders: 2, quorumEpochs: 1, witnessBoost: 1 } as const;

/** Exporter input for the outer key of kind 445 (foundation/registries.md). */
export const GROUP_EVENT_EXPORTER = { label: 'marmot', context: 'group-event', length: 32 } as const;

/** Our own resource limits; objects beyond them are unreadable, not invalid. */
export const LIMITS = {
  eventContentChars: 524_288,
  relays: 16,
  relayUrlBytes: 512,
  proposals: 16,
  /** Members of a group that we make or join, and leaves (blank ones too) of a tree that we read. */
  members: 8,
  leaves: 32,
  /** Epochs kept that lie off the branch we follow. */
  rivals: 16,
} as const;
