// The part of compose.ts that meets the home as a concrete thing: how it is opened, and how its protection is changed.

import { hexToBytes, type Hex } from '../core/bytes.ts';
import type { Clock, Rng } from '../core/ports.ts';
import { hasIdentity, requireIdentity } from '../store/home.ts';
import { makeMarkerOf, openHome as openStoredHome, readMethod, type HomeOptions, type OpenedHome } from '../store/openHome.ts';
import type { Change, Store } from '../store/records.ts';
import { openSentinel } from '../store/sentinel.ts';
import type { HomeKey, ProtectionMethod } from '../store/wrapKey.ts';
import type { Diagnosis } from './doctor/doctor.ts';
import { judgeStart } from './judgeStart.ts';
import { seedLocks } from './lockValues.ts';
import { createSendGuard, type SendGuard } from './sendCount.ts';

export type { HomeKey, ProtectionMethod };

const DEFAULT_LOCK_WAIT_MS = 3_000;

/** Which home to open, and with which key. */
export interface HomeInput {
  readonly home: string;
  readonly lockWaitMs?: number;
  readonly key?: HomeKey | undefined;
}

/** Opens a home. Throws as `openHome` of the store. */
export function openHome({ home, lockWaitMs = DEFAULT_LOCK_WAIT_MS, key }: HomeInput, isExclusive: boolean): OpenedHome {
  return openStoredHome({ home, isExclusive, lockWaitMs, key });
}

/** Opens a home that may be new. A new one is protected before there is anything in it: with a key, no secret is ever written without. */
export async function openNewHome(input: HomeInput): Promise<OpenedHome> {
  const opened = await openToProtect(input);
  if (input.key === undefined || opened.protection !== undefined || hasIdentity(opened.secrets)) return opened;
  try {
    return opened.protect(input.key);
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** What a home is opened for; `new` is one that is just being made. */
export type HomeMode = 'read' | 'write' | 'new';

/** Whose second place it is, and what may be done there. */
export interface GuardInput {
  readonly home: string;
  readonly stateFolder: string | undefined;
  readonly pubkey: Hex;
  readonly mode: HomeMode;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** The second place that remembers how much a home has sent: looked at by everybody, acted upon by who may write. Throws `store/…`. */
export function guardSends({ home, stateFolder, pubkey, mode, clock, rng }: GuardInput, store: Store): SendGuard {
  const sentinel = openSentinel(home, pubkey, stateFolder);
  if (mode === 'read') return { sentinel, announce: () => undefined, close: () => undefined };
  store.save(seedLocks(store, rng));
  if (mode === 'write') judgeStart(store, sentinel, clock.now());
  return createSendGuard(store, sentinel);
}

/** How a home is protected; undefined when it is not. Throws `home/missing`, `store/…`. */
export function readProtectionMethod(home: string): ProtectionMethod | undefined {
  requireIdentity(home);
  return readMethod(home);
}

/**
 * Protects a home with another key, or for the first time, or with `next` undefined no longer. A process that ends half-way leaves a home that
 * opens as before or as it is to be. Throws as `openHome` of the store, and `input/invalid` for a key that is too easy to guess.
 */
export async function protectHome(input: HomeInput, next: HomeKey | undefined): Promise<void> {
  requireIdentity(input.home);
  const opened = await openToProtect(input);
  try {
    opened.protect(next);
  } finally {
    opened.close();
  }
}

/** What `doctor` can say of a home that has no room to be opened in; it is not changed. */
export async function diagnoseWithoutRoom(home: string): Promise<Diagnosis> {
  requireIdentity(home);
  const [{ diagnoseFullHome }, { inspectHome }] = await Promise.all([import('./doctor/doctor.ts'), import('../store/inspectHome.ts')]);
  return diagnoseFullHome({ inspectHome: () => inspectHome(home) });
}

/** Writes a backup of a home, in use or not, to a new file. Throws as `openHome` of the store, `home/unreadable`, `input/invalid`. */
export async function backupHome(input: HomeInput, file: string, backupKey: HomeKey): Promise<void> {
  requireIdentity(input.home);
  const { writeBackup } = await import('../store/backup.ts');
  const opened = openHome(input, false);
  try {
    writeBackup(opened, input.home, file, backupKey, Math.floor(Date.now() / 1_000));
  } finally {
    opened.close();
  }
}

/** How a backup is opened. Throws `input/invalid`. */
export async function readBackupMethod(bytes: Uint8Array): Promise<ProtectionMethod> {
  return (await import('../store/backup.ts')).readBackupMethod(bytes);
}

/**
 * Makes a home from a backup; `key` opens the backup, and from now on the home, if the one that was backed up was protected. Returns whether
 * it is. Throws `home/exists`, `home/wrong-key`, `home/key-needed`, `input/invalid`, `store/…`.
 */
export async function restoreHome(home: string, bytes: Uint8Array, key: HomeKey, now = Math.floor(Date.now() / 1_000)): Promise<boolean> {
  const [{ readBackup }, { restoreHome: restoreStored }, { encryptKey }, { noteRestored, writeRestored }] = await Promise.all([
    import('../store/backup.ts'),
    import('../store/restore.ts'),
    import('../nostr/nip49.ts'),
    import('./restoredNote.ts'),
  ]);
  const content = readBackup(bytes, key);
  const markerOf = makeMarkerOf((secretKey, passphrase) => encryptKey(hexToBytes(secretKey), passphrase), key);
  const note = (store: Store): readonly Change[] => [writeRestored(noteRestored(store, now, content.madeAt))];
  restoreStored({ home, content, key, markerOf, lockWaitMs: DEFAULT_LOCK_WAIT_MS, note });
  return content.dataKey !== undefined;
}

/** Reads a secret key that a passphrase encrypts (`ncryptsec1…`, NIP-49). Throws `input/invalid`. */
export async function readEncryptedKey(text: string, passphrase: string): Promise<Uint8Array> {
  return (await import('../nostr/nip49.ts')).decryptKey(text, passphrase);
}

/** The identity's key is also kept in the form that other programs read, where a passphrase opens it. */
async function openToProtect({ home, lockWaitMs = DEFAULT_LOCK_WAIT_MS, key }: HomeInput): Promise<OpenedHome> {
  const { encryptKey } = await import('../nostr/nip49.ts');
  const exportIdentity: HomeOptions['exportIdentity'] = (secretKey, passphrase) => encryptKey(hexToBytes(secretKey), passphrase);
  return openStoredHome({ home, isExclusive: true, lockWaitMs, key, exportIdentity });
}
