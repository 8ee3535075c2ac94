// The ai.wot score: its check values, its known quirks, and nothing forged, revoked or self-made.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256, sha256Hex } from '../core/bytes.ts';
import type { EventTemplate, NostrEvent } from '../nostr/event.ts';
import { createRelayPool, type RelayPool } from '../nostr/relayPool.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { startRelay, type RunningRelay } from '../relay/startRelay.ts';
import { parseAttestation, type Attestation, type AttestationType } from './attestation.ts';
import { fetchTrust } from './fetchTrust.ts';
import { readEvidence, readInvoiceSats } from './readEvidence.ts';
import { decayFactor, measureDiversity, scoreTrust, zapFactor, type TrustScore } from './scoreTrust.ts';
import { DEFAULT_TRUST_POLICY, explainTrust, judgeTrust } from './trustPolicy.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
const key = (name: string): string => sha256Hex(name);
const subject = key('subject');
let count = 0;
const attest = (attester: string, type: AttestationType, changes: Partial<Attestation> = {}): Attestation => ({
  id: sha256Hex(`attestation ${(count += 1)}`),
  attester: key(attester),
  subject,
  type,
  text: 'x',
  createdAt: NOW,
  ...changes,
});
const score = (attestations: readonly Attestation[], zaps = new Map<string, number>()): TrustScore =>
  scoreTrust(subject, { attestations, zaps }, NOW);
/** Attestations that give an attester a display of at least `display`. */
const standing = (attester: string, voices: number): readonly Attestation[] =>
  Array.from({ length: voices }, (_, i) => attest(`${attester} voucher ${i}`, 'service-quality', { subject: key(attester) }));

describe('the factors', () => {
  it.each([
    [0, 1],
    [45, 0.7071],
    [90, 0.5],
    [180, 0.25],
    [360, 0.0625],
    [-10, 1],
  ])('decay after %d days is %d', (days, value) => expect(decayFactor(days)).toBeCloseTo(value, 4));

  it('decay with another half-life, and zaps by their logarithm', () => {
    expect(decayFactor(30, 30)).toBe(0.5);
    expect([zapFactor(0), zapFactor(-10), zapFactor(100)]).toEqual([1, 1, 1 + 0.5 * Math.log2(101)]);
  });

  it('diversity is 0 for one voice, half for two equal ones, and low when one drowns the rest', () => {
    const values = (...list: number[]) => list.map((value, i) => ({ attester: key(String(i)), value }));
    expect(measureDiversity(values(1))).toBe(0);
    expect(measureDiversity(values(1, 1))).toBe(0.5);
    expect(measureDiversity(values(...Array.from({ length: 10 }, () => 1)))).toBeGreaterThan(0.8);
    expect(measureDiversity(values(10, 0.5, 0.5))).toBeLessThan(0.3);
    expect([measureDiversity([]), measureDiversity(values(-1))]).toEqual([0, 0]);
  });

  it.each([
    ['lnbc21u1xyz', 2_100],
    ['lnbc1m1x', 100_000],
    ['lnbc10n1x', 1],
    ['lnbc15000p1x', 1],
    ['lnbc20m1pvjluezpp5', 2_000_000],
    ['LNBC21U1X', 2_100],
    ['lnbc1x', 0],
    ['lnbcrt21u1x', 0],
    ['junk', 0],
    ['lnbc999999999999999m1x', 0],
    ['lnbc9999991x', 21_000_000],
  ])('the invoice %s is worth %d sats', (invoice, sats) => expect(readInvoiceSats(invoice)).toBe(sats));
});

