import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRelayMessage, prefixOf } from './relayMessage.ts';
import { makeEvent } from './relayPool.fixture.ts';

const event = makeEvent(1);
const parse = (...message: unknown[]): unknown => parseRelayMessage(JSON.stringify(message), 10_000);
const JUNK = { type: 'junk' };

describe('relay message', () => {
  it('reads each message of NIP-01 and NIP-42', () => {
    expect(parse('EVENT', 's', event)).toEqual({ type: 'event', subscriptionId: 's', event });
    expect(parse('OK', event.id, true, '')).toEqual({ type: 'ok', id: event.id, accepted: true, text: '' });
    expect(parse('EOSE', 's')).toEqual({ type: 'eose', subscriptionId: 's' });
    expect(parse('CLOSED', 's', 'error: no')).toEqual({ type: 'closed', subscriptionId: 's', text: 'error: no' });
    expect(parse('AUTH', 'challenge')).toEqual({ type: 'auth', challenge: 'challenge' });
    expect(parse('NOTICE', 'hello')).toEqual({ type: 'notice' });
  });

  it('drops what a relay adds to an event', () => {
    expect(parse('EVENT', 's', { ...event, verified: true })).toEqual({ type: 'event', subscriptionId: 's', event });
  });

  it.each([
    ['an event without signature', ['EVENT', 's', { ...event, sig: undefined }]],
    ['an event without subscription', ['EVENT', event]],
    ['an endless subscription id', ['EOSE', 's'.repeat(65)]],
    ['an OK that is neither true nor false', ['OK', event.id, 'true', '']],
    ['an OK for no id', ['OK', 'x', true, '']],
    ['an empty challenge', ['AUTH', '']],
    ['an endless challenge', ['AUTH', 'x'.repeat(513)]],
    ['an unknown message', ['COUNT', 's', { count: 1 }]],
    ['nothing', []],
  ])('takes %s for junk', (_, message) => {
    expect(parse(...message)).toEqual(JUNK);
  });

  it('measures an event by its own bytes, not by how the relay spaced it', () => {
    const spaced = JSON.stringify(['EVENT', 's', event], null, 60);
    const bytes = Buffer.byteLength(JSON.stringify(event));
    expect(parseRelayMessage(spaced, bytes).type).toBe('event');
    expect(parseRelayMessage(spaced, bytes - 1)).toEqual(JUNK);
  });

  it('makes one clean, short line of what a relay says', () => {
    const message = parseRelayMessage(JSON.stringify(['OK', event.id, false, `blocked: \u001b[31m\n${'x'.repeat(100_000)}`]), 10_000);
    expect(message).toMatchObject({ type: 'ok', text: expect.stringMatching(/^blocked: .\[31m x+…$|^blocked: {1,3}\[31m x+…$/) as string });
    expect(message.type === 'ok' && message.text.length).toBeLessThanOrEqual(200);
  });

  it('survives any text and any JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `["EVENT","s",${json}]`),
        ),
        (text) => {
          expect(['event', 'ok', 'eose', 'closed', 'auth', 'notice', 'junk']).toContain(parseRelayMessage(text, 10_000).type);
        },
      ),
    );
    expect(parseRelayMessage('['.repeat(500_000), 10_000)).toEqual(JUNK);
  });

  it('finds the machine-readable word of a refusal', () => {
    expect(['rate-limited: slow down', 'no colon', 'Shouting: x', ': x'].map(prefixOf)).toEqual(['rate-limited', '', '', '']);
  });
});
