// Refused moves that are not authentic, not in their place in the chain, or begin no negotiation.

import { countMoves, MAX_MOVES, MAX_SEQ, MAX_WAITING } from './chain.ts';
import { act, verify } from './parties.fixture.ts';
import {
  after,
  dropped,
  error,
  later,
  row,
  said,
  set,
  STRANGER_KEY,
  tag,
  unusable,
  without,
  type Change,
  type Refused,
} from './refused.fixture.ts';
import { NOTHING, WHOLE_TERMS } from './scenes.fixture.ts';
import type { Scene } from './stage.fixture.ts';
import { checkArrival } from './transition.ts';

const NO_MOVE = dropped('no-move');
const WRONG_PREV = dropped('wrong-prev');

const tags = (change: (tags: readonly (readonly string[])[]) => readonly (readonly string[])[]): Change => ({
  event: (event) => ({ tags: change(event.tags) }),
});

/** Tags that are not those of a move, in order and each with one value. */
const TAGS: readonly (readonly [string, Change])[] = [
  ['tags in another order', tags((all) => all.toReversed())],
  ['no tags', tags(() => [])],
  ['no seq', tags((all) => all.filter(([name]) => name !== 'seq'))],
  ['no sentence', tags((all) => all.filter(([name]) => name !== 'alt'))],
  ['one tag more', tags((all) => [...all, ['client', 'x']])],
  ['an expiration', tags((all) => [...all, ['expiration', '1800000000']])],
  ['a tag twice', tags((all) => [...all.slice(0, 2), ...all.slice(1)])],
  ['a tag of three', tags((all) => all.map((each) => (each[0] === 'seq' ? [...each, 'x'] : each)))],
  ['a tag of one', tags((all) => all.map((each) => (each[0] === 'alt' ? ['alt'] : each)))],
  ['a name in capitals', tags((all) => all.map(([name = '', value = '']) => (name === 'seq' ? ['SEQ', value] : [name, value])))],
  ['seq 0', tag('seq', '0')],
  ['a seq with a leading zero', tag('seq', '02')],
  ['a seq below zero', tag('seq', '-2')],
  ['a seq with a fraction', tag('seq', '2.0')],
  ['a seq with an exponent', tag('seq', '2e0')],
  ['a seq of seven digits', tag('seq', '1000000')],
  ['an empty seq', tag('seq', '')],
  ['a seq in Arabic digits', tag('seq', '\u0662')],
  ['a prev that is no id', tag('prev', 'x')],
  ['a prev in capitals', tag('prev', NOTHING.toUpperCase())],
  ['a prev that is too short', tag('prev', NOTHING.slice(1))],
  ['a seen that is no id', tag('seen', 'x')],
  ['a seen that is too long', tag('seen', `${NOTHING}a`)],
  ['an nid that is no id', tag('n', 'x')],
  ['an empty nid', tag('n', '')],
  ['a sentence of 501 characters', tag('alt', 'x'.repeat(501))],
  ['another kind', { event: () => ({ kind: 4_391 }) }],
  ['the kind of talk', { event: () => ({ kind: 9 }) }],
];

/** The peer has made as many moves as it may. */
function useUp({ me }: Scene): void {
  const { chain } = me.state;
  const left = MAX_MOVES - countMoves(chain.received);
  const more = Array.from({ length: left }, (_, i) => ({ id: String(i).padStart(64, '0'), type: 'ask' as const }));
  me.state = { ...me.state, chain: { ...chain, received: [...chain.received, ...more] } };
}

/** Fills the list of moves that wait for an earlier one. */
function fillWaiting({ me, peer }: Scene): void {
  const { received } = me.state.chain;
  const header = { id: NOTHING, author: peer.pubkey, nid: me.state.nid, prev: NOTHING, seen: '' as const };
  for (let i = 0; i < MAX_WAITING; i += 1) {
    const seq = received.length + 2 + i;
    const arrival = {
      kind: 'move',
      header: { ...header, seq, id: String(seq).padStart(64, '0') },
      body: { v: 1, type: 'ask', text: 'Hm?' },
    } as const;
    act(me, { kind: 'received', arrival: checkArrival(arrival, verify), now: 1_800_000_000 });
  }
}

