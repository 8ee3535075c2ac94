// Opens the GroupInfo of a welcome ourselves, first, so that ts-mls joins only groups whose shape cannot hang it.

import { decode, encode, makeKeyPackageRef, mlsMessageDecoder, mlsMessageEncoder, type GroupInfo, type Welcome } from 'ts-mls';
import { equalBytes, hmacSha256, utf8 } from '../core/bytes.ts';
import { expectEnd, joinBytes, malformed, openCursor, readUint, readVector, writeVector } from './cursor.ts';
import { openAes } from './hpke.ts';
import type { PrivatePackage } from './keyPackagePrivate.ts';
import { LIMITS } from './profile.ts';
import { createSuite, expandWithLabel, noRng } from './suite.ts';
import { checkTree } from './treeReader.ts';

const RATCHET_TREE = 2;
const GROUP_INFO_MARK = Uint8Array.of(0x00, 0x01, 0x00, 0x04);
const NONE = new Uint8Array();

/**
 * Decrypts the GroupInfo of a welcome made for this key package (RFC 9420 section 12.4.3.1) and checks that it carries a ratchet
 * tree of at most eight members and needs no pre-shared key. Nothing is authenticated yet: joining does that. Throws for anything else.
 */
export async function openGroupInfo(welcome: Welcome, own: PrivatePackage): Promise<GroupInfo> {
  const joinerSecret = await openGroupSecrets(welcome, own);
  const secret = expandWithLabel(hmacSha256(joinerSecret, new Uint8Array(32)), 'welcome', NONE, 32);
  const key = expandWithLabel(secret, 'key', NONE, 16);
  const nonce = expandWithLabel(secret, 'nonce', NONE, 12);
  const groupInfo = decodeGroupInfo(openAes(key, nonce, NONE, welcome.encryptedGroupInfo));
  const trees = groupInfo.extensions.filter(({ extensionType }) => extensionType === RATCHET_TREE);
  if (trees[0] === undefined || trees.length !== 1) throw malformed('the welcome carries no ratchet tree');
  if (checkTree(trees[0].extensionData) > LIMITS.members) throw malformed('the group has more members than we take');
  return groupInfo;
}

async function openGroupSecrets(welcome: Welcome, own: PrivatePackage): Promise<Uint8Array> {
  const suite = createSuite(noRng);
  const ref = await makeKeyPackageRef(own.publicPackage, suite.hash);
  const found = welcome.secrets.filter(({ newMember }) => equalBytes(newMember, ref));
  if (found[0] === undefined || found.length !== 1) throw malformed('the welcome is not for this key package');
  const { kemOutput, ciphertext } = found[0].encryptedGroupSecrets;
  const info = joinBytes(writeVector(utf8('MLS 1.0 Welcome')), writeVector(welcome.encryptedGroupInfo));
  const privateKey = await suite.hpke.importPrivateKey(own.privatePackage.initPrivateKey);
  return readGroupSecrets(await suite.hpke.open(privateKey, kemOutput, ciphertext, info));
}

function readGroupSecrets(bytes: Uint8Array): Uint8Array {
  const cursor = openCursor(bytes);
  const joinerSecret = readVector(cursor);
  if (readUint(cursor, 1) === 1) readVector(cursor);
  if (readVector(cursor).length > 0) throw malformed('the welcome asks for a pre-shared key');
  expectEnd(cursor);
  return joinerSecret;
}

function decodeGroupInfo(bytes: Uint8Array): GroupInfo {
  const framed = joinBytes(GROUP_INFO_MARK, bytes);
  const message = decode(mlsMessageDecoder, framed);
  if (message === undefined || !('groupInfo' in message) || !equalBytes(encode(mlsMessageEncoder, message), framed))
    throw malformed('the GroupInfo cannot be decoded');
  return message.groupInfo;
}
