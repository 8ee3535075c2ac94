// Where a program that runs as a process or thread of its own lies: beside the one that starts it, as source or as build.

/** The URL of `relative` (without extension) seen from `importMetaUrl`: `.ts` in a checkout, `.js` in the built package. */
export function programUrl(importMetaUrl: string, relative: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`${relative}.${extension}`, importMetaUrl);
}
