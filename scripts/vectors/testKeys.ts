// Test keys, fixed draws and signing for the vectors: everything that is random elsewhere is a hash of its name here.

import { bytesToHex, hexToBytes, sha256, type Hex } from '../../src/core/bytes.ts';
import type { Role } from '../../src/negotiate/agreement.ts';
import { signEvent, verifyEvent, type EventTemplate, type NostrEvent } from '../../src/nostr/event.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';

/** Start of the time of all vectors, unix seconds. */
export const T0 = 1_800_000_000;

/** Secret keys that anybody can see are for tests. */
export const SECRETS = { buyer: '01'.repeat(32), provider: '02'.repeat(32), stranger: '03'.repeat(32) } as const;

/** Who signs in a vector. */
export type Signer = keyof typeof SECRETS;

/** The public keys of the test keys. */
export const PUBLIC: Readonly<Record<Signer, Hex>> = {
  buyer: publicKeyOf(hexToBytes(SECRETS.buyer)),
  provider: publicKeyOf(hexToBytes(SECRETS.provider)),
  stranger: publicKeyOf(hexToBytes(SECRETS.stranger)),
};

/** 32 bytes (hex) that depend on nothing but the name. */
export function draw(name: string): Hex {
  return bytesToHex(sha256(`agent-negotiate vectors ${name}`));
}

/** Signs with auxiliary randomness of 32 zero bytes, so that the signature is always the same. */
export function sign(signer: Signer, template: EventTemplate): NostrEvent {
  return signEvent(hexToBytes(SECRETS[signer]), PUBLIC[signer], template, new Uint8Array(32));
}

/** Id and BIP-340 signature of an event. */
export const verify = (event: NostrEvent): boolean => verifyEvent(event);

/** Draws numbers from 0 to below a limit. */
export type Dice = (below: number) => number;

/** Numbers below a limit, always the same for one name. */
export function makeDice(name: string): Dice {
  let count = 0;
  return (below) => {
    const [a = 0, b = 0, c = 0] = sha256(`${name} ${(count += 1)}`);
    return ((a << 16) | (b << 8) | c) % below;
  };
}

/** The other side of a deal. */
export function otherOf(role: Role): Role {
  return role === 'buyer' ? 'provider' : 'buyer';
}

/** Throws unless what the code says is what the vector's author expects. */
export function expectSame(name: string, actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${name}: the code says ${one}, the vector ${other}`);
}
