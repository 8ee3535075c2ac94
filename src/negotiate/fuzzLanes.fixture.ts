// All lanes of the fuzzing together.

import type { FuzzLane } from './fuzz.fixture.ts';
import { DOCUMENT_LANES } from './fuzzDocuments.fixture.ts';
import { MOVE_LANE, SENT_CODES } from './fuzzMoves.fixture.ts';
import { READER_LANES } from './fuzzReaders.fixture.ts';
import { listRefusedCodes } from './refusedCorpus.fixture.ts';

/** The lanes. */
export const FUZZ_LANES: readonly FuzzLane[] = [...READER_LANES, ...DOCUMENT_LANES, MOVE_LANE];

// What the side says of its own accord when it does not confirm.
const OWN_CODES = ['budget'];

/** Codes that went out in some sequence and that no entry of the corpus of refused moves has. */
export function listUncoveredCodes(): readonly string[] {
  const covered = [...listRefusedCodes(), ...OWN_CODES];
  return [...SENT_CODES].filter((code) => !covered.includes(code));
}
