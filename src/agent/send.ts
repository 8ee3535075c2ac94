// Says something: an answer to the peer's oldest open question, or a question when there is none.

import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';
import { talkText } from '../negotiate/fields.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import { issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { findNegotiation } from './findNegotiation.ts';
import { openNamed } from './openNamed.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { beginWork } from './work.ts';

/** What to say in which negotiation; `isApproved` when the owner says yes to what his mandate would ask him about. */
export const sendInput = z.strictObject({ nid: z.string(), text: talkText, isApproved: z.boolean().optional() });

/** Sends a text. Throws `input/…` for an unknown negotiation, `negotiation/refused` for a closed one, `mandate/…`. */
export async function send(context: AgentContext, { nid, text, isApproved }: z.infer<typeof sendInput>): Promise<MoveResult> {
  const work = beginWork(context, isApproved);
  const open = openNamed(work, nid);
  const question = findOpenQuestion(context, open.state.nid);
  const body = question === undefined ? ({ v: 1, type: 'ask', text } as const) : ({ v: 1, type: 'answer', re: question, text } as const);
  await issueMove(work, open, { type: 'talk', body });
  return finishStep(work, findNegotiation(context.store, nid).nid);
}

function findOpenQuestion(context: AgentContext, nid: Hex): Hex | undefined {
  const bodies = context.store.listMoves(nid).flatMap(({ id, author, rumor }) => {
    const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
    return decoded.kind === 'move' ? [{ id, author, body: decoded.body }] : [];
  });
  const answered = new Set(bodies.map(({ body }) => (body.type === 'answer' ? body.re : undefined)));
  return bodies.find(({ id, author, body }) => author !== context.pubkey && body.type === 'ask' && !answered.has(id))?.id;
}
