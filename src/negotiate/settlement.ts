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

/**
 * Applies a move by the party in role `by`. The same move again changes nothing. Of several reasons against a move the first of this
 * order is named, which does not depend on the kind of move (PROTOCOL "After the deal").
 */
export function settle(before: Settlement, move: SettlementMove, by: Role, facts: DealFacts): Settlement | SettlementProblem {
  if ((DONE_BY[move.type] ?? by) !== by) return 'wrong-role';
  if (isRepeated(before, move, by)) return before;
  if (isOver(before, move, by)) return 'completed';
  if (before.dispute !== undefined) return 'disputed';
  if (readPlace(before, move, by) !== undefined) return 'conflict';
  if (isEarly(before, move, by, facts.terms)) return 'too-early';
  return isFit(before, move, by, facts) ? add(before, move, by) : 'invalid';
}

/** True when the terms name inputs and the buyer has not handed them over. */
export function awaitsInputs({ inputs }: Settlement, { scope }: Terms): boolean {
  return scope.inputs !== undefined && inputs === undefined;
}

/** Whose move it is; the others are made by both. */
const DONE_BY: { readonly [T in SettlementMove['type']]?: Role } = {
  input: 'buyer',
  payterms: 'provider',
  funded: 'buyer',
  deliver: 'provider',
};

/** What stands in the place of a move already. */
function readPlace(before: Settlement, { type }: SettlementMove, by: Role): object | undefined {
  const { inputs, payterms, funded, delivered, completions, dispute } = before;
  const places = { input: inputs, payterms, funded, deliver: delivered, completion: completions[by], dispute };
  return places[type];
}

function isRepeated(before: Settlement, move: SettlementMove, by: Role): boolean {
  switch (move.type) {
    case 'input':
      return before.inputs !== undefined && areSameFiles(before.inputs, move.files);
    case 'payterms':
      return isSame(before.payterms, move);
    case 'funded':
      return isSame(before.funded, move);
    case 'deliver':
      return before.delivered !== undefined && areSameFiles(before.delivered, move.files);
    case 'completion':
      return isSame(before.completions[by], move.signature);
    case 'dispute':
      return before.dispute?.by === by && before.dispute.code === move.code;
    default:
      return move satisfies never;
  }
}

/** Both have signed that all is well, and so nothing more is done; who has signed it cannot take it back. */
function isOver({ completions }: Settlement, { type }: SettlementMove, by: Role): boolean {
  return completions.provider !== undefined || (type === 'dispute' && completions[by] !== undefined);
}

function isEarly(before: Settlement, { type }: SettlementMove, by: Role, terms: Terms): boolean {
  switch (type) {
    case 'payterms':
    case 'deliver':
      return awaitsInputs(before, terms);
    case 'funded':
      return before.payterms === undefined;
    case 'completion':
      // The provider's signature answers the buyer's.
      return before.delivered === undefined || (by === 'provider' && before.completions.buyer === undefined);
    case 'input':
    case 'dispute':
      return false;
    default:
      return type satisfies never;
  }
}

function isFit(before: Settlement, move: SettlementMove, by: Role, { terms, parties }: DealFacts): boolean {
  if (move.type === 'input') return terms.scope.inputs !== undefined && areSameFiles(move.files, terms.scope.inputs);
  if (move.type !== 'completion') return true;
  const { signature } = move;
  const claim = readCompletion(signature);
  const isSigned = claim?.agreement === before.agreement && claim.role === by && signature.pubkey === parties[by];
  return isSigned && claim.files === hashFiles(before.delivered ?? []);
}

function add(before: Settlement, move: SettlementMove, by: Role): Settlement {
  switch (move.type) {
    case 'input':
      return { ...before, inputs: move.files };
    case 'payterms':
      return { ...before, payterms: move };
    case 'funded':
      return { ...before, funded: move };
    case 'deliver':
      return { ...before, delivered: move.files };
    case 'completion':
      return { ...before, completions: { ...before.completions, [by]: move.signature } };
    case 'dispute': {
      const { code, text } = move;
      return { ...before, dispute: { by, code, ...(text === undefined ? {} : { text }) } };
    }
    default:
      return move satisfies never;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