/** Moves with a seq that the chain has already. */
const KNOWN: readonly Refused[] = (['ask', 'offer', 'accept', 'confirm', 'close'] as const).map((scene) =>
  row(
    scene,
    'another move with the seq of an earlier one',
    {
      ...after(said({ v: 1, type: 'ask', text: 'Before.' })),
      event: ({ tags: all }, { me }) => ({ tags: replace(all, 'seq', String(me.state.chain.received.length)) }),
    },
    { kind: 'frozen' },
  ),
);

function replace(all: readonly (readonly string[])[], name: string, value: string): readonly (readonly string[])[] {
  return all.map((each) => (each[0] === name ? [name, value] : each));
}

const gap = (by: number): Change => ({
  event: ({ tags: all }, { me }) => ({
    tags: replace(replace(all, 'seq', String(me.state.chain.received.length + 1 + by)), 'prev', NOTHING),
  }),
});

const CHAIN: readonly Refused[] = [
  ...TAGS.map(([what, change]) => row('ask', what, change, NO_MOVE)),
  ...(['ask', 'offer', 'accept', 'confirm', 'close', 'cancel', 'receipt', 'error'] as const).map((scene) =>
    row(scene, 'a prev that is not the move before it', tag('prev', NOTHING), WRONG_PREV),
  ),
  row('ask', 'no prev, as if it were the first', tag('prev', ''), WRONG_PREV),
  row(
    'accept',
    'the prev of the move before the last',
    {
      ...after(said({ v: 1, type: 'ask', text: 'One.' }), said({ v: 1, type: 'ask', text: 'Two.' })),
      event: ({ tags: all }, { me }) => ({ tags: replace(all, 'prev', me.state.chain.received.at(-2)?.id ?? '') }),
    },
    WRONG_PREV,
  ),
  row('ask', 'a seq one too far', gap(1), { kind: 'waits' }),
  row('accept', 'a seq one too far', gap(1), { kind: 'waits' }),
  row('close', 'a seq far ahead', gap(400), { kind: 'waits' }),
  row('ask', 'the move after the two hundredth', after(useUp), error('limit')),
  row('offer', 'the move after the two hundredth', after(useUp), error('limit')),
  row('ask', 'a seq beyond the end of any chain', gap(MAX_SEQ), dropped('chain-limit')),
  row('close', 'a seq beyond the end of any chain', gap(MAX_SEQ), dropped('chain-limit')),
  row('ask', 'one early move too many', { ...after(fillWaiting), ...gap(MAX_WAITING + 1) }, dropped('chain-limit')),
  ...KNOWN,
  ...(['ask', 'offer', 'presigned', 'accept', 'confirm', 'close', 'cancel', 'reject', 'withdraw', 'receipt', 'deliver'] as const).map(
    (scene) => row(scene, 'a move seen that was never sent', tag('seen', NOTHING), error('seen')),
  ),
  row(
    'ask',
    'its own last move as the one seen',
    { event: ({ tags: all }) => ({ tags: replace(all, 'seen', all.find(([name]) => name === 'prev')?.[1] ?? '') }) },
    error('seen'),
  ),
];

