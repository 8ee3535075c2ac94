// Makes a move after the deal and whatever belongs to it, as one step: saved together, then published.

import type { Hex } from '../../core/bytes.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { SettlementMove } from '../../negotiate/settlement.ts';
import type { Change } from '../../store/records.ts';
import { issueMove } from '../applyTransition.ts';
import type { AgentContext } from '../context.ts';
import { finishStep } from '../finishStep.ts';
import { subjectOf } from '../mandate/facts.ts';
import { foresee } from '../mandate/permit.ts';
import { openNamed } from '../openNamed.ts';
import { beginWork, type Work } from '../work.ts';

/** Makes the move. `more` adds what goes with it, such as files. Throws `negotiation/refused`. */
export async function settleMove(
  context: AgentContext,
  nid: Hex,
  body: SettlementMove,
  more: { readonly changes?: readonly Change[]; readonly add?: (work: Work, state: Negotiation) => Promise<void> } = {},
): Promise<void> {
  const work = beginWork(context);
  const state = await issueMove(work, openNamed(work, nid), { type: 'settle', body });
  work.changes.push(...(more.changes ?? []));
  await more.add?.(work, state);
  await finishStep(work, nid);
}

/** Throws `mandate/denied` where the owner's mandate would not let this move out: to be asked before anything is made for it. */
export async function foreseePerforming(context: AgentContext, nid: Hex, type: 'payterms' | 'completion'): Promise<void> {
  const work = beginWork(context);
  await foresee(work, subjectOf(openNamed(work, nid).state), { kind: 'perform', type });
}

/** Objects, which ends what happens by itself. `code` says why in a word, `text` in words of ours. */
export async function objectTo(context: AgentContext, nid: Hex, agreement: Hex, code: string, text: string): Promise<void> {
  await settleMove(context, nid, { v: 1, type: 'dispute', agreement, code, text });
}

/** When a move of this type was written down here (unix seconds); undefined when there is none. */
export function recordedAt({ store }: AgentContext, nid: Hex, type: string): number | undefined {
  // The content is canonical JSON, so the type is spelled in one way.
  return store.listMoves(nid).findLast(({ rumor }) => (JSON.parse(rumor) as { content: string }).content.includes(`"type":"${type}"`))
    ?.recordedAt;
}
