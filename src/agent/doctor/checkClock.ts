// Is the clock of this machine right, as far as relays show?

import { countOf, pass, warn, type Check } from './check.ts';
import type { RelayProbe } from './probeRelay.ts';

const ID = 'clock';
const MOST_S = 300;
const HOUR_S = 3_600;
const ADVICE = 'Set the clock of this machine (turn on NTP): relays and peers refuse what is dated wrongly, and deadlines are missed.';

/** The Date of HTTP answers is taken for evidence, the middle one of several; the newest event of a relay for a hint only. */
export function checkClock(probes: readonly RelayProbe[], now: number): Check {
  const offsets = probes.flatMap(({ information }) => information?.clockOffsetS ?? []).sort((a, b) => a - b);
  const middle = offsets[Math.floor((offsets.length - 1) / 2)];
  if (middle === undefined) return checkHint(probes, now);
  const size = Math.abs(middle);
  const by = `by the time that ${countOf(offsets.length, 'relay')} ${offsets.length === 1 ? 'gives' : 'give'}`;
  if (size <= MOST_S) return pass(ID, `The clock is right within ${Math.max(2, size)} seconds, ${by}.`);
  return warn(ID, `The clock is about ${describe(size)} ${middle > 0 ? 'slow' : 'fast'}, ${by}.`, ADVICE);
}

function checkHint(probes: readonly RelayProbe[], now: number): Check {
  const newest = Math.max(...probes.map(({ newestAt }) => newestAt ?? -Infinity));
  if (newest - now > MOST_S)
    return warn(ID, `The clock seems slow: a relay has an event dated ${describe(newest - now)} from now.`, ADVICE);
  return warn(
    ID,
    'Whether the clock is right is not known: no relay says what time it is.',
    'Check by yourself that the clock of this machine is set by NTP.',
  );
}

function describe(seconds: number): string {
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 48 * HOUR_S ? `${Math.round(seconds / HOUR_S)} hours` : `${Math.round(seconds / 24 / HOUR_S)} days`;
}
