// Names as a mandate lists them: exact ones, and beginnings that end in `*`.

/** True when one of the patterns is this name, or a beginning of it where it ends in `*`. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
