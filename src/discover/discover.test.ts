// Announcements: what we write is read back, what strangers write is never misread, and the newest word counts.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../core/bytes.ts';
import type { EventTemplate, NostrEvent } from '../nostr/event.ts';
import { createRelayPool, type RelayPool } from '../nostr/relayPool.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { startRelay, type RunningRelay } from '../relay/startRelay.ts';
import { formatAnnouncedPrice } from './announcement.ts';
import { buildAnnouncement, withdrawAnnouncement, type AnnouncementDraft } from './buildAnnouncement.ts';
import { parseAnnouncement } from './parseAnnouncement.ts';
import { searchServices, selectServices } from './searchServices.ts';

const NOW = 1_700_000_000;
const signer = createKeySigner(sha256('provider'));
const draft: AnnouncementDraft = {
  service: 'translate-de-en',
  name: 'Translation',
  description: 'German to English, certified.',
  capabilities: ['translation', 'proof-reading'],
  price: { amountMsat: 900_000n, per: 'request' },
  isActive: true,
  isNegotiable: true,
};

const sign = (template: EventTemplate, by = signer): Promise<NostrEvent> => by.signEvent(template);
const base = await sign(buildAnnouncement(draft, NOW));
const withTags = (tags: readonly (readonly string[])[], content = 'x'): NostrEvent => ({ ...base, tags, content });
const required = [
  ['d', 'a'],
  ['name', 'A'],
  ['c', 'translation'],
];

