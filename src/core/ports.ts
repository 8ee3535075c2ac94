// The outside world as the pure core sees it: a clock and a source of randomness.

/** Wall clock. */
export interface Clock {
  /** Unix time in whole seconds. */
  now(): number;
}

/** Source of cryptographic randomness. */
export interface Rng {
  /** Returns `length` fresh random bytes. */
  bytes(length: number): Uint8Array;
}
