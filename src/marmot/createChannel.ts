// Opens a channel: a group from the key packages of those who are to be in it, and the welcomes that invite them.

import {
  createCommit,
  createGroup,
  defaultProposalTypes,
  type ClientState,
  type GroupContextExtension,
  type MlsContext,
  type MlsMessage,
} from 'ts-mls';
import { bytesToHex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { Rumor } from '../nostr/event.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import type { Signer } from '../nostr/signer.ts';
import { beginChannel, type Channel } from './channel.ts';
import { sortByBytes } from './components.ts';
import { makeLeafMaterial, type LeafMaterial } from './createKeyPackage.ts';
import { groupDictionary, groupExtensions } from './groupExtensions.ts';
import { checkLifetime } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { LIMITS } from './profile.ts';
import type { UsableKeyPackage } from './readKeyPackage.ts';
import { buildWelcome } from './welcome.ts';

/** Who invites whom, over which relays (1 to 16 URLs), at `now` (unix seconds), with what randomness. */
export interface CreateChannelInput {
  readonly signer: Signer;
  /** Of one to seven others, each of another account. */
  readonly peers: readonly UsableKeyPackage[];
  readonly relays: readonly string[];
  readonly now: number;
  readonly rng: Rng;
  /** What clients with a list of groups show; at most 256 bytes. */
  readonly name?: string;
}

/** A welcome (kind 444 rumor), to be gift-wrapped to the inbox relays of the account that it invites. */
export interface Invitation {
  readonly account: Hex;
  readonly welcome: Rumor;
}

/** The new channel, to be saved before the welcomes are sent. */
export interface CreatedChannel {
  readonly channel: Channel;
  readonly invitations: readonly Invitation[];
}

/**
 * Creates a group with us as sole admin and adds the peers; the founding commit is published to nobody (protocol-core/joining.md
 * "Behavior"). Throws `relay/invalid-url`, `input/invalid` for no relays or too many and for no peers or too many,
 * `peer/unusable-key-package` when MLS refuses a key package, `signer/altered`.
 */
export async function createChannel(input: CreateChannelInput): Promise<CreatedChannel> {
  const { signer, peers, relays, now, rng, name = 'Negotiation' } = input;
  checkPeers(signer.pubkey, peers, now);
  const urls = checkRelays(relays);
  const material = await makeLeafMaterial(signer, now, rng);
  const context = createMlsContext(rng);
  const extensions = groupExtensions(
    groupDictionary({ admin: signer.pubkey, nostrGroupId: bytesToHex(rng.bytes(32)), relays: urls, name }),
  );
  const founded = await foundGroup(context, material, extensions, rng.bytes(32));
  const { state, welcome } = await addPeers(context, founded, peers);
  const mlsBytes = encodeMlsMessage(welcome);
  const invitations = peers.map(({ account, eventId }) => ({
    account,
    welcome: buildWelcome({ author: signer.pubkey, keyPackageEventId: eventId, relays: urls, mlsBytes, now }),
  }));
  return { channel: await beginChannel(signer.pubkey, state), invitations };
}

/** Throws `input/invalid` unless these can be members beside us, `peer/unusable-key-package` when a key package has run out. */
export function checkPeers(own: Hex, peers: readonly UsableKeyPackage[], now: number): void {
  const accounts = new Set([own, ...peers.map(({ account }) => account)]);
  if (accounts.size !== peers.length + 1 || peers.length === 0)
    throw new NegotiateError('input/invalid', 'A channel needs two identities or more, each once. Name another peer.');
  if (accounts.size > LIMITS.members) throw new NegotiateError('input/invalid', `A group has at most ${LIMITS.members} members.`);
  for (const { keyPackage } of peers) {
    const expired = checkLifetime(keyPackage.leafNode, now);
    if (expired !== undefined) throw new NegotiateError('peer/unusable-key-package', expired.message);
  }
}

async function foundGroup(
  context: MlsContext,
  material: LeafMaterial,
  extensions: GroupContextExtension[],
  groupId: Uint8Array,
): Promise<ClientState> {
  const { publicPackage: keyPackage, privatePackage: privateKeyPackage } = material;
  return createGroup({ context, groupId, keyPackage, privateKeyPackage, extensions });
}

async function addPeers(
  context: MlsContext,
  state: ClientState,
  peers: readonly UsableKeyPackage[],
): Promise<{ state: ClientState; welcome: MlsMessage }> {
  try {
    const extraProposals = peers.map(({ keyPackage }) => ({ proposalType: defaultProposalTypes.add, add: { keyPackage } }));
    const { newState, welcome } = await createCommit({
      context,
      state,
      extraProposals,
      ratchetTreeExtension: true,
      wireAsPublicMessage: true,
    });
    if (welcome === undefined) throw new NegotiateError('internal/bug', 'Adding the peers made no welcome. Please report this.');
    // Nobody sends in epoch 0, so nothing of it is worth keeping.
    return { state: { ...newState, historicalReceiverData: new Map() }, welcome };
  } catch (cause) {
    const message = 'MLS refused a peer’s key package. Check this machine’s clock, then ask the peer to publish a new one.';
    throw new NegotiateError('peer/unusable-key-package', message, { cause });
  }
}

function checkRelays(relays: readonly string[]): readonly string[] {
  const urls = sortByBytes(relays.map(parseRelayUrl));
  if (urls.length > 0 && urls.length <= LIMITS.relays) return urls;
  throw new NegotiateError('input/invalid', 'A channel needs between 1 and 16 relays. Name some with --relay or in the configuration.');
}
