// The private half of a key package as bytes to keep: what joining with it takes.

import { decode, encode, keyPackageDecoder, keyPackageEncoder, privateKeyPackageDecoder, privateKeyPackageEncoder } from 'ts-mls';
import type { KeyPackage, PrivateKeyPackage } from 'ts-mls';
import { bytesToHex, hexToBytes, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { expectEnd, joinBytes, malformed, openCursor, readBytes, readUint, readVector, writeVector } from './cursor.ts';

const VERSION = 1;

/** A key package of ours: the id of the event it was published in, its public and its private half. */
export interface PrivatePackage {
  readonly eventId: Hex;
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

/** Encodes a private package: version byte, event id, public half, private half. */
export function encodePrivatePackage({ eventId, publicPackage, privatePackage }: PrivatePackage): Uint8Array {
  const publicBytes = encode(keyPackageEncoder, publicPackage);
  const privateBytes = encode(privateKeyPackageEncoder, privatePackage);
  return joinBytes(Uint8Array.of(VERSION), hexToBytes(eventId), writeVector(publicBytes), writeVector(privateBytes));
}

/** Decodes {@link encodePrivatePackage}. Throws `store/corrupt` for anything else. */
export function decodePrivatePackage(bytes: Uint8Array): PrivatePackage {
  try {
    const cursor = openCursor(bytes.slice());
    if (readUint(cursor, 1) !== VERSION) throw malformed('unknown version of a private key package');
    const eventId = bytesToHex(readBytes(cursor, 32));
    const publicPackage = decode(keyPackageDecoder, readVector(cursor));
    const privatePackage = decode(privateKeyPackageDecoder, readVector(cursor));
    expectEnd(cursor);
    if (publicPackage === undefined || privatePackage === undefined) throw malformed('a private key package is cut off');
    return { eventId, publicPackage, privatePackage };
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'A stored key package cannot be read. Publish a new one.', { cause });
  }
}
