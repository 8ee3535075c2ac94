// Which homes one `serve` runs, and what belongs to each: an option belongs to the `--home` that it stands after.

import { realpathSync } from 'node:fs';
import { NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import type { KeySource } from '../homeKey.ts';

/** The options of `serve` that may differ from home to home, in the order in which they were given. */
export type HomeNote = readonly [name: (typeof HOME_OPTIONS)[number], value: string];

/** The long names of those options. */
export const HOME_OPTIONS = ['home', 'config', 'relay', 'passphrase-file', 'key-file', 'key-command'] as const;

/** One home to run. */
export interface HomePlan extends KeySource {
  readonly home: string;
  readonly config?: string;
  readonly relays: readonly string[];
}

type Draft = { home?: string; config?: string; relays: string[]; passphraseFile?: string; keyFile?: string; keyCommand?: string };

const FIELDS = {
  home: 'home',
  config: 'config',
  'passphrase-file': 'passphraseFile',
  'key-file': 'keyFile',
  'key-command': 'keyCommand',
} as const;

/**
 * Reads them. What stands before the first `--home` is for all of them, except `--config`; with one home, or none named, the order does not
 * matter. Throws `input/invalid`.
 */
export function planHomes(notes: readonly HomeNote[], env: NodeJS.ProcessEnv = process.env): readonly HomePlan[] {
  const isOne = notes.filter(([name]) => name === 'home').length < 2;
  const shared: Draft = { relays: [] };
  const drafts: Draft[] = [];
  for (const [name, value] of notes) {
    if (name === 'home' && !isOne) drafts.push({ relays: [] });
    note(drafts.at(-1) ?? shared, name, value);
  }
  if (isOne) return [complete(shared, env)];
  if (shared.config !== undefined) throw new NegotiateError('input/invalid', 'Put each --config after the --home that it belongs to.');
  const plans = drafts.map((own) => complete(inherit(shared, own), env));
  if (plans.flatMap(listFiles).filter((path) => path === '-').length > 1)
    throw new NegotiateError('input/invalid', 'What comes on stdin can be read once. Name a file for each home.');
  if (new Set(plans.map(({ home }) => realPath(home))).size === plans.length) return plans;
  throw new NegotiateError('input/invalid', 'A home is named twice. Name each --home once.');
}

function note(draft: Draft, name: HomeNote[0], value: string): void {
  if (name === 'relay') return void draft.relays.push(value);
  const field = FIELDS[name];
  if (draft[field] !== undefined) throw new NegotiateError('input/invalid', `A home takes one --${name}. Put each after its --home.`);
  draft[field] = value;
}

/** A home has one key: what is named for all of them is for those that have none of their own. */
function inherit({ relays, config: _none, home: _nor, ...key }: Draft, own: Draft): Draft {
  const hasKey = [own.passphraseFile, own.keyFile, own.keyCommand].some((each) => each !== undefined);
  return { ...(hasKey ? {} : key), ...own, relays: [...relays, ...own.relays] };
}

function complete({ home, ...rest }: Draft, env: NodeJS.ProcessEnv): HomePlan {
  return { ...rest, home: findHome(home, env) };
}

function listFiles({ config, passphraseFile, keyFile }: HomePlan): readonly (string | undefined)[] {
  return [config, passphraseFile, keyFile];
}

function realPath(home: string): string {
  try {
    return realpathSync(home);
  } catch {
    return home;
  }
}
