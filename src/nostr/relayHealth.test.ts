import { afterEach, describe, expect, it } from 'vitest';
import { watchHealth, type RelayHealth } from './relayHealth.ts';

let health: RelayHealth | undefined;
afterEach(() => health?.stop());

/** Watches with a ping interval of five milliseconds; `nextPing` resolves at the next ping, `failed` with the first failure. */
function watch(now: () => number = () => 0): {
  health: RelayHealth;
  nextPing(): Promise<void>;
  failures: string[];
  failed: Promise<string>;
} {
  let pinged = Promise.withResolvers<void>();
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>();
  const failures: string[] = [];
  const ping = (): void => {
    pinged.resolve();
    pinged = Promise.withResolvers();
  };
  const onFail = (reason: string): void => {
    failures.push(reason);
    fail(reason);
  };
  health = watchHealth({ now }, { pingIntervalMs: 5, maxJunk: 10 }, ping, onFail);
  return { health, nextPing: () => pinged.promise, failures, failed };
}

describe('relay health', () => {
  it('knows when the relay was last heard', () => {
    let now = 100;
    const watched = watch(() => now);
    expect(watched.health.heardAt()).toBe(100);
    now = 160;
    expect(watched.health.heardAt()).toBe(100);
    watched.health.noteLife();
    expect(watched.health.heardAt()).toBe(160);
  });

  it('fails a relay that leaves a ping unanswered, and no other', async () => {
    const { health: watched, nextPing, failures, failed } = watch();
    for (let n = 0; n < 3; n++) {
      await nextPing();
      expect(failures).toEqual([]);
      watched.noteLife();
    }
    expect(await failed).toBe('silent');
  });

  it('counts junk anew after each ping', async () => {
    const { health: watched, nextPing, failures } = watch();
    watched.countJunk(10);
    await nextPing();
    watched.countJunk(10);
    expect(failures).toEqual([]);
    watched.countJunk(1);
    expect(failures).toEqual(['misbehaving']);
  });
});