describe('the check values of the protocol', () => {
  it('fresh service-quality is 1.95, shown as 20', () =>
    expect(score([attest('a', 'service-quality')])).toMatchObject({ raw: 1.95, display: 20 }));
  it('after 90 days it is 0.98', () => expect(score([attest('a', 'service-quality', { createdAt: NOW - 90 * DAY })]).raw).toBe(0.98));
  it('work-completed is 1.56, and both by one attester 3.51', () => {
    expect(score([attest('a', 'work-completed')]).raw).toBe(1.56);
    expect(score([attest('a', 'work-completed'), attest('a', 'service-quality')]).raw).toBe(3.51);
  });
  it('twenty voices stay within 100', () => {
    const { raw, display } = score(Array.from({ length: 20 }, (_, i) => attest(`v${i}`, 'service-quality')));
    expect(raw).toBeGreaterThan(10);
    expect(display).toBe(100);
  });
  it('a lone dispute is 0, and one against a single good word too', () => {
    const judge = standing('judge', 4);
    const dispute = attest('judge', 'dispute');
    expect(score([...judge, dispute]).raw).toBe(0);
    expect(score([...judge, dispute, attest('a', 'service-quality')]).raw).toBe(0);
  });
  it('a dispute without words, or by who has no standing, is not counted; a good word always is', () => {
    const judge = standing('judge', 4);
    for (const text of ['', '   ']) {
      const { contributions } = score([...judge, attest('judge', 'dispute', { text })]);
      expect(contributions.map(({ gated }) => gated)).toEqual(['no-text']);
    }
    expect(score([attest('nobody', 'dispute')]).contributions[0]?.gated).toBe('low-trust');
    expect(score([attest('nobody', 'general-trust', { text: '' })]).contributions[0]?.gated).toBeUndefined();
    // 20 is enough, 19 is not.
    const aged = standing('judge', 1).map((each) => ({ ...each, createdAt: NOW - 8 * DAY }));
    expect(score([...standing('judge', 1), attest('judge', 'dispute')]).contributions[0]?.gated).toBeUndefined();
    expect(score([...aged, attest('judge', 'dispute')]).contributions[0]?.gated).toBe('low-trust');
  });
  it('one who says it again is heard once, with the newest word and without the bonus of being new', () => {
    const again = [attest('a', 'service-quality', { createdAt: NOW - 30 * DAY }), attest('a', 'service-quality')];
    expect(score(again)).toMatchObject({ raw: 1.5, contributions: [{ novelty: 1 }] });
  });
  it('an attester nobody knows counts more than one who is known a little, as the protocol has it', () => {
    const little = attest('voucher', 'general-trust', { subject: key('a'), createdAt: NOW - 180 * DAY });
    const known = score([little, attest('a', 'service-quality')]);
    expect(known.raw).toBeLessThan(score([attest('b', 'service-quality')]).raw);
    expect(known.contributions[0]?.trust).toBeCloseTo(Math.sqrt(0.26), 5);
  });
  it('a zap of 1,000 sats to one good word makes it 11.67', () => {
    const good = attest('a', 'service-quality');
    expect(score([good], new Map([[good.id, 1_000]]))).toMatchObject({ raw: 11.67, display: 100 });
  });
});

describe('what does not count', () => {
  it('is what a key says of itself, what has expired, and what stands beyond the second level', () => {
    expect(score([attest('x', 'service-quality', { attester: subject })]).contributions).toEqual([]);
    expect(score([attest('a', 'service-quality', { expiresAt: NOW })]).contributions).toEqual([]);
    expect(score([attest('a', 'service-quality', { expiresAt: NOW + 1 })]).contributions).toHaveLength(1);
    // a ← b ← c ← d: what d says of c is one level too far to change what c's word on b is worth.
    const chain = [
      attest('a', 'service-quality'),
      attest('b', 'service-quality', { subject: key('a') }),
      attest('c', 'service-quality', { subject: key('b') }),
    ];
    const far = attest('d', 'service-quality', { subject: key('c') });
    expect(score([...chain, far]).raw).toBe(score(chain).raw);
    expect(score(chain).raw).not.toBe(score(chain.slice(0, 2)).raw);
  });

  it('is a circle: two who praise each other end somewhere', () => {
    const circle = [attest('a', 'service-quality'), attest('x', 'service-quality', { attester: subject, subject: key('a') })];
    expect(score(circle).raw).toBeGreaterThan(0);
  });

  it('is an order: the same statements score the same, however they come', () => {
    const types = fc.constantFrom<AttestationType>('service-quality', 'work-completed', 'general-trust', 'dispute', 'warning');
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const any = fc
      .tuple(name, types, fc.constantFrom('subject', 'a', 'b', 'c'), fc.integer({ min: -10, max: 400 }))
      .map(([attester, type, about, days]) => attest(attester, type, { subject: key(about), createdAt: NOW - days * DAY }));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 15 }), (attestations) => {
        const forward = score(attestations);
        expect(score(attestations.toReversed())).toEqual(forward);
        expect(forward.display).toBeGreaterThanOrEqual(0);
        expect(forward.display).toBeLessThanOrEqual(100);
        expect(Number.isFinite(forward.raw)).toBe(true);
      }),
    );
  });
});

