// BIP-340 over event ids: WASM libsecp256k1 (nostr-wasm) once loaded; noble before that and for large events.

import type { Nostr } from 'nostr-wasm';
import { bytesToHex, hexToBytes, type Hex } from '../core/bytes.ts';
import { isOnCurve, loadNoble, openKey } from './ecdh.ts';

/** A signed event as nostr-wasm takes it (it hashes the event itself). */
interface WasmEvent {
  id: Hex;
  pubkey: Hex;
  sig: Hex;
  kind: number;
  created_at: number;
  tags: string[][];
  content: string;
}

// The WASM heap is fixed at about a mebibyte and holds the serialized event while it is hashed.
const WASM_MAX_CHARS = 100_000;

let wasm: Nostr | undefined;
let loading: Promise<void> | undefined;

/** Loads the WASM implementation (about 5 times faster). Optional: everything works without it. */
export function loadSchnorr(): Promise<void> {
  loading ??= import('nostr-wasm').then(async ({ initNostrWasm }) => {
    wasm = await initNostrWasm();
  });
  return loading;
}

/** The x-only public key (hex) of a 32-byte secret key. Throws `input/invalid` for a key outside the curve order. */
export function publicKeyOf(secretKey: Uint8Array): Hex {
  return openKey(secretKey).pubkey;
}

/** True for an x coordinate (64 hex digits) that lies on secp256k1, which every Nostr public key must. */
export function isPublicKey(hex: string): boolean {
  return isOnCurve(hex);
}

/** Signs a 32-byte id (hex). `auxRand` (32 bytes) is for test vectors only; by default it is fresh randomness. */
export function schnorrSign(id: Hex, secretKey: Uint8Array, auxRand?: Uint8Array): Hex {
  return bytesToHex(loadNoble().schnorr.sign(hexToBytes(id), secretKey, auxRand));
}

/** Fills in author, id and signature of an event through WASM when it can; returns undefined when it cannot. */
export function wasmFinalize(event: Omit<WasmEvent, 'id' | 'pubkey' | 'sig'>, secretKey: Uint8Array): WasmEvent | undefined {
  if (wasm === undefined || sizeOf(event) > WASM_MAX_CHARS) return undefined;
  const copy: WasmEvent = { ...event, id: '', pubkey: '', sig: '' };
  wasm.finalizeEvent(copy, secretKey);
  return copy;
}

/** True when `sig` is the author's signature over the event's id. The caller has checked shape and id. */
export function schnorrVerify(event: WasmEvent): boolean {
  try {
    if (wasm === undefined || sizeOf(event) > WASM_MAX_CHARS) {
      return loadNoble().schnorr.verify(hexToBytes(event.sig), hexToBytes(event.id), hexToBytes(event.pubkey));
    }
    wasm.verifyEvent(event);
    return true;
  } catch {
    return false;
  }
}

function sizeOf(event: { readonly content: string; readonly tags: readonly (readonly string[])[] }): number {
  // A character is at most three UTF-8 bytes, an escape at most six characters.
  return event.tags.reduce((sum, tag) => sum + tag.reduce((n, item) => n + item.length + 3, 3), event.content.length);
}
