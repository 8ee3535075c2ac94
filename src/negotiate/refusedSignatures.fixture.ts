// Refused moves that are signed in a wrong way: not genuinely, by another, about another agreement, in another role or form.

import { T0 } from './parties.fixture.ts';
import { error, resign, row, STRANGER_KEY, unusable, type Change, type Refused, type Resigning } from './refused.fixture.ts';
import { NOTHING, type SceneName } from './scenes.fixture.ts';
import type { SignedEvent } from './signature.ts';

const INVALID = error('invalid');
const SIGNATURE = unusable('signature');

/** Scenes whose move is signed, and where the signature is. */
const SIGNED: readonly (readonly [SceneName, 'signature' | 'presigned'])[] = [
  ['accept', 'signature'],
  ['acceptPresigned', 'signature'],
  ['confirm', 'signature'],
  ['presigned', 'presigned'],
];

const flip = (hex: string): string => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`;
const changeIn = (field: string, change: (event: SignedEvent) => Partial<SignedEvent>): Change => ({
  body: (body) => {
    const event = (body as unknown as Record<string, SignedEvent>)[field] as SignedEvent;
    return { ...body, [field]: { ...event, ...change(event) } };
  },
});

/** Signatures that are not genuine. */
const FALSE: readonly Refused[] = ([...SIGNED, ['accepted', 'signature'], ['countersigned', 'signature']] as const).flatMap(
  ([scene, field]) => [
    row(
      scene,
      'a signature of one digit more or less',
      changeIn(field, ({ sig }) => ({ sig: flip(sig) })),
      SIGNATURE,
    ),
    row(
      scene,
      'a signature of nothing but zeros',
      changeIn(field, () => ({ sig: '0'.repeat(128) })),
      SIGNATURE,
    ),
    row(
      scene,
      'an id that is not the hash of what is signed',
      changeIn(field, ({ id }) => ({ id: flip(id) })),
      SIGNATURE,
    ),
    row(
      scene,
      'the signature of another author',
      changeIn(field, () => ({ pubkey: STRANGER_KEY })),
      SIGNATURE,
    ),
    row(
      scene,
      'an author that is not on the curve',
      changeIn(field, () => ({ pubkey: 'ff'.repeat(32) })),
      SIGNATURE,
    ),
    row(
      scene,
      'a time that was not signed',
      changeIn(field, ({ created_at }) => ({ created_at: created_at + 1 })),
      SIGNATURE,
    ),
    row(
      scene,
      'a tag that was not signed',
      changeIn(field, ({ tags }) => ({ tags: tags.with(1, ['x', NOTHING]) })),
      SIGNATURE,
    ),
  ],
);

/** Genuine signatures that are not the one that was due. */
const WRONG: readonly (readonly [string, Resigning])[] = [
  ['signed by a third party', { by: 'stranger' }],
  ['signed by the side itself', { by: 'me' }],
  ['a signature about another agreement', { claim: { agreement: NOTHING } }],
  ['a signature without its first tag', { tags: (tags) => tags.slice(1) }],
  ['a signature with tags in another order', { tags: (tags) => tags.toReversed() }],
  ['a signature with an empty tag instead of its mark', { tags: (tags) => tags.with(0, ['']) }],
  ['a signature in a third role', { tags: (tags) => tags.with(2, ['role', 'witness']) }],
  ['a signature with a lock in capitals', { tags: (tags) => tags.with(4, [tags[4]?.[0] ?? '', NOTHING.toUpperCase()]) }],
  ['a signature with one lock for both answers', { tags: (tags) => tags.with(5, [tags[5]?.[0] ?? '', tags[4]?.[1] ?? '']) }],
  ['a signature with a tag of one', { tags: (tags) => tags.with(4, ['close']) }],
];

const FIRST: readonly (readonly [string, Resigning])[] = [
  ['a window with a leading zero', { tags: (tags) => tags.with(3, ['confirm_by', `0${tags[3]?.[1] ?? ''}`]) }],
  ['a window with a fraction', { tags: (tags) => tags.with(3, ['confirm_by', `${tags[3]?.[1] ?? ''}.0`]) }],
  ['a window with an exponent', { tags: (tags) => tags.with(3, ['confirm_by', '1.8e9']) }],
  ['a second signature where the first one is due', { tags: (tags) => tags.with(3, ['e', NOTHING]) }],
  ['a window other than the one in the agreement', { claim: { confirmBy: T0 + 3_599 } }],
];

const SECOND: readonly (readonly [string, Resigning])[] = [
  ['an answer to another first signature', { claim: { first: NOTHING } }],
  ['a first signature where the second one is due', { tags: (tags) => tags.with(3, ['confirm_by', String(T0 + 3_600)]) }],
  ['an answer dated after the window', { dated: 3_601 }],
];

const otherRole = (scene: SceneName): Resigning => ({
  claim: { role: scene === 'confirm' || scene === 'presigned' ? 'acceptor' : 'offeror' },
});

const SIGNATURES: readonly Refused[] = SIGNED.flatMap(([scene, field]) => {
  const isFirst = scene === 'accept' || scene === 'presigned';
  const all = [...WRONG, ['a signature in the role of the other', otherRole(scene)] as const, ...(isFirst ? FIRST : SECOND)];
  return all.map(([what, how]) => row(scene, what, resign(field, how), INVALID));
});

/** Refused for their signature. */
export const REFUSED_SIGNATURES: readonly Refused[] = [...FALSE, ...SIGNATURES];