describe('an announcement', () => {
  it('has the tags of the format and reads back as it was written', () => {
    expect(base.tags).toEqual([
      ['d', 'translate-de-en'],
      ['name', 'Translation'],
      ['c', 'translation'],
      ['c', 'proof-reading'],
      ['price', '900', 'sats', 'request'],
      ['status', 'active'],
      ['negotiate', '1'],
      ['t', 'agent'],
      ['t', 'service'],
    ]);
    expect(parseAnnouncement(base)).toEqual({
      kind: 'ok',
      announcement: { ...draft, pubkey: signer.pubkey, createdAt: NOW },
      oddities: [],
    });
  });

  it('carries any amount exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2_100_000_000_000_000_000n }), (amountMsat) => {
        const { tags } = buildAnnouncement({ ...draft, price: { amountMsat, per: 'word' } }, NOW);
        expect(parseAnnouncement(withTags(tags))).toMatchObject({ announcement: { price: { amountMsat, per: 'word' } } });
      }),
    );
  });

  it.each<[string, Partial<AnnouncementDraft>]>([
    ['an empty id', { service: '' }],
    ['an id in capitals', { service: 'Über' }],
    ['no name', { name: '' }],
    ['a name of two lines', { name: 'two\nlines' }],
    ['text with bidi controls', { description: 'a\u202eb' }],
    ['no capability', { capabilities: [] }],
    ['a malformed capability', { capabilities: ['Not One'] }],
    ['a repeated capability', { capabilities: ['a', 'a'] }],
    ['a negative price', { price: { amountMsat: -1n, per: 'word' } }],
  ])('is not made with %s', (_, changes) => {
    expect(() => buildAnnouncement({ ...draft, ...changes }, NOW)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});

describe('an announcement of a stranger', () => {
  it.each<[readonly string[], string | undefined]>([
    [['price', '21', 'sats', 'request'], '21000'],
    [['price', '2.5', 'sats', 'word'], '2500'],
    [['price', '0', 'sats', 'free'], '0'],
    [['price', 'whatever', 'sats', 'free'], '0'],
    [['price', '21'], '21000'],
    [['price'], undefined],
    [['price', ''], undefined],
    [['price', '-5', 'sats', 'request'], undefined],
    [['price', '1e9', 'sats', 'request'], undefined],
    [['price', '0x10', 'sats', 'request'], undefined],
    [['price', ' 5', 'sats', 'request'], undefined],
    [['price', '5 sats', 'sats', 'request'], undefined],
    [['price', 'NaN', 'sats', 'request'], undefined],
    [['price', '99999999999999999999', 'sats', 'request'], undefined],
    [['price', '0.0001', 'sats', 'request'], undefined],
    [['price', '5', 'usd', 'request'], undefined],
    [['price', '5', 'sats', 'fortnight'], undefined],
  ])('with %j is never misread', (tag, amountMsat) => {
    const parsed = parseAnnouncement(withTags([...required, tag]));
    expect(parsed.kind).toBe('ok');
    if (parsed.kind !== 'ok') return;
    expect(parsed.announcement.price?.amountMsat.toString()).toBe(amountMsat);
    expect(parsed.oddities.includes('price-unreadable')).toBe(amountMsat === undefined);
  });

  it('with several prices counts by the last one, and that is told', () => {
    const parsed = parseAnnouncement(withTags([...required, ['price', '1', 'sats', 'word'], ['price', '2', 'sats', 'word']]));
    expect(parsed).toMatchObject({ announcement: { price: { amountMsat: 2_000n } }, oddities: ['several-prices'] });
  });

  it('without service, name or capability, or of another kind, is none', () => {
    const reasonOf = (event: NostrEvent): string => {
      const parsed = parseAnnouncement(event);
      return parsed.kind === 'refused' ? parsed.reason : 'ok';
    };
    expect(reasonOf({ ...base, kind: 1 })).toBe('kind');
    expect(reasonOf(withTags(required.slice(1)))).toBe('no-service');
    expect(
      reasonOf(
        withTags([
          ['d', 'a'],
          ['c', 'x'],
        ]),
      ),
    ).toBe('no-name');
    expect(
      reasonOf(
        withTags([
          ['d', 'a'],
          ['name', '\u202e\u0007'],
          ['c', 'x'],
        ]),
      ),
    ).toBe('no-name');
    expect(
      reasonOf(
        withTags([
          ['d', 'a'],
          ['name', 'x'],
          ['c', ''],
        ]),
      ),
    ).toBe('no-capability');
  });

  it('with a status nobody knows counts as inactive, and its text comes out clean', () => {
    const parsed = parseAnnouncement(withTags([...required, ['status', 'maybe']], 'a\u001b[31mb\u202ec'));
    expect(parsed).toMatchObject({ announcement: { isActive: false, description: 'a [31mbc' }, oddities: ['status-unknown'] });
  });

  it('of any shape never throws and never grows', () => {
    const tags = fc.array(fc.array(fc.string(), { maxLength: 5 }), { maxLength: 40 });
    fc.assert(
      fc.property(tags, fc.string(), (odd, content) => {
        const parsed = parseAnnouncement(withTags([...required, ...odd], content));
        if (parsed.kind === 'ok') expect(parsed.announcement.capabilities.length).toBeLessThanOrEqual(16);
      }),
    );
  });
});

describe('a search', () => {
  it('keeps the newest word on each service, and a withdrawn one hides what came before', async () => {
    const newer = await sign(buildAnnouncement({ ...draft, name: 'Newer' }, NOW + 1));
    expect(selectServices([newer, base], { capability: 'translation' }).map(({ announcement }) => announcement.name)).toEqual(['Newer']);
    const [inactive] = withdrawAnnouncement(signer.pubkey, draft, NOW + 2);
    expect(selectServices([base, await sign(inactive), newer], { capability: 'translation' })).toEqual([]);
  });

  it('leaves out what is forged, what cannot do the job, and on request what does not negotiate', async () => {
    const forged = { ...base, tags: base.tags.map((tag) => (tag[0] === 'price' ? ['price', '1', 'sats', 'request'] : tag)) };
    expect(selectServices([forged], { capability: 'translation' })).toEqual([]);
    expect(selectServices([base], { capability: 'trans' })).toEqual([]);
    const plain = await sign(buildAnnouncement({ ...draft, isNegotiable: false }, NOW));
    expect(selectServices([plain], { capability: 'translation', onlyNegotiable: true })).toEqual([]);
    expect(selectServices([plain], { capability: 'translation' })).toHaveLength(1);
  });

  it('puts who negotiates first, then the cheaper one, in one order whatever came first', async () => {
    const others = await Promise.all(
      [
        { price: { amountMsat: 5_000n, per: 'request' as const }, isNegotiable: false },
        { price: { amountMsat: 7_000n, per: 'request' as const } },
        {},
      ].map((changes, i) => sign(buildAnnouncement({ ...draft, ...changes }, NOW), createKeySigner(sha256(`other ${i}`)))),
    );
    const prices = (events: readonly NostrEvent[]) =>
      selectServices(events, { capability: 'translation' }).map(({ announcement }) =>
        announcement.price === undefined ? '' : formatAnnouncedPrice(announcement.price),
      );
    expect(prices(others)).toEqual(['7 sats per request', '900 sats per request', '5 sats per request']);
    expect(prices(others.toReversed())).toEqual(prices(others));
  });
});

describe('over a relay', () => {
  let relay: RunningRelay;
  let pool: RelayPool;
  beforeAll(async () => {
    relay = await startRelay();
    pool = createRelayPool({ clock: { now: () => Math.floor(Date.now() / 1_000) } });
  });
  afterAll(async () => {
    pool.close();
    await relay.close();
  });

  it('a service is found, changed and withdrawn', async () => {
    const publish = async (template: EventTemplate): Promise<void> => {
      const [outcome] = await pool.publish([relay.url], await sign(template), { purpose: 'identity' });
      expect(outcome?.outcome).toBe('accepted');
    };
    const search = async () =>
      searchServices(async (filters) => (await pool.fetch([relay.url], filters, { purpose: 'lookup' })).events, {
        capability: 'translation',
      });
    await publish(buildAnnouncement(draft, NOW));
    expect((await search()).map(({ announcement }) => announcement.name)).toEqual(['Translation']);
    await publish(buildAnnouncement({ ...draft, name: 'Better' }, NOW + 1));
    expect((await search()).map(({ announcement }) => announcement.name)).toEqual(['Better']);
    const [inactive, deletion] = withdrawAnnouncement(signer.pubkey, draft, NOW + 2);
    await publish(inactive);
    expect(await search()).toEqual([]);
    await publish(deletion);
    expect(relay.storedEvents().filter(({ kind }) => kind === 38_990)).toEqual([]);
  });
});
