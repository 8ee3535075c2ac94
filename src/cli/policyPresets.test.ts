// The policies to start from.

import { describe, expect, it } from 'vitest';
import { readMandateFile } from '../agent/mandate/readMandateFile.ts';
import { DEFAULT_ROUNDS } from '../decide/strategies/strategySchema.ts';
import { ratesOfAll, ratesOfPeer } from '../decide/mandateRates.ts';
import { POLICY_PRESETS } from './policyPresets.ts';

// The opening, the answer to a question, the signature.
const BESIDE_OFFERS = 3;

describe('a preset', () => {
  it.each(Object.entries(POLICY_PRESETS))('of a %s leaves room for two deals of all rounds with one peer in a minute', (_, text) => {
    const file = readMandateFile(text);
    if (file.kind === 'refused') throw new Error('refused');
    const ofTwo = 2 * (DEFAULT_ROUNDS + BESIDE_OFFERS);
    expect(ratesOfPeer(file.mandate).moves_per_minute).toBeGreaterThanOrEqual(ofTwo);
    expect(ratesOfAll(file.mandate).moves_per_minute).toBeGreaterThanOrEqual(ofTwo);
  });
});
