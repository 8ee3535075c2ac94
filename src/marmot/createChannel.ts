// Opens a channel: a group of two from the peer's key package, and the welcome that invites it.

import { createCommit, createGroup, type ClientState, type GroupContextExtension, type MlsContext, type MlsMessage } from 'ts-mls';
import { bytesToHex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { Rumor } from '../nostr/event.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import type { Signer } from '../nostr/signer.ts';
import { advanceTip, type Channel } from './channel.ts';
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
  readonly peerKeyPackage: UsableKeyPackage;
  readonly relays: readonly string[];
  readonly now: number;
  readonly rng: Rng;
  /** What clients with a list of groups show; at most 256 bytes. */
  readonly name?: string;
}

/** The new channel, to be saved before the welcome (kind 444 rumor, to be gift-wrapped to the peer's inbox relays) is sent. */
export interface CreatedChannel {
  readonly channel: Channel;
  readonly welcome: Rumor;
}

/**
 * Creates a group of two with us as sole admin and adds the peer; the founding commit is published to nobody (protocol-core/joining.md
 * "Behavior"). Throws `relay/invalid-url`, `input/invalid` for no relays or too many, `peer/unusable-key-package` when MLS refuses the
 * key package, `signer/altered`.
 */
export async function createChannel({
  signer,
  peerKeyPackage,
  relays,
  now,
  rng,
  name = 'Negotiation',
}: CreateChannelInput): Promise<CreatedChannel> {
  const peer = peerKeyPackage.account;
  if (peer === signer.pubkey) throw new NegotiateError('input/invalid', 'A channel needs two identities. Name another peer.');
  const expired = checkLifetime(peerKeyPackage.keyPackage.leafNode, now);
  if (expired !== undefined) throw new NegotiateError('peer/unusable-key-package', expired.message);
  const urls = checkRelays(relays);
  const material = await makeLeafMaterial(signer, now, rng);
  const context = createMlsContext(rng);
  const extensions = groupExtensions(
    groupDictionary({ admin: signer.pubkey, nostrGroupId: bytesToHex(rng.bytes(32)), relays: urls, name }),
  );
  const founded = await foundGroup(context, material, extensions, rng.bytes(32));
  const { state, welcome } = await addPeer(context, founded, peerKeyPackage);
  const channel = await advanceTip({ own: signer.pubkey, peer, state, outerKeys: [] }, state);
  const content = encodeMlsMessage(welcome);
  return {
    channel,
    welcome: buildWelcome({ author: signer.pubkey, keyPackageEventId: peerKeyPackage.eventId, relays: urls, mlsBytes: content, now }),
  };
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

async function addPeer(
  context: MlsContext,
  state: ClientState,
  { keyPackage }: UsableKeyPackage,
): Promise<{ state: ClientState; welcome: MlsMessage }> {
  try {
    const extraProposals = [{ proposalType: 1 as const, add: { keyPackage } }];
    const { newState, welcome } = await createCommit({
      context,
      state,
      extraProposals,
      ratchetTreeExtension: true,
      wireAsPublicMessage: true,
    });
    if (welcome === undefined) throw new NegotiateError('internal/bug', 'Adding the peer made no welcome. Please report this.');
    // Nobody sends in epoch 0, so nothing of it is worth keeping.
    return { state: { ...newState, historicalReceiverData: new Map() }, welcome };
  } catch (cause) {
    const message = 'MLS refused the peer’s key package. Check this machine’s clock, then ask the peer to publish a new one.';
    throw new NegotiateError('peer/unusable-key-package', message, { cause });
  }
}

function checkRelays(relays: readonly string[]): readonly string[] {
  const urls = sortByBytes(relays.map(parseRelayUrl));
  if (urls.length > 0 && urls.length <= LIMITS.relays) return urls;
  throw new NegotiateError('input/invalid', 'A channel needs between 1 and 16 relays. Name some with --relay or in the configuration.');
}
