// What the checks make of what relays say of themselves, of the time they show and of what they hold back.

import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../nostr/event.ts';
import type { RelayInformation, RelayLimitation } from '../../nostr/relayInformation.ts';
import { checkClock } from './checkClock.ts';
import { checkInbox } from './checkInbox.ts';
import { checkRelay } from './checkRelay.ts';
import type { InboxAccess, RelayProbe } from './probeRelay.ts';

const NOW = 1_800_000_000;
const OWN = { kind: 30_443 } as NostrEvent;
const probe: RelayProbe = {
  relay: 'wss://a.example',
  isUp: true,
  isPublic: true,
  firstMs: 90,
  roundTripMs: 30,
  own: [OWN],
  inbox: 'to-us',
};
const informed = (limitation: RelayLimitation): RelayInformation => ({ isOffered: true, limitation });

describe('a relay', () => {
  it.each([
    [{ paymentRequired: true }, [], 'wants to be paid'],
    [{ restrictedWrites: true }, [], 'from those it has chosen'],
    [{ oldestS: 3_600 }, [OWN], 'dated back more than 1 h'],
    [{ maxMessageBytes: 16_384 }, [OWN], 'up to 16384 bytes'],
  ])('that states %j while it holds %j is warned of', (limitation, own, finding) => {
    const check = checkRelay({ ...probe, own, information: informed(limitation) });
    expect(check.state).toBe('warning');
    expect(check.finding).toContain(finding);
  });

  it('that wants payment and holds our events has taken them', () => {
    expect(checkRelay({ ...probe, information: informed({ paymentRequired: true, restrictedWrites: true }) }).state).toBe('ok');
  });

  it('that shows nothing to strangers hides us from peers', () => {
    expect(checkRelay({ ...probe, own: [], isPublic: false })).toMatchObject({ state: 'warning' });
  });
});

describe('the clock', () => {
  const shows = (...offsets: number[]) =>
    checkClock(
      offsets.map((clockOffsetS) => ({ ...probe, information: { isOffered: true, clockOffsetS } })),
      NOW,
    );

  it('is judged by the middle one of several relays, so that one that is wrong does not count', () => {
    expect(shows(-1, 0, 90_000).state).toBe('ok');
    expect(shows(600, 601, 0)).toMatchObject({
      state: 'warning',
      finding: 'The clock is about 10 minutes slow, by the time that 3 relays give.',
    });
    expect(shows(-301).state).toBe('warning');
    expect(shows(300).state).toBe('ok');
  });

  it('is unknown without a date, and slow when a relay has events of the future', () => {
    expect(checkClock([probe], NOW).finding).toContain('not known');
    expect(checkClock([{ ...probe, newestAt: NOW }], NOW).finding).toContain('not known');
    expect(checkClock([{ ...probe, newestAt: NOW + 7_300 }], NOW).finding).toContain('2 hours from now');
  });
});

it.each([
  [['to-us', 'to-us'], 'ok'],
  [['open'], 'ok'],
  [['to-us', 'unanswered'], 'warning'],
  [['to-us', 'refused'], 'warning'],
  [['no-signer'], 'problem'],
  [['refused'], 'problem'],
  [[], 'problem'],
] as const)('an inbox at relays that are %j is %s', (access, state) => {
  expect(checkInbox(access.map((inbox: InboxAccess) => ({ ...probe, inbox }))).state).toBe(state);
});
