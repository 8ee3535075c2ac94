// A strategy as its owner writes it on a command line or in a file: which of them are modules, and where these lie.

import { resolve } from 'node:path';

const FILE = /[/\\]|\.(?:js|mjs|ts|mts)$/;
const WITH_EXPORT = /^(.+)#([^#/\\]+)$/s;

/**
 * A module of the owner's own as `{ kind: 'own' }` with its path seen from `folder`: it is written that way, or as a text that has a `/` or ends
 * like a file of code, with the export after a `#`. Anything else comes back as it is, to be checked where it is used.
 */
export function readChoice(written: unknown, folder: string): unknown {
  if (typeof written === 'string') return readText(written, folder);
  if (typeof written !== 'object' || written === null) return written;
  const { kind, module } = written as { readonly kind?: unknown; readonly module?: unknown };
  return kind === 'own' && typeof module === 'string' && module !== '' ? { ...written, module: resolve(folder, module) } : written;
}

function readText(text: string, folder: string): unknown {
  const [, path = text, name] = WITH_EXPORT.exec(text) ?? [];
  if (!FILE.test(path)) return text;
  return { kind: 'own', module: resolve(folder, path), ...(name === undefined ? {} : { export: name }) };
}