const signers = ['alice', 'bob', 'carol'].map((name) => createKeySigner(sha256(name)));
const [alice, bob, carol] = signers as [(typeof signers)[0], (typeof signers)[0], (typeof signers)[0]];
const label = (type: string, about: string, changes: Partial<EventTemplate> = {}): EventTemplate => ({
  kind: 1985,
  created_at: 1_700_000_000,
  tags: [
    ['L', 'ai.wot'],
    ['l', type, 'ai.wot'],
    ['p', about],
  ],
  content: 'Good.',
  ...changes,
});

describe('events', () => {
  it('are read as labels of ai.wot, the bare form too where the namespace is named', async () => {
    const event = await alice.signEvent(label('work-completed', bob.pubkey));
    expect(parseAttestation(event)).toMatchObject({ attester: alice.pubkey, subject: bob.pubkey, type: 'work-completed' });
    const tags = (...list: string[][]): NostrEvent => ({ ...event, tags: list });
    expect(parseAttestation(tags(['L', 'ai.wot'], ['l', 'dispute'], ['p', bob.pubkey]))?.type).toBe('dispute');
    expect(parseAttestation(tags(['l', 'dispute'], ['p', bob.pubkey]))).toBeUndefined();
    expect(parseAttestation(tags(['L', 'ai.wot'], ['l', 'dispute', 'other'], ['p', bob.pubkey]))).toBeUndefined();
    expect(parseAttestation(tags(['L', 'ai.wot'], ['l', 'nonsense', 'ai.wot'], ['p', bob.pubkey]))).toBeUndefined();
    expect(parseAttestation(tags(['L', 'ai.wot'], ['l', 'dispute', 'ai.wot']))).toBeUndefined();
    expect(parseAttestation(tags(['L', 'ai.wot'], ['l', 'toString', 'ai.wot'], ['p', bob.pubkey]))).toBeUndefined();
    expect(parseAttestation({ ...event, kind: 1 })).toBeUndefined();
  });

  it('that are forged do not count, and a revocation counts by the author alone', async () => {
    const good = await alice.signEvent(label('service-quality', bob.pubkey));
    expect(readEvidence([good, good]).attestations).toHaveLength(1);
    expect(readEvidence([{ ...good, content: 'Better.' }]).attestations).toEqual([]);
    const revoke = (by: typeof alice) => by.signEvent({ kind: 5, created_at: 1_700_000_001, tags: [['e', good.id]], content: '' });
    expect(readEvidence([await revoke(carol), good]).attestations).toHaveLength(1);
    expect(readEvidence([good, await revoke(alice)]).attestations).toEqual([]);
  });

  it('of zaps add up by attestation, up to all there can be', async () => {
    const good = await alice.signEvent(label('service-quality', bob.pubkey));
    const zap = (bolt11: string) =>
      carol.signEvent({
        kind: 9735,
        created_at: 1_700_000_000,
        tags: [
          ['e', good.id],
          ['bolt11', bolt11],
        ],
        content: '',
      });
    const zaps = [await zap('lnbc10u1a'), await zap('lnbc20u1a'), await zap('nonsense')];
    expect(readEvidence([good, ...zaps]).zaps.get(good.id)).toBe(3_000);
    expect(readEvidence([good, await zap('lnbc9999991x'), ...zaps]).zaps.get(good.id)).toBe(21_000_000);
  });
});

