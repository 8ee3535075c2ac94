// Who ended a negotiation without a deal, and why in a word: from the moves, with no text of the peer.

import { isPlainCode } from '../../decide/mandateSpeech.ts';
import type { MoveView } from '../viewHistory.ts';
import type { JobView } from './viewJob.ts';

/** `endedBy` is `nobody` where the time was over. `reason` is a code of a reject that this program knows (`other` stands for the rest), else the phase. */
export interface Ending {
  readonly endedBy: 'me' | 'peer' | 'nobody';
  readonly reason: string;
}

/** Reads it from the phase and the moves, oldest first, of a negotiation that is over without a deal. */
export function readEnding(phase: JobView['phase'], moves: readonly MoveView[]): Ending {
  const type = LAST.get(phase);
  const last = moves.findLast((move) => move.type === type);
  if (last === undefined) return { endedBy: 'nobody', reason: phase };
  const { code = '' } = last;
  const said = isPlainCode(code) ? code : 'other';
  return { endedBy: last.by, reason: phase === 'rejected' ? said : phase };
}

// By which move a phase is reached, where it is not the time that makes it.
const LAST: ReadonlyMap<JobView['phase'], MoveView['type']> = new Map<JobView['phase'], MoveView['type']>([
  ['rejected', 'reject'],
  ['cancelled', 'cancel'],
  ['failed', 'error'],
]);

const WHO: Readonly<Record<Ending['endedBy'], string>> = {
  me: 'Your side ended it',
  peer: 'The other side ended it',
  nobody: 'Nobody ended it',
};
const WHY: ReadonlyMap<string, string> = new Map([
  ['too-cheap', 'too little was bid'],
  ['too-expensive', 'too much was asked'],
  ['terms', 'a term did not fit'],
  ['not-selected', 'another one was chosen, or nobody'],
  ['input-too-large', 'the inputs are larger than it takes'],
  ['expired', 'the time was over'],
]);

/** The same in a sentence. */
export function describeEnding({ endedBy, reason }: Ending): string {
  const why = WHY.get(reason);
  return why === undefined ? `${WHO[endedBy]} (${reason}).` : `${WHO[endedBy]}: ${why} (${reason}).`;
}
