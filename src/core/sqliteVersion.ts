// Which SQLite may be trusted with a write-ahead log.

// From this version on the write-ahead log is free of a reset bug that can lose commits.
const FIRST_SAFE_WAL = [3, 51, 3] as const;

/** True when this version of SQLite (such as `3.51.3`) can use journal mode WAL without the risk of losing a commit. */
export function hasSafeWal(version: string): boolean {
  const actual = version.split('.').map(Number);
  for (const [place, needed] of FIRST_SAFE_WAL.entries()) {
    const part = actual[place] ?? 0;
    if (part !== needed) return part > needed;
  }
  return true;
}
