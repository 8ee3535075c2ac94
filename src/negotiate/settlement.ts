// What happens after a deal, as one small reducer: inputs, payment, delivery, completion or dispute (PROTOCOL "After the deal").

import type { Hex } from '../core/bytes.ts';
import type { Role } from './agreement.ts';
import { readCompletion, type CompletionEvent } from './completion.ts';
import { areSameFiles, hashFiles, type FileRef } from './files.ts';
import type { BodyOf } from './moveBody.ts';
import type { Terms } from './terms.ts';

/** The moves after a deal. */
export type SettlementMove = BodyOf<'input' | 'payterms' | 'funded' | 'deliver' | 'completion' | 'dispute'>;

/** How far a deal has come. Everything in it is set once. */
export interface Settlement {
  readonly agreement: Hex;
  /** The buyer has handed over the inputs that the terms name. */
  readonly inputs?: readonly FileRef[];
  readonly payterms?: BodyOf<'payterms'>;
  readonly funded?: BodyOf<'funded'>;
  readonly delivered?: readonly FileRef[];
  readonly completions: { readonly buyer?: CompletionEvent; readonly provider?: CompletionEvent };
  readonly dispute?: { readonly by: Role; readonly code: string; readonly text?: string };
}

/** Why a move after the deal changes nothing; the code of the `error` that answers it. */
export type SettlementProblem = 'wrong-role' | 'too-early' | 'conflict' | 'invalid' | 'disputed' | 'completed';

/** What the reducer needs to know of the deal. */
export interface DealFacts {
  readonly terms: Terms;
  readonly parties: { readonly buyer: Hex; readonly provider: Hex };
}

/** A settlement in which nothing has happened. */
export function beginSettlement(agreement: Hex): Settlement {
  return { agreement, completions: {} };
}

/** Where a deal stands after it was made. */
export type SettlementPhase = 'agreed' | 'payable' | 'funded' | 'delivered' | 'accepted' | 'completed' | 'disputed';

/** The phase of a settlement. */
export function readSettlementPhase({ payterms, funded, delivered, completions, dispute }: Settlement): SettlementPhase {
  if (completions.provider !== undefined) return 'completed';
  if (dispute !== undefined) return 'disputed';
  if (completions.buyer !== undefined) return 'accepted';
  if (delivered !== undefined) return 'delivered';
  if (funded !== undefined) return 'funded';
  return payterms === undefined ? 'agreed' : 'payable';
}

/** Applies a move by the party in role `by`. The same move again changes nothing; another one in its place is a conflict. */
export function settle(before: Settlement, move: SettlementMove, by: Role, facts: DealFacts): Settlement | SettlementProblem {
  if (before.completions.provider !== undefined && !isRepeated(before, move, by)) return 'completed';
  // A dispute stops everything but its own repetition; what was signed before stands.
  if (before.dispute !== undefined && move.type !== 'dispute' && !isRepeated(before, move, by)) return 'disputed';
  switch (move.type) {
    case 'input':
      return by === 'buyer' ? takeInputs(before, move.files, facts.terms) : 'wrong-role';
    case 'payterms':
      return by === 'provider' ? takePayterms(before, move, facts.terms) : 'wrong-role';
    case 'funded':
      return by === 'buyer' ? takeFunded(before, move) : 'wrong-role';
    case 'deliver':
      return by === 'provider' ? takeDelivery(before, move.files, facts.terms) : 'wrong-role';
    case 'completion':
      return takeCompletion(before, move.signature, by, facts);
    case 'dispute':
      return takeDispute(before, move, by);
    default:
      return move satisfies never;
  }
}

/** True when the terms name inputs and the buyer has not handed them over. */
export function awaitsInputs({ inputs }: Settlement, { scope }: Terms): boolean {
  return scope.inputs !== undefined && inputs === undefined;
}

function takeInputs(before: Settlement, files: readonly FileRef[], { scope }: Terms): Settlement | SettlementProblem {
  if (scope.inputs === undefined || !areSameFiles(files, scope.inputs)) return 'invalid';
  return before.inputs === undefined ? { ...before, inputs: files } : before;
}

function takePayterms(before: Settlement, move: BodyOf<'payterms'>, terms: Terms): Settlement | SettlementProblem {
  if (before.payterms !== undefined) return isSame(before.payterms, move) ? before : 'conflict';
  return awaitsInputs(before, terms) ? 'too-early' : { ...before, payterms: move };
}

function takeFunded(before: Settlement, move: BodyOf<'funded'>): Settlement | SettlementProblem {
  if (before.funded !== undefined) return isSame(before.funded, move) ? before : 'conflict';
  return before.payterms === undefined ? 'too-early' : { ...before, funded: move };
}

function takeDelivery(before: Settlement, files: readonly FileRef[], terms: Terms): Settlement | SettlementProblem {
  if (before.delivered !== undefined) return areSameFiles(before.delivered, files) ? before : 'conflict';
  return awaitsInputs(before, terms) ? 'too-early' : { ...before, delivered: files };
}

function takeCompletion(before: Settlement, event: CompletionEvent, by: Role, { parties }: DealFacts): Settlement | SettlementProblem {
  const known = before.completions[by];
  if (known !== undefined) return isSame(known, event) ? before : 'conflict';
  if (before.delivered === undefined) return 'too-early';
  const claim = readCompletion(event);
  const isDue =
    claim?.agreement === before.agreement &&
    claim.role === by &&
    event.pubkey === parties[by] &&
    claim.files === hashFiles(before.delivered);
  if (!isDue) return 'invalid';
  // The provider's signature answers the buyer's.
  if (by === 'provider' && before.completions.buyer === undefined) return 'too-early';
  return { ...before, completions: { ...before.completions, [by]: event } };
}

function takeDispute(before: Settlement, { code, text }: BodyOf<'dispute'>, by: Role): Settlement | SettlementProblem {
  if (before.dispute !== undefined) return before.dispute.by === by && before.dispute.code === code ? before : 'disputed';
  // Who has signed that all is well cannot take it back.
  if (before.completions[by] !== undefined) return 'completed';
  return { ...before, dispute: { by, code, ...(text === undefined ? {} : { text }) } };
}

function isRepeated(before: Settlement, move: SettlementMove, by: Role): boolean {
  switch (move.type) {
    case 'input':
      return before.inputs !== undefined;
    case 'payterms':
      return isSame(before.payterms, move);
    case 'funded':
      return isSame(before.funded, move);
    case 'deliver':
      return before.delivered !== undefined && areSameFiles(before.delivered, move.files);
    case 'completion':
      return isSame(before.completions[by], move.signature);
    case 'dispute':
      return before.dispute?.by === by;
    default:
      return move satisfies never;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
