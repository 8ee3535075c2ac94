// The primitives that everything else consists of, each by its fastest implementation here, timed one by one.

import {
  createCipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { deflateRawSync } from 'node:zlib';
import { schnorr } from '@noble/curves/secp256k1.js';
import { initNostrWasm } from 'nostr-wasm';
import { decryptPayload, encryptPayload } from '../src/nostr/nip44.ts';
import { measureCallMs, type Metric } from './measure.ts';

/**
 * A primitive: what one costs is measured once for each run. `-secret` and `-public` make a key of 32 bytes ready for use, `event-json`
 * writes or reads an event, `deflate` packs a channel, `transaction` saves one row for good and `row` is one more in it.
 */
export type Primitive =
  | 'schnorr-sign'
  | 'schnorr-verify'
  | 'secp256k1-ecdh'
  | 'nip44-encrypt'
  | 'nip44-decrypt'
  | 'x25519-keygen'
  | 'x25519-secret'
  | 'x25519-public'
  | 'x25519-agree'
  | 'ed25519-keygen'
  | 'ed25519-secret'
  | 'ed25519-public'
  | 'ed25519-sign'
  | 'ed25519-verify'
  | 'hmac'
  | 'aead'
  | 'sha256'
  | 'event-id'
  | 'event-json'
  | 'deflate'
  | 'transaction'
  | 'row';

/** How many of each primitive something takes. */
export type Needs = Readonly<Partial<Record<Primitive, number>>>;

/** CPU milliseconds of one of each. */
export type Prices = Readonly<Record<Primitive, number>>;

const KIB = 1_024;
// About the size of a gift-wrapped welcome.
const TEXT = 'x'.repeat(4 * KIB);

/** Times every primitive. Hashes, ciphers and events take a KiB, NIP-44 takes four with its conversation key ready. */
export async function timePrimitives(): Promise<Prices> {
  return {
    ...(await timeSecp256k1()),
    ...(await timeNip44()),
    ...(await timeCurve25519()),
    ...(await timeSymmetric()),
    ...(await timeEvents()),
    ...(await timeStorage()),
  };
}

/** The same primitives timed before something and after it: the mean of each. */
export function averagePrices(before: Prices, after: Prices): Prices {
  return Object.fromEntries(Object.entries(before).map(([name, price]) => [name, (price + after[name as Primitive]) / 2])) as Prices;
}

/** What `needs` costs at `prices`. */
export function sumUp(needs: Needs, prices: Prices): number {
  return Object.entries(needs).reduce((sum, [name, times]) => sum + times * prices[name as Primitive], 0);
}

/** Adds needs up, each as often as its number says. */
export function combine(...parts: readonly (readonly [times: number, needs: Needs])[]): Needs {
  const total: Partial<Record<Primitive, number>> = {};
  for (const [times, needs] of parts) {
    for (const [name, count] of Object.entries(needs)) total[name as Primitive] = (total[name as Primitive] ?? 0) + times * count;
  }
  return total;
}

/** The prices as metrics; with them what the pure JavaScript implementation of BIP-340 takes. */
export async function listPrices(prices: Prices): Promise<readonly Metric[]> {
  const metrics = Object.entries(prices).map(([name, value]): Metric => ({ metric: `primitive ${name}`, value, unit: 'ms' }));
  const [message, key] = [randomBytes(32), randomBytes(32)];
  const [signature, publicKey] = [schnorr.sign(message, key), schnorr.getPublicKey(key)];
  const options = { batch: 10, rounds: 5 };
  const signing = await measureCallMs(() => schnorr.sign(message, key), options);
  const verifying = await measureCallMs(() => schnorr.verify(signature, message, publicKey), options);
  return [
    ...metrics,
    { metric: 'noble schnorr-sign', value: signing, unit: 'ms', floor: prices['schnorr-sign'] },
    { metric: 'noble schnorr-verify', value: verifying, unit: 'ms', floor: prices['schnorr-verify'] },
  ];
}

async function timeSecp256k1(): Promise<Pick<Prices, 'schnorr-sign' | 'schnorr-verify' | 'secp256k1-ecdh'>> {
  // An instance of its own: the program's own choice of implementation stays as it is.
  const wasm = await initNostrWasm();
  const key = randomBytes(32);
  const event = { id: '', pubkey: '', sig: '', kind: 445, created_at: 0, tags: [['h', '0'.repeat(64)]], content: 'x'.repeat(KIB) };
  wasm.finalizeEvent(event, key);
  const [own, other] = [createECDH('secp256k1'), createECDH('secp256k1')];
  own.setPrivateKey(key);
  const peer = other.generateKeys();
  return {
    'schnorr-sign': await measureCallMs(() => wasm.finalizeEvent({ ...event }, key)),
    'schnorr-verify': await measureCallMs(() => wasm.verifyEvent(event)),
    'secp256k1-ecdh': await measureCallMs(() => own.computeSecret(peer)),
  };
}

async function timeNip44(): Promise<Pick<Prices, 'nip44-encrypt' | 'nip44-decrypt'>> {
  const key = randomBytes(32);
  const payload = encryptPayload(TEXT, key);
  return {
    'nip44-encrypt': await measureCallMs(() => encryptPayload(TEXT, key)),
    'nip44-decrypt': await measureCallMs(() => decryptPayload(payload, key)),
  };
}

type Curve25519 = Extract<Primitive, `x25519-${string}` | `ed25519-${string}`>;

async function timeCurve25519(): Promise<Pick<Prices, Curve25519>> {
  const [own, other] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')];
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const message = randomBytes(KIB);
  const signature = sign(null, message, privateKey);
  return {
    'x25519-keygen': await measureCallMs(() => generateKeyPairSync('x25519')),
    'x25519-secret': await timeSecret(own.privateKey),
    'x25519-public': await timePublic(own.publicKey),
    'x25519-agree': await measureCallMs(() => diffieHellman({ privateKey: own.privateKey, publicKey: other.publicKey })),
    'ed25519-keygen': await measureCallMs(() => generateKeyPairSync('ed25519')),
    'ed25519-secret': await timeSecret(privateKey),
    'ed25519-public': await timePublic(publicKey),
    'ed25519-sign': await measureCallMs(() => sign(null, message, privateKey)),
    'ed25519-verify': await measureCallMs(() => verify(null, message, publicKey, signature)),
  };
}

async function timeSecret(secret: KeyObject): Promise<number> {
  const der = secret.export({ format: 'der', type: 'pkcs8' });
  return measureCallMs(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

// As JWK, which Node reads a little faster than DER; of a secret it would want the public half too.
async function timePublic(publicKey: KeyObject): Promise<number> {
  const key = publicKey.export({ format: 'jwk' });
  return measureCallMs(() => createPublicKey({ key, format: 'jwk' }));
}

async function timeSymmetric(): Promise<Pick<Prices, 'hmac' | 'aead' | 'sha256'>> {
  const [key, nonce, data, block] = [randomBytes(16), randomBytes(12), randomBytes(KIB), randomBytes(32)];
  // HMAC and ciphers take a key object two to three times as fast as bytes.
  const seal = (): unknown => {
    const cipher = createCipheriv('aes-128-gcm', createSecretKey(key), nonce);
    return [cipher.update(data), cipher.final(), cipher.getAuthTag()];
  };
  return {
    hmac: await measureCallMs(() => createHmac('sha256', createSecretKey(key)).update(block).digest()),
    aead: await measureCallMs(seal),
    sha256: await measureCallMs(() => hash('sha256', data, 'buffer')),
  };
}

async function timeEvents(): Promise<Pick<Prices, 'event-id' | 'event-json'>> {
  const [id, content] = ['0'.repeat(64), 'x'.repeat(KIB)];
  const event = { id, pubkey: id, created_at: 0, kind: 445, tags: [['h', id]], content, sig: id + id };
  return {
    'event-id': await measureCallMs(() => hash('sha256', JSON.stringify([0, id, 0, 445, event.tags, content]), 'hex')),
    'event-json': await measureCallMs(() => JSON.stringify(event)),
  };
}

async function timeStorage(): Promise<Pick<Prices, 'deflate' | 'transaction' | 'row'>> {
  // Eight KiB like those of a channel: keys and hashes, which nothing makes smaller, and what its epochs have in common.
  const keys = Array.from({ length: 8 }, () => randomBytes(KIB / 4));
  const state = Buffer.concat(keys.flatMap((key) => [key, randomBytes(KIB / 4), key, key]));
  const deflate = await measureCallMs(() => deflateRawSync(state, { level: 1 }));
  const [one, three] = [await timeTransactions(1), await timeTransactions(3)];
  return { deflate, transaction: one, row: Math.max(0, three - one) / 2 };
}

/** Rows saved for good, as the store does it; the disk's own time is none of the CPU's. */
async function timeTransactions(rows: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-'));
  const db = new DatabaseSync(join(folder, 'bench.db'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row(id INTEGER PRIMARY KEY, bytes BLOB) STRICT');
    const insert = db.prepare('INSERT INTO row(bytes) VALUES (?)');
    const bytes = randomBytes(2 * KIB);
    return await measureCallMs(() => {
      db.exec('BEGIN IMMEDIATE');
      for (let i = 0; i < rows; i += 1) insert.run(bytes);
      db.exec('COMMIT');
    });
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
