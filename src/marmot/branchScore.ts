// Which of two branches of a group counts (protocol-core/convergence.md "Branch selection"): the deeper one, then the one that members
// are seen to use, then what its last commit says. No clock, no relay and no order of arrival has a say.

import type { Hex } from '../core/bytes.ts';
import { CONVERGENCE } from './profile.ts';

/** One epoch of a branch: the commit that opened it, and which accounts were heard speaking in it. */
export interface BranchEpoch {
  /** SHA-256 (hex) of the commit's MLSMessage. */
  readonly id: Hex;
  /** The commit is one that only an admin may make. */
  readonly isPrivileged: boolean;
  /** The account that made the commit. */
  readonly committer: Hex;
  readonly witnesses: readonly Hex[];
}

/** True when the first branch wins. Both are given from the epoch after the fork to their tip, and neither is empty. */
export function beats(a: readonly BranchEpoch[], b: readonly BranchEpoch[]): boolean {
  const order = effectiveDepth(b) - effectiveDepth(a) || Number(hasQuorum(b)) - Number(hasQuorum(a)) || witnessScore(b) - witnessScore(a);
  return order === 0 ? tipBeats(a.at(-1), b.at(-1)) : order < 0;
}

function tipBeats(a: BranchEpoch | undefined, b: BranchEpoch | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  if (a.isPrivileged !== b.isPrivileged) return a.isPrivileged;
  return a.committer === b.committer ? a.id < b.id : a.committer < b.committer;
}

function effectiveDepth(branch: readonly BranchEpoch[]): number {
  return branch.length + (hasQuorum(branch) ? CONVERGENCE.witnessBoost : 0);
}

function hasQuorum(branch: readonly BranchEpoch[]): boolean {
  return branch.filter(({ witnesses }) => witnesses.length >= CONVERGENCE.quorumSenders).length >= CONVERGENCE.quorumEpochs;
}

function witnessScore(branch: readonly BranchEpoch[]): number {
  return branch.reduce((sum, { witnesses }) => sum + Math.min(witnesses.length, CONVERGENCE.quorumSenders), 0);
}
