// A mandate that has ended, or has yet to begin, is called so exactly when its rules say so too.

import { describe, expect, it } from 'vitest';
import { checkTime } from './mandateWho.ts';
import { remarkOnTerm, termOf } from './mandateTerm.ts';
import { parseMandate } from './mandate.ts';
import type { Mandate } from './mandateSchema.ts';

const BEGINS = Date.parse('2027-01-01T00:00:00Z') / 1_000;
const ENDS = Date.parse('2027-02-01T00:00:00Z') / 1_000;

function mandate(more: object): Mandate {
  const parsed = parseMandate({
    version: 1,
    name: 'term',
    role: 'seller',
    services: { capabilities: ['*'] },
    peers: { allow: ['*'] },
    disclosure: { terms: ['*'], free_text: true, max_text_chars: 100 },
    ...more,
  });
  if (parsed.kind === 'refused') throw new Error(JSON.stringify(parsed.problems));
  return parsed.mandate;
}
const dated = mandate({ valid_from: BEGINS, valid_until: ENDS });

describe('the term of a mandate', () => {
  it.each([
    [BEGINS - 1, BEGINS - 1, 'not-begun', /^This policy holds from 2027-01-01 00:00:00 UTC: until then everything but duties is refused/],
    [BEGINS, BEGINS, 'holds', undefined],
    [ENDS, ENDS, 'holds', undefined],
    [ENDS + 1, ENDS + 1, 'ended', /^This policy is over since 2027-02-01 00:00:00 UTC: everything but duties is refused/],
    // The clock has gone back.
    [BEGINS, ENDS + 1, 'ended', /^This policy is over since/],
  ])('at %d, when %d has been seen, is: %s', (now, latestAt, term, words) => {
    expect(termOf(dated, now, latestAt)).toBe(term);
    const remark = remarkOnTerm(dated, now, latestAt);
    if (words === undefined) expect(remark).toBeUndefined();
    else expect(remark).toMatch(words);
    expect(checkTime(dated, { now, latestAt }).length > 0).toBe(term !== 'holds');
  });

  it('without dates never ends', () => {
    expect([termOf(mandate({}), 0), remarkOnTerm(mandate({}), ENDS * 2)]).toEqual(['holds', undefined]);
  });
});
