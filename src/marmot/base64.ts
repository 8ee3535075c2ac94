// Base64 as Marmot uses it: standard alphabet, with padding, one spelling per value (RFC 4648 section 4).

/** Encodes bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Decodes text; undefined for any other alphabet, white space, missing padding or stray bits. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}
