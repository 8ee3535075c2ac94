// `protect`: says how a home is protected, protects it, changes its key, or removes the protection.

import { protectHome, readProtectionMethod, type HomeKey } from '../../agent/composeHome.ts';
import { findHome } from '../findHome.ts';
import { askNewKey, describeMethod, findHomeKey, readMethod, type KeySource } from '../homeKey.ts';
import { printResult, type CommonOptions } from '../io.ts';

/** Options of `protect`. */
export interface ProtectOptions extends CommonOptions {
  readonly newPassphraseFile?: string;
  readonly newKeyFile?: string;
  readonly newKeyCommand?: string;
}

/** Runs it; `how` is one of the ways to protect a home, `none`, or undefined to look only. */
export async function runProtect(how: string | undefined, options: ProtectOptions): Promise<void> {
  const home = findHome(options.home);
  const before = readProtectionMethod(home);
  if (how === undefined) return tell(options, before);
  const method = how === 'none' ? undefined : readMethod(how);
  const key = before === undefined ? undefined : await findHomeKey(home, options);
  const next = method === undefined ? undefined : await askNewKey(method, newSource(options, before === undefined), before === undefined);
  await protectHome({ home, key }, next);
  tell(options, method);
}

/** A home that has no key yet has no use for an old one: what is named without `--new` is the new one. */
function newSource(options: ProtectOptions, isFirst: boolean): KeySource {
  const { newPassphraseFile, newKeyFile, newKeyCommand } = options;
  const named = {
    ...(newPassphraseFile === undefined ? {} : { passphraseFile: newPassphraseFile }),
    ...(newKeyFile === undefined ? {} : { keyFile: newKeyFile }),
    ...(newKeyCommand === undefined ? {} : { keyCommand: newKeyCommand }),
  };
  return isFirst && Object.keys(named).length === 0 ? options : named;
}

function tell(options: ProtectOptions, method: HomeKey['kind'] | undefined): void {
  printResult(options, { protected: method ?? 'none' }, () => [`This home is opened ${describeMethod(method)}.`]);
}
