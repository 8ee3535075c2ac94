// `backup` and `restore`: everything of a home that may be used again, in one encrypted file, and a home made from it.

import { backupHome, readBackupMethod, restoreHome, type HomeKey } from '../../agent/composeHome.ts';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { askNewKey, findHomeKey, readPassphrase, type KeySource } from '../homeKey.ts';
import { printRemark, printResult, readBytes, type CommonOptions } from '../io.ts';

/** Options of both. */
export interface BackupOptions extends CommonOptions {
  readonly backupPassphraseFile?: string;
  readonly backupKeyFile?: string;
}

const MAX_BYTES = 2_000_000_000;

/** Writes a backup. */
export async function runBackup(file: string, options: BackupOptions): Promise<void> {
  const home = findHome(options.home);
  const source = sourceOf(options);
  const key = await askNewKey(source.keyFile === undefined ? 'passphrase' : 'key-file', source, false);
  await backupHome({ home, key: await findHomeKey(home, options) }, file, key);
  printResult(options, { file, openedBy: key.kind }, () => [
    'The backup is written. It is encrypted; without its passphrase or key file it is lost.',
    'Make a new one after each deal: a home that is restored knows nothing of what came later.',
  ]);
}

/** Makes a home from a backup and publishes it anew. */
export async function runRestore(file: string, options: BackupOptions): Promise<void> {
  const home = findHome(options.home);
  const bytes = readBytes(file, MAX_BYTES);
  const method = await readBackupMethod(bytes);
  const key = await findBackupKey(method, options);
  const isProtected = await restoreHome(home, bytes, key);
  const isPublished = await publish(home, isProtected ? key : undefined, options);
  printResult(options, { home, protected: isProtected ? key.kind : 'none', isPublished }, () => [
    `The home is restored: ${home}`,
    ...(isProtected ? ['It is opened by what opened the backup; to change that, run: agent-negotiate protect'] : []),
    'Do not go on with the one that was backed up, if it is still there.',
  ]);
}

/** What needs a relay can wait: the home is there. */
async function publish(home: string, key: HomeKey | undefined, options: BackupOptions): Promise<boolean> {
  const { openAgent } = await import('../../agent/compose.ts');
  const agent = await openAgent({ home, key, relays: options.relay ?? [] });
  try {
    await agent.sync();
    return true;
  } catch (error) {
    if (!isNegotiateError(error) || !error.retryable) throw error;
    printRemark(`${error.message} Until then nobody can reach this home.`);
    return false;
  } finally {
    await agent.close();
  }
}

async function findBackupKey(method: HomeKey['kind'], options: BackupOptions): Promise<HomeKey> {
  const { backupPassphraseFile, backupKeyFile } = options;
  if (method === 'passphrase') return { kind: 'passphrase', passphrase: await readPassphrase(backupPassphraseFile) };
  if (backupKeyFile !== undefined) return { kind: 'key-file', bytes: readBytes(backupKeyFile, 65_536) };
  throw new NegotiateError('home/key-needed', 'This backup is opened by a key file. Name it with: --backup-key-file FILE');
}

function sourceOf({ backupPassphraseFile, backupKeyFile }: BackupOptions): KeySource {
  return {
    ...(backupPassphraseFile === undefined ? {} : { passphraseFile: backupPassphraseFile }),
    ...(backupKeyFile === undefined ? {} : { keyFile: backupKeyFile }),
  };
}
