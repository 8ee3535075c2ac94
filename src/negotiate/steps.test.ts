// What an input may cost: twice the input, at most twice the steps, for each reader and each shape that could hurt it.

import { countSteps, stopCounting } from './steps.fixture.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonical } from '../core/canonical.ts';
import { loadSchnorr } from '../nostr/schnorr.ts';
import { SMALLEST } from './agreementVectors.fixture.ts';
import { encodeBundle } from './bundle.ts';
import { parseBundle } from './parseBundle.ts';
import { MAX_SEQ } from './chain.ts';
import { makeDeal, verify } from './deal.fixture.ts';
import { decodeMove, type MoveRumor } from './move.ts';
import { computeOwed } from './owed.ts';
import { decodeParcel, decodeWant, PARCEL_KIND, WANT_KIND } from './parcel.ts';
import { act, issue, meet, receive, T0 } from './parties.fixture.ts';
import { EXAMPLES } from './price.fixture.ts';
import { stageMove } from './refused.fixture.ts';
import { setScene } from './scenes.fixture.ts';
import { forge } from './stage.fixture.ts';
import { parseTerms } from './termsSchema.ts';
import { parseUsage } from './usage.ts';
import { verifyBundle } from './verifyBundle.ts';

const { rumor: ASK } = stageMove('ask');
const moveWith = (content: string): MoveRumor => ({ ...ASK, content });
const repeat = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const ID = 'ab'.repeat(32);

/** Inputs of a size, and who reads them. */
const READERS: readonly (readonly [string, (size: number) => () => unknown])[] = [
  ['canonical text with many keys', (n) => read(Object.fromEntries(repeat(n, (i) => [`k${i}`, i])))],
  ['canonical text with many items', (n) => read(repeat(n, (i) => i))],
  ['canonical text with many texts', (n) => read(repeat(n, (i) => `t${i}`))],
  ['canonical text with one long text', (n) => read('x'.repeat(n))],
  ['text with a duplicate of every key', (n) => readText(`{${repeat(n, () => '"a":1').join()}}`)],
  ['text of open brackets', (n) => readText('['.repeat(n))],
  [
    'a move with unknown fields',
    (n) => decode({ ...(JSON.parse(ASK.content) as object), ...Object.fromEntries(repeat(n, (i) => [`k${i}`, i])) }),
  ],
  [
    'a move with attachments',
    (n) => decode({ v: 1, type: 'ask', text: 'x', attachments: repeat(n, (i) => ({ name: `${i}`, sha256: ID, size: i })) }),
  ],
  [
    'a move with files of the same name',
    (n) => decode({ v: 1, type: 'input', agreement: ID, files: repeat(n, () => ({ name: 'a', sha256: ID, size: 1 })) }),
  ],
  ['an event with many tags', (n) => withEvent({ tags: repeat(n, (i) => ['n', `${i}`]) }, decodeMove)],
  ['terms with inputs', (n) => withTerms({ scope: { summary: 'x', inputs: repeat(n, (i) => ({ name: `${i}`, sha256: ID, size: i })) } })],
  ['terms with criteria', (n) => withTerms({ scope: { summary: 'x', acceptance: repeat(n, (i) => `${i}`) } })],
  ['terms with penalties', (n) => withTerms({ penalties: repeat(n, (i) => ({ metric: `m${i}`, over: i, credit_msat: '1' })) })],
  [
    'terms with tiers',
    (n) =>
      withTerms({
        price: { model: 'per_unit', unit: 'x', per: 1, tiering: 'volume', tiers: repeat(n, (from) => ({ from, price_msat: '1' })) },
      }),
  ],
  [
    'terms with milestones',
    (n) => withTerms({ price: { model: 'milestones', milestones: repeat(n, (i) => ({ name: `${i}`, amount_msat: '1' })) } }),
  ],
  ['usage with periods', (n) => withUsage({ periods: repeat(n, () => 7) })],
  ['usage with milestones', (n) => withUsage({ milestones: repeat(n, (i) => `${i}`) })],
  ['usage with measures', (n) => withUsage({ measures: Object.fromEntries(repeat(n, (i) => [`m${i}`, i])) })],
  ['what is owed for periods', (n) => owedFor(repeat(n, () => 150))],
  [
    'a bundle with many shown leaves',
    (n) => readBundle({ kind: 'disclosed', shown: Object.fromEntries(repeat(n, (i) => [`/x${i}`, { salt: ID, value: i }])), digests: [] }),
  ],
  ['a bundle with many digests', (n) => readBundle({ kind: 'disclosed', shown: {}, digests: repeat(n, () => ID) })],
  [
    'a piece of a file',
    (n) =>
      withEvent(
        {
          kind: PARCEL_KIND,
          tags: [
            ['x', ID],
            ['part', '0'],
          ],
          content: 'A'.repeat(4 * n),
        },
        decodeParcel,
      ),
  ],
  [
    'a wish for pieces',
    (n) => withEvent({ kind: WANT_KIND, tags: [['x', ID]], content: repeat(Math.ceil(n / 8), (i) => i).join(' ') }, decodeWant),
  ],
];

