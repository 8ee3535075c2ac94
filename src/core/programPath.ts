// Where a program that runs as a child process lies: beside the one that starts it, as source or as build.

import { fileURLToPath } from 'node:url';

/** The path of `relative` (without extension) seen from `importMetaUrl`: `.ts` in a checkout, `.js` in the built package. */
export function programPath(importMetaUrl: string, relative: string): string {
  const extension = importMetaUrl.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`${relative}.${extension}`, importMetaUrl));
}