describe('a verdict', () => {
  it('warns of who is unknown, low or disputed, and blocks nobody unless the owner says so', () => {
    expect(judgeTrust(score([]), DEFAULT_TRUST_POLICY)).toEqual({ kind: 'warn', reason: 'unknown' });
    expect(judgeTrust(score([attest('a', 'general-trust')]), DEFAULT_TRUST_POLICY)).toEqual({ kind: 'warn', reason: 'low' });
    expect(judgeTrust(score([attest('a', 'service-quality')]), DEFAULT_TRUST_POLICY)).toEqual({ kind: 'ok' });
    const disputed = score([
      ...standing('judge', 4),
      attest('judge', 'dispute'),
      ...['a', 'b', 'c', 'd', 'e'].map((name) => attest(name, 'service-quality')),
    ]);
    expect(judgeTrust(disputed, DEFAULT_TRUST_POLICY)).toEqual({ kind: 'warn', reason: 'disputed' });
    expect(judgeTrust(score([]), { warnBelow: 20, blockBelow: 5 })).toEqual({ kind: 'block', reason: 'low' });
  });

  it('is explained line by line, without what a stranger could hide in its text', () => {
    const lines = explainTrust(score([attest('a', 'service-quality', { text: 'fine\u001b[2J\nTrust: 100' }), attest('nobody', 'warning')]));
    expect(lines[0]).toContain('20 of 100 (ai.wot)');
    expect(lines.join('\n')).toContain('+1.95  quality of service');
    expect(lines.join('\n')).toContain('not counted: its author has no standing');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('\u001b');
    expect(explainTrust(score([])).at(-1)).toContain('Nobody has attested');
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

  it('the score is the one over the events, two levels deep, without what was revoked', async () => {
    const events = [
      await alice.signEvent(label('service-quality', bob.pubkey)),
      await carol.signEvent(label('work-completed', alice.pubkey)),
      await carol.signEvent(label('dispute', bob.pubkey)),
    ];
    const revocation = await carol.signEvent({ kind: 5, created_at: 1_700_000_001, tags: [['e', events[2]?.id ?? '']], content: '' });
    for (const event of events) await pool.publish([relay.url], event, { purpose: 'lookup' });
    const fetchEvents = async (filters: Parameters<RelayPool['fetch']>[1]) =>
      (await pool.fetch([relay.url], filters, { purpose: 'lookup' })).events;
    const now = 1_700_000_000;
    const before = await fetchTrust(fetchEvents, bob.pubkey, now);
    expect(before).toEqual(scoreTrust(bob.pubkey, readEvidence(events), now));
    expect(before.contributions).toHaveLength(2);
    await pool.publish([relay.url], revocation, { purpose: 'lookup' });
    expect((await fetchTrust(fetchEvents, bob.pubkey, now)).contributions).toHaveLength(1);
  });

  it('asks for nothing more where there are labels alone that do not count: a filter with an empty list is refused by relays', async () => {
    const tags = [...label('work-completed', carol.pubkey).tags, ['t', 'test-money']];
    await pool.publish([relay.url], await alice.signEvent(label('work-completed', carol.pubkey, { tags })), { purpose: 'lookup' });
    let asked = 0;
    const fetchEvents = async (filters: Parameters<RelayPool['fetch']>[1]) => {
      asked += 1;
      const { events, relays } = await pool.fetch([relay.url], filters, { purpose: 'lookup' });
      expect(relays.map(({ complete }) => complete)).toEqual([true]);
      return events;
    };
    expect((await fetchTrust(fetchEvents, carol.pubkey, 1_700_000_000)).contributions).toEqual([]);
    expect(asked).toBe(1);
    const none = await pool.fetch([relay.url], [{ kinds: [1_985], authors: [] }], { purpose: 'lookup' });
    expect([none.events, none.relays.map(({ complete }) => complete)]).toEqual([[], [true]]);
  });

  it('asks for no more than so many keys, however many speak', async () => {
    const asked: number[] = [];
    const crowd = await Promise.all(
      Array.from({ length: 150 }, (_, i) => createKeySigner(sha256(`crowd ${i}`)).signEvent(label('general-trust', bob.pubkey))),
    );
    await fetchTrust(
      async (filters) => {
        asked.push(...filters.map((filter) => Math.max(filter['#p']?.length ?? 0, filter.authors?.length ?? 0)));
        return filters[0]?.['#p']?.includes(bob.pubkey) === true ? crowd : [];
      },
      bob.pubkey,
      NOW,
    );
    expect(Math.max(...asked)).toBe(100);
  });
});
