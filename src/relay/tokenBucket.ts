// A token bucket: so many messages at once, so many per second in the long run.

/** The state of one bucket. */
export interface TokenBucket {
  readonly perSecond: number;
  readonly burst: number;
  tokens: number;
  /** Unix seconds of the last refill. */
  refilledAt: number;
}

/** Creates a full bucket. `now` is in unix seconds. */
export function createTokenBucket(perSecond: number, burst: number, now: number): TokenBucket {
  return { perSecond, burst, tokens: burst, refilledAt: now };
}

/** Takes one token; false when none is left. A clock that steps back refills nothing. */
export function takeToken(bucket: TokenBucket, now: number): boolean {
  const elapsedSeconds = Math.max(0, now - bucket.refilledAt);
  bucket.tokens = Math.min(bucket.burst, bucket.tokens + elapsedSeconds * bucket.perSecond);
  bucket.refilledAt = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}
