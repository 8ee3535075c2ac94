// The corpus of refused moves as a whole.

import { REFUSED_CHAIN } from './refusedChain.fixture.ts';
import { REFUSED_CONTENT } from './refusedContent.fixture.ts';
import { REFUSED_RULES } from './refusedRules.fixture.ts';
import { REFUSED_SETTLEMENT } from './refusedSettlement.fixture.ts';
import { REFUSED_SHAPE } from './refusedShape.fixture.ts';
import { REFUSED_SIGNATURES } from './refusedSignatures.fixture.ts';
import { REFUSED_TERMS } from './refusedTerms.fixture.ts';

/** The entries by subject. */
export const REFUSED = {
  content: REFUSED_CONTENT,
  shape: REFUSED_SHAPE,
  terms: REFUSED_TERMS,
  chain: REFUSED_CHAIN,
  signatures: REFUSED_SIGNATURES,
  rules: REFUSED_RULES,
  settlement: REFUSED_SETTLEMENT,
} as const;

/** Every code that an entry expects. */
export function listRefusedCodes(): readonly string[] {
  const outcomes = Object.values(REFUSED).flatMap((rows) => rows.map(({ outcome }) => outcome));
  return [...new Set(outcomes.flatMap((outcome) => ('code' in outcome ? [outcome.code] : [])))];
}
