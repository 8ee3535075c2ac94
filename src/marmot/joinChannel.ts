// Joins a channel from a welcome, after checking everything; a refusal leaves the key package as it was.

import { joinGroup, type ClientState, type GroupInfo, type Welcome } from 'ts-mls';
import type { Hex } from '../core/bytes.ts';
import type { Rumor } from '../nostr/event.ts';
import { beginChannel, type Channel } from './channel.ts';
import { checkGroup, leafAt } from './groupCheck.ts';
import { openGroupInfo } from './groupInfo.ts';
import { decodePrivatePackage, type PrivatePackage } from './keyPackagePrivate.ts';
import { accountOf } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { MLS } from './profile.ts';
import { attempt, isRefusal, refuse, type Refusal } from './refusal.ts';
import { noRng } from './suite.ts';
import { readWelcome } from './welcome.ts';

/** The welcome as it came out of its gift wrap, who sealed it, and the private key package its `e` tag names. */
export interface JoinInput {
  readonly welcome: Rumor;
  readonly sender: Hex;
  readonly keyPackagePrivate: Uint8Array;
}

/** A channel joined. The caller refuses one whose `mlsGroupId` it already has, saves it, then rotates the key package. */
export interface JoinedChannel {
  readonly kind: 'joined';
  readonly channel: Channel;
}

const INVITE_AGAIN = 'Ask the peer to invite again.';

/**
 * Joins the group of a welcome (protocol-core/joining.md "Receiving flow", steps 1 to 8): the welcome's author, the gift wrap's sender
 * and an admin of the group are one account, there are two to eight members, every leaf is proven. Never throws for what the peer sent;
 * throws `store/corrupt` for unreadable private bytes.
 */
export async function joinChannel({ welcome, sender, keyPackagePrivate }: JoinInput): Promise<JoinedChannel | Refusal> {
  const own = decodePrivatePackage(keyPackagePrivate);
  const facts = readWelcome(welcome);
  if (isRefusal(facts)) return facts;
  if (welcome.pubkey !== sender)
    return refuse('sender', `The welcome was written by another account than the one that sent it. ${INVITE_AGAIN}`);
  if (facts.keyPackageEventId !== own.eventId) return refuse('key-package', `The welcome is for another key package. ${INVITE_AGAIN}`);
  const opened = await openWelcome(facts.mlsBytes, own);
  return isRefusal(opened) ? opened : checkJoined(opened, own, sender);
}

interface Opened {
  readonly kind: 'opened';
  readonly state: ClientState;
  readonly groupInfo: GroupInfo;
}

async function openWelcome(mlsBytes: Uint8Array, own: PrivatePackage): Promise<Opened | Refusal> {
  return attempt('mls', `The welcome does not open a sound group. ${INVITE_AGAIN}`, async () => {
    const message = decodeMlsMessage(mlsBytes);
    if (!('welcome' in message)) return refuse('content', `This is no MLS welcome. ${INVITE_AGAIN}`);
    if (message.welcome.cipherSuite !== MLS.suite)
      return refuse('suite', `The welcome uses another ciphersuite than 0x0001. ${INVITE_AGAIN}`);
    const groupInfo = await openGroupInfo(message.welcome, own);
    return { kind: 'opened' as const, groupInfo, state: await join(message.welcome, own) };
  });
}

async function join(welcome: Welcome, { publicPackage, privatePackage }: PrivatePackage): Promise<ClientState> {
  return joinGroup({ context: createMlsContext(noRng), welcome, keyPackage: publicPackage, privateKeys: privatePackage });
}

async function checkJoined({ state, groupInfo }: Opened, own: PrivatePackage, sender: Hex): Promise<JoinedChannel | Refusal> {
  const me = accountOf(own.publicPackage.leafNode);
  if (me === undefined || me === sender) return refuse('members', 'A channel needs two identities. Ask somebody else.');
  const author = leafAt(state.ratchetTree, groupInfo.signer);
  if (author === undefined || accountOf(author) !== sender)
    return refuse('sender', `The group was not signed by the account that sent the welcome. ${INVITE_AGAIN}`);
  const group = await checkGroup(state, undefined, own.publicPackage.leafNode);
  if (isRefusal(group)) return group;
  if (group.members.length < 2) return refuse('members', `There is nobody else in the group. ${INVITE_AGAIN}`);
  if (!group.admins.includes(sender)) return refuse('admin', `The sender may not invite: it is no admin of the group. ${INVITE_AGAIN}`);
  return { kind: 'joined', channel: await beginChannel(me, state) };
}
