import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchAnyFilter, matchFilter, type Filter } from './filter.ts';
import { makeEvent } from './relayPool.fixture.ts';

const event = makeEvent(100, { kind: 445, tags: [['h', 'group'], ['p', 'a', 'b'], ['lonely']] });

describe('filter', () => {
  it('without conditions matches everything, and no filters match nothing', () => {
    expect(matchFilter({}, event)).toBe(true);
    expect(matchAnyFilter([], event)).toBe(false);
  });

  it.each<[string, Filter, boolean]>([
    ['id', { ids: [event.id] }, true],
    ['other id', { ids: ['0'.repeat(64)] }, false],
    ['id prefix', { ids: [event.id.slice(0, 10)] }, false],
    ['author', { authors: [event.pubkey] }, true],
    ['other author', { authors: ['0'.repeat(64)] }, false],
    ['kind', { kinds: [1, 445] }, true],
    ['other kind', { kinds: [1] }, false],
    ['since its second', { since: 100 }, true],
    ['since later', { since: 101 }, false],
    ['until its second', { until: 100 }, true],
    ['until earlier', { until: 99 }, false],
    ['until 0', { until: 0 }, false],
    ['tag', { '#h': ['other', 'group'] }, true],
    ['other tag value', { '#h': ['other'] }, false],
    ['second value of a tag, which counts for nothing', { '#p': ['b'] }, false],
    ['tag without value', { '#lonely': ['undefined'] }, false],
    ['empty list', { kinds: [] }, false],
    ['empty tag list', { '#h': [] }, false],
    ['limit 0, which is no condition', { limit: 0 }, true],
  ])('decides by %s', (_, filter, expected) => {
    expect(matchFilter(filter, event)).toBe(expected);
  });

  it('matches exactly when each of its conditions does by itself', () => {
    const condition = fc.constantFrom<Filter>(
      { ids: [event.id] },
      { authors: ['0'.repeat(64)] },
      { kinds: [445] },
      { since: 101 },
      { until: 100 },
      { '#h': ['group'] },
      { '#p': ['c'] },
    );
    fc.assert(
      fc.property(fc.uniqueArray(condition, { maxLength: 5 }), (conditions) => {
        const all: Filter = Object.assign({}, ...conditions);
        expect(matchFilter(all, event)).toBe(conditions.every((one) => matchFilter(one, event)));
      }),
    );
  });
});
