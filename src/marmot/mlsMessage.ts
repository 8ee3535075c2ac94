// MLSMessage bytes in and out, strictly: what ts-mls would write again differently is malformed.

import { decode, encode, mlsMessageDecoder, mlsMessageEncoder, type MlsMessage } from 'ts-mls';
import { equalBytes } from '../core/bytes.ts';
import { malformed } from './cursor.ts';

/** Encodes an MLSMessage. */
export function encodeMlsMessage(message: MlsMessage): Uint8Array {
  return encode(mlsMessageEncoder, message);
}

/**
 * Decodes an MLSMessage over a copy of the bytes. Throws (any error: ts-mls throws its own) for malformed input, bytes left over and
 * lengths that are not in their shortest form.
 */
export function decodeMlsMessage(bytes: Uint8Array): MlsMessage {
  const message = decode(mlsMessageDecoder, bytes.slice());
  if (message === undefined || !equalBytes(encode(mlsMessageEncoder, message), bytes)) throw malformed('this is no MLS message');
  return message;
}
