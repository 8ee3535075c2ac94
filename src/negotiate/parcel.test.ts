// Files cut into pieces come together again, and nothing else is taken for a piece.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../core/bytes.ts';
import type { MoveRumor } from './move.ts';
import {
  countParts,
  decodeParcel,
  decodeWant,
  encodeParcel,
  encodeWant,
  fitsFile,
  joinParcels,
  listMissing,
  PARCEL_BYTES,
  splitFile,
  type Parcel,
} from './parcel.ts';

const AUTHOR = 'ab'.repeat(32);
const NOW = 1_800_000_000;
const makeFile = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);
const refOf = (bytes: Uint8Array) => ({ name: 'a', sha256: sha256Hex(bytes), size: bytes.length });

describe('a file in pieces', () => {
  it.each([0, 1, PARCEL_BYTES - 1, PARCEL_BYTES, PARCEL_BYTES + 1, 3 * PARCEL_BYTES + 7])(
    'of %i bytes comes together, in any order',
    (size) => {
      const bytes = makeFile(size);
      const parcels = splitFile(bytes).map((parcel) => decodeParcel(encodeParcel(AUTHOR, parcel, NOW)) as Parcel);
      expect(parcels).toHaveLength(countParts(size));
      expect(parcels.every((parcel) => fitsFile(parcel, refOf(bytes)))).toBe(true);
      expect(joinParcels(refOf(bytes), parcels.toReversed())).toEqual(bytes);
      expect(
        listMissing(
          refOf(bytes),
          parcels.slice(1).map(({ part }) => part),
        ),
      ).toEqual([0]);
    },
  );

  it('is not taken with a piece too few, changed, or of another file', () => {
    const bytes = makeFile(2 * PARCEL_BYTES);
    const [first, second] = splitFile(bytes) as [Parcel, Parcel];
    expect(joinParcels(refOf(bytes), [first])).toBeUndefined();
    expect(joinParcels(refOf(bytes), [first, { ...second, data: second.data.with(0, 255) }])).toBeUndefined();
    expect(fitsFile({ ...first, part: 2 }, refOf(bytes))).toBe(false);
    expect(fitsFile({ ...first, data: first.data.slice(1) }, refOf(bytes))).toBe(false);
    expect(fitsFile({ ...first, sha256: AUTHOR }, refOf(bytes))).toBe(false);
  });

  it('asks for what is missing in a form that reads back', () => {
    const want = { sha256: AUTHOR, parts: [0, 5, 17] };
    expect(decodeWant(encodeWant(AUTHOR, want, NOW))).toEqual(want);
    for (const content of ['', '1 1', '-1', '01', '1.5', '99999', 'a', '1  2']) {
      expect(decodeWant({ ...encodeWant(AUTHOR, want, NOW), content })).toBeUndefined();
    }
  });

  it('is read strictly and without a throw', () => {
    const good = encodeParcel(AUTHOR, { sha256: AUTHOR, part: 0, data: Uint8Array.of(1, 2) }, NOW);
    const bad: readonly Partial<MoveRumor>[] = [
      { kind: 4_390 },
      { tags: [] },
      {
        tags: [
          ['x', 'short'],
          ['part', '0'],
        ],
      },
      {
        tags: [
          ['x', AUTHOR],
          ['part', '-1'],
        ],
      },
      {
        tags: [
          ['x', AUTHOR],
          ['part', '9999'],
        ],
      },
      {
        tags: [
          ['x', AUTHOR, 'more'],
          ['part', '0'],
        ],
      },
      { content: 'AQ' },
      { content: 'AQJ=' },
      { content: '!!!!' },
      { content: 'A'.repeat(40_000) },
    ];
    for (const change of bad) expect(decodeParcel({ ...good, ...change })).toBeUndefined();
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { maxLength: 4 }), { maxLength: 4 }), fc.string(), (tags, content) => {
        decodeParcel({ ...good, tags, content });
        decodeWant({ ...good, kind: 4_393, tags, content });
      }),
    );
  });
});