const AUTHOR: readonly Refused[] = [
  row('accept', 'by a third party, under its own name', { event: () => ({ pubkey: STRANGER_KEY }) }, dropped('author')),
  row('accept', 'by a third party, under the name of the peer', { sealed: () => ({ sender: STRANGER_KEY }) }, dropped('author')),
  row('ask', 'by the side itself', { event: (_event, { me }) => ({ pubkey: me.pubkey }) }, dropped('author')),
  row('close', 'by a third party, under its own name', { event: () => ({ pubkey: STRANGER_KEY }) }, dropped('author')),
  row('ask', 'an id that is not its hash', { sealed: () => ({ id: NOTHING }) }, dropped('channel')),
  row('ask', 'an id in capitals', { sealed: ({ id }) => ({ id: id.toUpperCase() }) }, dropped('channel')),
  row('ask', 'an author that is no key', { event: () => ({ pubkey: 'x' }) }, dropped('channel')),
  row('ask', 'a time with a fraction', { event: () => ({ created_at: 1.5 }) }, dropped('channel')),
  row('ask', 'a time before all time', { event: () => ({ created_at: -1 }) }, dropped('channel')),
];

const BEGIN = dropped('begin');

/** Openings: none of them begins a negotiation, but for the one whose needs are not known. */
const OPENINGS: readonly Refused[] = [
  row('open', 'an unknown feature that is critical', set('/features', ['meso', 'time-travel!']), error('feature'), [
    'ended',
    'deferredEnd',
    'open',
  ]),
  row('open', 'a known name that is critical all the same', set('/features', ['meso!']), error('feature'), [
    'ended',
    'deferredEnd',
    'open',
  ]),
  row('open', 'addressed to somebody else', set('/to', STRANGER_KEY), BEGIN),
  row('open', 'addressed to its author', { body: (body, { peer }) => ({ ...body, to: peer.pubkey }) }, BEGIN),
  row('open', 'seq 2', tag('seq', '2'), BEGIN),
  row('open', 'a move before the first', tag('prev', NOTHING), BEGIN),
  row('open', 'a move seen before the first', tag('seen', NOTHING), BEGIN),
  row(
    'open',
    'an nid',
    tags((all) => [['n', NOTHING], ...all]),
    BEGIN,
  ),
  row('open', 'a third role', set('/role', 'broker'), BEGIN),
  row('open', 'an unknown field', set('/zz', 1), BEGIN),
  row('open', 'version 2', set('/v', 2), BEGIN),
  ...['to', 'role', 'service', 'requirements', 'features', 'nonce', 'expires_at', 'v', 'type'].map((field) =>
    row('open', `no ${field}`, without(`/${field}`), BEGIN),
  ),
  ...['to', 'role', 'service', 'requirements', 'terms', 'features', 'nonce', 'expires_at'].map((field) =>
    row('open', `${field} of another type`, set(`/${field}`, true), BEGIN),
  ),
  row('open', 'a feature in capitals', set('/features', ['MESO']), BEGIN),
  row('open', 'a feature with a Cyrillic letter', set('/features', ['mes\u043e']), BEGIN),
  row('open', 'a feature of only a mark', set('/features', ['!']), BEGIN),
  row('open', 'a feature with two marks', set('/features', ['meso!!']), BEGIN),
  row('open', 'seventeen features', set('/features', Array(17).fill('meso')), BEGIN),
  row('open', 'a short nonce', set('/nonce', NOTHING.slice(2)), BEGIN),
  row('open', 'a service with a Cyrillic letter', set('/service', 'tr\u0430nslation'), BEGIN),
  row('open', 'no requirements in words', set('/requirements', ''), BEGIN),
  row('open', 'draft terms with an unknown section', set('/terms', { ...WHOLE_TERMS, zz: 1 }), BEGIN),
  row('open', 'an expiry after the year 9999', set('/expires_at', 253_402_300_800), BEGIN),
  row(
    'ask',
    'no nid',
    tags((all) => all.slice(1)),
    unusable('schema'),
  ),
  row('accept', 'after everything is over in time', later(200_000), error('closed'), ['ended', 'deferredEnd']),
];

/** Refused for their author, their place, or as a beginning. */
export const REFUSED_CHAIN: readonly Refused[] = [...CHAIN, ...AUTHOR, ...OPENINGS];
