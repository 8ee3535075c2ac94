// The points in time that the protocol can name.

/** The last second of the year 9999. */
export const LATEST_UNIX_SECONDS = 253_402_300_799;

/** True for whole seconds since 1970 up to {@link LATEST_UNIX_SECONDS}. */
export function isUnixSeconds(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= LATEST_UNIX_SECONDS;
}
