// Walks MLS trees and leaves structurally, before ts-mls sees them: hostile shapes make its validation loop without end.

import { expectEnd, malformed, openCursor, readBytes, readList, readUint, readVector, type Cursor } from './cursor.ts';
import { LIMITS } from './profile.ts';

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
 * Checks that an encoded ratchet tree is one: leaves and parents each in their places, the last node no blank one, at most `LIMITS.leaves`
 * leaves, and unmerged leaves below the node that lists them (ts-mls 2.0.0-rc.10 never returns for some that are not). Returns the
 * number of members. Throws `marmot/invalid` otherwise.
 */
export function checkTree(bytes: Uint8Array): number {
  const cursor = openCursor(bytes);
  const nodes = readList(cursor, readNode);
  expectEnd(cursor);
  if (nodes.length % 2 === 0 || nodes.length > 2 * LIMITS.leaves - 1) throw malformed('the group’s tree has an odd size');
  if (nodes.at(-1)?.kind !== 'leaf') throw malformed('the group’s tree ends in blanks');
  const isLeaf = (index: number): boolean => nodes[index]?.kind === 'leaf';
  for (const [index, node] of nodes.entries()) {
    if (node.kind !== 'blank' && (node.kind === 'leaf') !== (index % 2 === 0)) throw malformed('a tree node is in the wrong place');
    if (node.kind === 'parent' && !node.unmerged.every((leaf) => isBelow(leaf * 2, index) && isLeaf(leaf * 2)))
      throw malformed('a tree node lists members that do not exist');
  }
  return nodes.filter(({ kind }) => kind === 'leaf').length;
}

/** True when a leaf lies in the subtree of a parent, both as node indices (RFC 9420 appendix C). */
function isBelow(leaf: number, parent: number): boolean {
  // The level of a node is the number of trailing ones of its index.
  const half = (parent + 1) & ~parent;
  return Math.abs(leaf - parent) < half;
}

type TreeNode = { readonly kind: 'blank' | 'leaf' } | { readonly kind: 'parent'; readonly unmerged: readonly number[] };

function readNode(cursor: Cursor): TreeNode {
  const present = readUint(cursor, 1);
  if (present === 0) return { kind: 'blank' };
  if (present !== 1) throw malformed('a tree node is neither there nor absent');
  const type = readUint(cursor, 1);
  if (type === LEAF) return skipLeaf(cursor);
  if (type === PARENT) return readParent(cursor);
  throw malformed('a tree node has an unknown type');
}

function skipLeaf(cursor: Cursor): TreeNode {
  skipLeafContent(cursor);
  readVector(cursor);
  return { kind: 'leaf' };
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

function readParent(cursor: Cursor): TreeNode {
  readVector(cursor); // encryption key
  readVector(cursor); // parent hash
  const unmerged = readList(cursor, (items) => readUint(items, 4));
  if (unmerged.some((leaf, i) => i > 0 && leaf <= (unmerged[i - 1] ?? -1))) throw malformed('a tree node lists members out of order');
  return { kind: 'parent', unmerged };
}
