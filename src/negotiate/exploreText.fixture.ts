// Texts of explored things: what tells two states apart, and a move in a few words.

import type { MoveBody } from './moveBody.ts';
import type { Commitment, Negotiation } from './negotiation.ts';

/** A text that two states share when they differ in nothing that decides: ids stand for the content that they are hashes of. */
export function describeState({
  chain,
  offers,
  commitments,
  pending,
  deferredEnd,
  ended,
  voided = [],
  settlements,
  cheated,
}: Negotiation): string {
  const flags = [chain.equivocation !== undefined, pending?.id, deferredEnd, ended, cheated];
  const onTable = offers.map(({ id, status }) => `${id}${status}`).toSorted();
  const moved = settlements === undefined ? '' : JSON.stringify(settlements);
  return [flags.join(), voided.toSorted().join(), onTable.join(), commitments.map(describeCommitment).join(), moved].join(';');
}

function describeCommitment(each: Commitment): string {
  const { side, state, firstMove, first, second, answer, reveals } = each;
  const shown = [reveals.c, reveals.v, reveals.a, reveals.l];
  return [side, state, firstMove, each.side === 'second' ? each.secondMove : '', first.id, second?.id, answer !== undefined, ...shown].join(
    ' ',
  );
}

/** A move in a few words. */
export function summarize(body: MoveBody): string {
  const fields = body as unknown as Record<string, unknown>;
  const keys = ['code', 're', 'offer', 'alternative', 'accept', 'amends', 'under', 'final', 'a', 'l', 'void', 'c'].filter(
    (key) => fields[key] !== undefined,
  );
  const shown = keys.map((key) => `${key}=${String(fields[key]).slice(0, 6)}`);
  const isPresigned = body.type === 'offer' && body.presigned !== undefined;
  return `${body.type}(${[...(isPresigned ? ['presigned'] : []), ...shown].join(' ')})`;
}
