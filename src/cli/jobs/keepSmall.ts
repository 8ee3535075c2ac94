// Keeps a process that stays from growing with the number of its subscriptions more than these take.

import { setFlagsFromString } from 'node:v8';

/**
 * Leaves V8's young generation as large as it is now. Thousands of subscriptions that open at once look to V8 like a program that needs
 * more room for short-lived objects: it doubles that room up to 64 MiB and never gives it back. An agent that mostly waits gains nothing
 * by it: collections are small and rare. A V8 that does not know the flag says so and goes on as it is.
 */
export function keepYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
