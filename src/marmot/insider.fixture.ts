// What a hostile member or inviter can make with its own keys: any content it likes, signed and encrypted as it must be.

import { createPrivateKey, sign } from 'node:crypto';
import { encode, keyPackageEncoder, makeCustomExtension, mlsMessageEncoder, type ClientState } from 'ts-mls';
import { hmacSha256, utf8 } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import type { Channel } from './channel.ts';
import { joinBytes, openCursor, readVector, writeUint, writeUint64, writeVector } from './cursor.ts';
import { openAes, sealAes } from './hpke.ts';
import { decodePrivatePackage } from './keyPackagePrivate.ts';
import { decodeMlsMessage, encodeMlsMessage } from './mlsMessage.ts';
import { createSuite, expandWithLabel } from './suite.ts';
import { splitKeyPackage } from './treeReader.ts';

const NONE = new Uint8Array();
const MESSAGE_HEAD = 4;
const SIGNATURE_BYTES = 66;
const TAG_BYTES = 33;

/** MLS SignWithLabel (RFC 9420 section 5.1.2) with a seed. */
export function signWithLabel(seed: Uint8Array, label: string, content: Uint8Array): Uint8Array {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const message = joinBytes(writeVector(utf8(`MLS 1.0 ${label}`)), writeVector(content));
  return new Uint8Array(sign(null, message, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })));
}

/** The GroupContext of a state as bytes; ts-mls encodes it only inside a GroupInfo. */
export function encodeGroupContext({ groupContext }: ClientState): Uint8Array {
  const groupInfo = { groupContext, extensions: [], confirmationTag: NONE, signer: 0, signature: NONE };
  // Around it: version and wire format, then three empty vectors and a leaf index.
  return encode(mlsMessageEncoder, { version: 1, wireformat: 4, groupInfo }).slice(MESSAGE_HEAD, -7);
}

/** A public message cut into what its sender signs (the FramedContent) and the tags after its signature. */
export function splitPublic(mlsBytes: Uint8Array, isCommit: boolean): { readonly content: Uint8Array; readonly confirmation: Uint8Array } {
  const end = mlsBytes.length - TAG_BYTES;
  const tags = isCommit ? TAG_BYTES : 0;
  return {
    content: mlsBytes.slice(MESSAGE_HEAD, end - tags - SIGNATURE_BYTES),
    confirmation: mlsBytes.slice(end - tags, end),
  };
}

/** A public message of this member with any content: its signature and membership tag are sound. */
export function signPublic({ state }: Channel, content: Uint8Array, confirmation: Uint8Array): Uint8Array {
  const head = joinBytes(writeUint(1, 2), writeUint(1, 2), content);
  const tbs = joinBytes(head, encodeGroupContext(state));
  const auth = joinBytes(writeVector(signWithLabel(state.signaturePrivateKey, 'FramedContentTBS', tbs)), confirmation);
  const membershipTag = hmacSha256(state.keySchedule.membershipKey, joinBytes(tbs, auth));
  return joinBytes(head, auth, writeVector(membershipTag));
}

/** The plaintext of an application message of this member (RFC 9420 section 6.3.1), padded. */
export function makePlaintext({ state }: Channel, data: Uint8Array, padding = 64): Uint8Array {
  const { groupId, epoch } = state.groupContext;
  const sender = joinBytes(Uint8Array.of(1), writeUint(state.privatePath.leafIndex, 4));
  const content = joinBytes(writeVector(groupId), writeUint64(epoch), sender, writeVector(), Uint8Array.of(1), writeVector(data));
  const tbs = joinBytes(writeUint(1, 2), writeUint(2, 2), content, encodeGroupContext(state));
  const signature = signWithLabel(state.signaturePrivateKey, 'FramedContentTBS', tbs);
  return joinBytes(writeVector(data), writeVector(signature), new Uint8Array(padding));
}

/** A private message of this member around any plaintext, under the key of its next application message. */
export function sealPlaintext({ state }: Channel, plaintext: Uint8Array, senderData?: Uint8Array): Uint8Array {
  const { groupId, epoch } = state.groupContext;
  const { leafIndex } = state.privatePath;
  const ratchet = state.secretTree.leafNodes[leafIndex * 2]?.application;
  if (ratchet === undefined) throw new Error('this member has sent nothing yet: let it, so that its ratchet is there');
  const generation = writeUint(ratchet.generation, 4);
  const key = expandWithLabel(ratchet.secret, 'key', generation, 16);
  const nonce = expandWithLabel(ratchet.secret, 'nonce', generation, 12);
  const head = joinBytes(writeVector(groupId), writeUint64(epoch), Uint8Array.of(1));
  const ciphertext = sealAes(key, nonce, joinBytes(head, writeVector()), plaintext);
  const sample = ciphertext.subarray(0, 32);
  const { senderDataSecret } = state.keySchedule;
  const sealed = sealAes(
    expandWithLabel(senderDataSecret, 'key', sample, 16),
    expandWithLabel(senderDataSecret, 'nonce', sample, 12),
    head,
    // A reuse guard of zero leaves the nonce as it is.
    senderData ?? joinBytes(writeUint(leafIndex, 4), generation, new Uint8Array(4)),
  );
  return joinBytes(writeUint(1, 2), writeUint(2, 2), head, writeVector(), writeVector(sealed), writeVector(ciphertext));
}

/** A welcome opened with the joiner's key: what its maker knew. */
export interface OpenedWelcome {
  readonly joinerSecret: Uint8Array;
  readonly groupSecrets: Uint8Array;
  /** The GroupInfo in its parts: context, extensions (as a vector), signer. */
  readonly context: Uint8Array;
  readonly extensions: Uint8Array;
  readonly signer: Uint8Array;
  readonly seal: (groupSecrets: Uint8Array, groupInfo: Uint8Array, rng: Rng) => Promise<Uint8Array>;
}

