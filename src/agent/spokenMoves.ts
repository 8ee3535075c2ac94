// What was said in a negotiation, as those who bargain look at it: receipts and errors are no words.

import type { Hex } from '../core/bytes.ts';
import { isNotice } from '../negotiate/chain.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import type { MoveBody } from '../negotiate/moveBody.ts';
import type { Store } from '../store/records.ts';

/** One move. `recordedAt` in unix seconds. */
export interface SpokenMove {
  readonly id: Hex;
  readonly author: Hex;
  readonly type: MoveBody['type'];
  readonly recordedAt: number;
}

/** True for a move that says something, by its type. */
export function isSpoken(type: string): boolean {
  return !isNotice(type);
}

/** The moves of both sides, oldest first. */
export function listSpoken(store: Store, nid: Hex): readonly SpokenMove[] {
  return store.listMoves(nid).flatMap(({ id, author, rumor, recordedAt }) => {
    const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
    return decoded.kind === 'move' && isSpoken(decoded.body.type) ? [{ id, author, type: decoded.body.type, recordedAt }] : [];
  });
}
