// Identity proofs of leaves: which ones are verified, and which ones another leaf has proven.

import type { LeafNode } from 'ts-mls';
import { beforeAll, describe, expect, it } from 'vitest';
import { hexToBytes } from '../core/bytes.ts';
import { dictionaryExtension, makeLeafMaterial } from './createKeyPackage.ts';
import { encodeDictionary, findDictionary } from './dictionary.ts';
import { checkLeaf } from './leaf.ts';
import { makeParty, makeRng, NOW } from './parties.fixture.ts';
import { COMPONENTS, HARD_MINIMUM, MLS } from './profile.ts';

const [alice, bob] = [makeParty('alice'), makeParty('bob')];
let [leaf, other]: LeafNode[] = [];

beforeAll(async () => {
  leaf = (await makeLeafMaterial(alice.signer, NOW, makeRng('leaf'))).publicPackage.leafNode;
  other = (await makeLeafMaterial(alice.signer, NOW, makeRng('other leaf'))).publicPackage.leafNode;
});

const known = (): LeafNode => leaf ?? expect.fail('no leaf');
const kindOf = async (...args: Parameters<typeof checkLeaf>): Promise<string> => {
  const result = await checkLeaf(...args);
  return result.kind === 'ok' ? 'ok' : result.code;
};
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** The leaf with its proof put through `change`; undefined takes it out. */
function withProof(base: LeafNode, change: (proof: Uint8Array) => Uint8Array | undefined): LeafNode {
  const dictionary = new Map(findDictionary(base.extensions, MLS.appDataDictionary));
  const proof = change(dictionary.get(COMPONENTS.identityProof) ?? expect.fail('no proof'));
  if (proof === undefined) dictionary.delete(COMPONENTS.identityProof);
  else dictionary.set(COMPONENTS.identityProof, proof);
  return { ...base, extensions: [dictionaryExtension(encodeDictionary(dictionary))] };
}

describe('the proof of a leaf', () => {
  it('is verified', async () => {
    expect(await kindOf(known())).toBe('ok');
    expect(await kindOf(withProof(known(), (proof) => flip(proof, proof.length - 1)))).toBe('proof');
    expect(await kindOf(withProof(known(), () => undefined))).toBe('proof');
  });

  it('is not verified again when a proven leaf has the same account, key and proof', async () => {
    // No such leaf is ever proven: it shows that the signature is not looked at.
    const unproven = withProof(known(), (proof) => flip(proof, proof.length - 1));
    const renewed = { ...unproven, hpkePublicKey: makeRng('new key').bytes(32) };
    expect(await kindOf(renewed, HARD_MINIMUM, [unproven])).toBe('ok');
    expect(await kindOf(renewed, HARD_MINIMUM, [known()])).toBe('proof');
  });

  it('is verified when the proven leaf has another account, key or proof, or none', async () => {
    const unproven = withProof(known(), (proof) => flip(proof, proof.length - 1));
    const account = { ...unproven, credential: { credentialType: 1, identity: hexToBytes(bob.signer.pubkey) } } as LeafNode;
    const key = { ...unproven, signaturePublicKey: flip(unproven.signaturePublicKey, 0) };
    const time = withProof(unproven, (proof) => flip(proof, 39));
    const none = withProof(known(), () => undefined);
    for (const [name, changed] of Object.entries({ account, key, time, none })) {
      expect([name, await kindOf(changed, HARD_MINIMUM, [unproven])]).toEqual([name, 'proof']);
      expect([name, await kindOf(unproven, HARD_MINIMUM, [changed])]).toEqual([name, 'proof']);
    }
    expect(await kindOf(none, HARD_MINIMUM, [none])).toBe('proof');
    expect(await kindOf(other ?? expect.fail('no leaf'), HARD_MINIMUM, [known()])).toBe('ok');
  });

  it('does not stand for what a group requires', async () => {
    const required = { ...HARD_MINIMUM, components: [...HARD_MINIMUM.components, 0xbeef] };
    expect(await kindOf(known(), required, [known()])).toBe('components');
    const bare = { ...known(), capabilities: { ...known().capabilities, proposals: [] } };
    expect(await kindOf(bare, HARD_MINIMUM, [known()])).toBe('capabilities');
  });
});
