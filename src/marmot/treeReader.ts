// Walks MLS trees and leaves structurally, before ts-mls sees them: hostile shapes make its validation loop without end.

import { expectEnd, malformed, openCursor, readBytes, readList, readUint, readVector, type Cursor } from './cursor.ts';

const LEAF = 1;
const PARENT = 2;
const KEY_PACKAGE_SOURCE = 1;
const COMMIT_SOURCE = 3;

/** A key package cut into the parts that its two signatures cover (RFC 9420 sections 7.2 and 10). */
export interface KeyPackageParts {
  /** LeafNodeTBS: the leaf without its signature. */
  readonly leafTbs: Uint8Array;
  readonly leafSignature: Uint8Array;
  /** KeyPackageTBS: all but the outer signature. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
}

/** Cuts an encoded KeyPackage into its signed parts. Throws `marmot/invalid` when it does not have that structure. */
export function splitKeyPackage(bytes: Uint8Array): KeyPackageParts {
  const cursor = openCursor(bytes);
  readBytes(cursor, 4);
  readVector(cursor);
  const leafStart = cursor.at;
  skipLeafContent(cursor);
  const leafTbs = bytes.subarray(leafStart, cursor.at);
  const leafSignature = readVector(cursor);
  readVector(cursor);
  const tbs = bytes.subarray(0, cursor.at);
  const signature = readVector(cursor);
  expectEnd(cursor);
  return { leafTbs, leafSignature, tbs, signature };
}

/**
 * Checks that an encoded ratchet tree is that of two members: a leaf, a parent or a blank, a leaf; and that unmerged leaves stay
 * inside it (ts-mls 2.0.0-rc.10 never returns for one that does not). Throws `marmot/invalid` otherwise.
 */
export function checkTwoMemberTree(bytes: Uint8Array): void {
  const cursor = openCursor(bytes);
  const nodes = readList(cursor, readNode);
  expectEnd(cursor);
  if (nodes.length !== 3 || nodes[0] !== 'leaf' || nodes[1] === 'leaf' || nodes[2] !== 'leaf')
    throw malformed('the group does not have two members');
}

function readNode(cursor: Cursor): 'blank' | 'leaf' | 'parent' {
  const present = readUint(cursor, 1);
  if (present === 0) return 'blank';
  if (present !== 1) throw malformed('a tree node is neither there nor absent');
  const type = readUint(cursor, 1);
  if (type === LEAF) return skipLeaf(cursor);
  if (type === PARENT) return skipParent(cursor);
  throw malformed('a tree node has an unknown type');
}

function skipLeaf(cursor: Cursor): 'leaf' {
  skipLeafContent(cursor);
  readVector(cursor);
  return 'leaf';
}

function skipLeafContent(cursor: Cursor): void {
  readVector(cursor); // encryption key
  readVector(cursor); // signature key
  readUint(cursor, 2); // credential type
  readVector(cursor); // credential
  for (let i = 0; i < 5; i += 1) readVector(cursor); // capabilities
  const source = readUint(cursor, 1);
  if (source === KEY_PACKAGE_SOURCE) readBytes(cursor, 16); // lifetime
  if (source === COMMIT_SOURCE) readVector(cursor); // parent hash
  readVector(cursor); // extensions
}

function skipParent(cursor: Cursor): 'parent' {
  readVector(cursor); // encryption key
  readVector(cursor); // parent hash
  const unmerged = readList(cursor, (items) => readUint(items, 4));
  if (unmerged.some((leaf, i) => leaf > 1 || unmerged.indexOf(leaf) !== i)) throw malformed('a tree node lists members that do not exist');
  return 'parent';
}