/** Opens a welcome, so that it can be made again with other contents. `maker` is the state of who made it. */
export async function openWelcome(mlsBytes: Uint8Array, keyPackagePrivate: Uint8Array, maker: Channel, rng: Rng): Promise<OpenedWelcome> {
  const message = decodeMlsMessage(mlsBytes);
  const secret = 'welcome' in message ? message.welcome.secrets[0] : undefined;
  if (!('welcome' in message) || secret === undefined) throw new Error('not a welcome');
  const { publicPackage, privatePackage } = decodePrivatePackage(keyPackagePrivate);
  const { hpke } = createSuite(rng);
  const info = (groupInfo: Uint8Array): Uint8Array => joinBytes(writeVector(utf8('MLS 1.0 Welcome')), writeVector(groupInfo));
  const { kemOutput, ciphertext } = secret.encryptedGroupSecrets;
  const sealed = message.welcome.encryptedGroupInfo;
  const groupSecrets = await hpke.open(await hpke.importPrivateKey(privatePackage.initPrivateKey), kemOutput, ciphertext, info(sealed));
  const joinerSecret = readVector(openCursor(groupSecrets)).slice();
  const welcomeSecret = expandWithLabel(hmacSha256(joinerSecret, new Uint8Array(32)), 'welcome', NONE, 32);
  const [key, nonce] = [expandWithLabel(welcomeSecret, 'key', NONE, 16), expandWithLabel(welcomeSecret, 'nonce', NONE, 12)];
  const groupInfo = openAes(key, nonce, NONE, sealed);
  const context = encodeGroupContext(maker.state);
  const tail = groupInfo.length - SIGNATURE_BYTES;
  return {
    joinerSecret,
    groupSecrets,
    context,
    extensions: groupInfo.slice(context.length, tail - 4 - TAG_BYTES),
    signer: groupInfo.slice(tail - 4, tail),
    seal: async (secrets, bytes, random) => {
      const encryptedGroupInfo = sealAes(key, nonce, NONE, bytes);
      const suite = createSuite(random).hpke;
      const recipient = await suite.importPublicKey(publicPackage.initKey);
      const { enc, ct } = await suite.seal(recipient, secrets, info(encryptedGroupInfo));
      const encryptedGroupSecrets = { kemOutput: enc, ciphertext: ct };
      const secretsList = [{ newMember: secret.newMember, encryptedGroupSecrets }];
      return encodeMlsMessage({ ...message, welcome: { ...message.welcome, secrets: secretsList, encryptedGroupInfo } });
    },
  };
}

/** A GroupInfo with sound confirmation tag and signature around any context and extensions. */
export function signGroupInfo(
  maker: Channel,
  { joinerSecret, signer }: OpenedWelcome,
  context: Uint8Array,
  extensions: Uint8Array,
): Uint8Array {
  const epochSecret = expandWithLabel(hmacSha256(joinerSecret, new Uint8Array(32)), 'epoch', context, 32);
  const confirmationKey = expandWithLabel(epochSecret, 'confirm', NONE, 32);
  const tag = hmacSha256(confirmationKey, maker.state.groupContext.confirmedTranscriptHash);
  const tbs = joinBytes(context, extensions, writeVector(tag), signer);
  return joinBytes(tbs, writeVector(signWithLabel(maker.state.signaturePrivateKey, 'GroupInfoTBS', tbs)));
}

/** A KeyPackage cut up: what precedes the leaf, the leaf without its signature, and the extensions (as a vector). */
export interface OpenedKeyPackage {
  readonly head: Uint8Array;
  readonly leaf: Uint8Array;
  readonly extensions: Uint8Array;
}

/** Cuts the key package of a member into the parts that it signs. */
export function openKeyPackage(keyPackagePrivate: Uint8Array): OpenedKeyPackage {
  const bytes = encode(keyPackageEncoder, decodePrivatePackage(keyPackagePrivate).publicPackage);
  const { leafTbs, leafSignature, tbs } = splitKeyPackage(bytes);
  const leafStart = leafTbs.byteOffset - bytes.byteOffset;
  const leafEnd = leafStart + leafTbs.length + SIGNATURE_BYTES;
  if (leafSignature.length !== SIGNATURE_BYTES - 2) throw new Error('an Ed25519 signature has 64 bytes');
  return { head: bytes.slice(0, leafStart), leaf: leafTbs.slice(), extensions: tbs.slice(leafEnd) };
}

/** A KeyPackage with both signatures sound around any parts. */
export function signKeyPackage(keyPackagePrivate: Uint8Array, { head, leaf, extensions }: OpenedKeyPackage): Uint8Array {
  const { signaturePrivateKey } = decodePrivatePackage(keyPackagePrivate).privatePackage;
  const leafSignature = writeVector(signWithLabel(signaturePrivateKey, 'LeafNodeTBS', leaf));
  const tbs = joinBytes(head, leaf, leafSignature, extensions);
  return joinBytes(tbs, writeVector(signWithLabel(signaturePrivateKey, 'KeyPackageTBS', tbs)));
}

/** A channel whose own leaf has another dictionary, as a cheat would commit it. */
export function withOwnDictionary(channel: Channel, extensionData: Uint8Array): Channel {
  const own = channel.state.privatePath.leafIndex * 2;
  const extensions = [makeCustomExtension({ extensionType: 6, extensionData })];
  const ratchetTree = channel.state.ratchetTree.map((node, i) =>
    i === own && node !== undefined && 'leaf' in node ? { ...node, leaf: { ...node.leaf, extensions } } : node,
  );
  return { ...channel, state: { ...channel.state, ratchetTree } };
}
