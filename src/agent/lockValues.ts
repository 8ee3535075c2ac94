// The two secret values that decide a signature of ours come from a seed of the home and from what is signed: an old copy of the home finds them
// again, and can go on with a signature that it has forgotten (docs/decisions/0012-old-homes.md).

import { bytesToHex, hexToBytes, hmacSha256 } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import type { LockValues } from '../negotiate/planSignature.ts';
import type { SigningPlace } from '../negotiate/replay.ts';
import type { Change, Store } from '../store/records.ts';

const KEY = 'lockSeed';
const DOMAIN = 'agent-negotiate/locks/1';

/** The change that gives a home its seed; none when it has one. */
export function seedLocks(store: Pick<Store, 'readSetting'>, rng: Rng): readonly Change[] {
  return store.readSetting(KEY) === undefined ? [{ kind: 'setting', key: KEY, value: bytesToHex(rng.bytes(32)) }] : [];
}

/** The values for a signature at this place: new ones for each, since every signature that goes out takes a place of its own. */
export function deriveLockValues(seed: string, { nid, about, at, place }: SigningPlace): LockValues {
  const derive = (name: 'yes' | 'no'): string =>
    bytesToHex(hmacSha256(hexToBytes(seed), JSON.stringify([DOMAIN, name, nid, about, at, place])));
  return { yes: derive('yes'), no: derive('no') };
}

/** The same from the seed of a home; random ones in a store that was given none. */
export function lockValuesFor(store: Pick<Store, 'readSetting'>, rng: Rng, at: SigningPlace): LockValues {
  const seed = store.readSetting(KEY);
  return seed === undefined ? { yes: bytesToHex(rng.bytes(32)), no: bytesToHex(rng.bytes(32)) } : deriveLockValues(seed, at);
}