function read(value: unknown): () => unknown {
  return readText(canonicalJson(value));
}

function readText(text: string): () => unknown {
  return () => parseCanonical(text, { maxBytes: 1_000_000 });
}

function decode(body: unknown): () => unknown {
  const rumor = moveWith(canonicalJson(body));
  return () => decodeMove(rumor);
}

function withEvent(changes: Partial<MoveRumor>, reader: (rumor: MoveRumor) => unknown): () => unknown {
  const rumor = { ...ASK, ...changes };
  return () => reader(rumor);
}

function withUsage(usage: object): () => unknown {
  return () => parseUsage(usage);
}

function withTerms(part: object): () => unknown {
  const terms = { ...SMALLEST.terms, ...part };
  return () => parseTerms(terms);
}

function owedFor(periods: number[]): () => unknown {
  const { periods: _, ...endless } = EXAMPLES.subscription;
  return () => computeOwed({ price: endless }, { periods });
}

function readBundle(terms: unknown): () => unknown {
  const text = canonicalJson({ ...makeDeal({}), terms });
  return () => parseBundle(text);
}

describe('the steps that an input takes', () => {
  beforeAll(loadSchnorr);
  afterAll(stopCounting);

  it('are counted, and the same each time', () => {
    const loop = (turns: number) => (): number => repeat(turns, (i) => i).reduce((sum, i) => sum + i, 0);
    expect(countSteps(loop(1_000))).toBe(countSteps(loop(1_000)));
    expect(countSteps(loop(2_000)) - countSteps(loop(1_000))).toBeGreaterThanOrEqual(2_000);
    const square = (turns: number) => (): number[] => repeat(turns, loop(turns));
    expect(countSteps(square(80))).toBeGreaterThan(15 * countSteps(square(20)));
  });

  it.each(READERS)('grow with %s no faster than it does', (_, make) => {
    const [few, many] = [make(300), make(1_200)].map(countSteps) as [number, number];
    expect(many).toBeLessThanOrEqual(4.4 * few + 200);
  });

  it('end with the largest bundle there can be', () => {
    const text = encodeBundle(makeDeal({}));
    const large = text.replace('Translate one contract.', 'x'.repeat(200_000));
    expect(countSteps(() => verifyBundle(large, verify))).toBeLessThan(20 * countSteps(() => verifyBundle(text, verify)));
  });
});

describe('a peer that goes on for ever', () => {
  it('with one early move makes neither our chain nor our memory grow beyond its end', () => {
    const { me, peer } = setScene('ask');
    const early = forge({ me, peer }, { v: 1, type: 'ask', text: 'Early.' }, T0);
    const tags = early.tags.map(([name = '', value = '']) => (name === 'seq' ? [name, '9'] : [name, value]));
    for (let i = 0; i < 3_000; i += 1) receive(me, { ...early, tags }, T0 + i);
    expect(me.state.chain.waiting).toHaveLength(1);
    expect(me.state.chain.sent.length).toBeLessThanOrEqual(MAX_SEQ);
    expect(issue(me, { type: 'cancel' }).kind).toBe('moved');
  });

  it('with useless moves ends its own chain, and ours at twice that', () => {
    const { buyer, provider } = meet();
    for (let i = 0; i < MAX_SEQ + 50; i += 1) {
      const rumor = forge({ me: provider, peer: buyer }, { v: 1, type: 'ask', text: `${i}` }, T0);
      const tags = rumor.tags.map(([name = '', value = '']) => (name === 'seen' ? [name, ID] : [name, value]));
      receive(provider, { ...rumor, tags, id: i.toString(16).padStart(64, '0') });
      act(provider, { kind: 'tick', now: T0 });
    }
    expect(provider.state.chain.received).toHaveLength(MAX_SEQ);
    expect(provider.state.chain.sent.length).toBeLessThanOrEqual(2 * MAX_SEQ);
  });
});
