import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNegotiateError } from '../core/errors.ts';
import { isRelayUrl, MAX_RELAY_URL_BYTES, parseRelayUrl } from './relayUrl.ts';

describe('relay URL', () => {
  it.each([
    ['wss://relay.example', 'wss://relay.example'],
    ['wss://relay.example/', 'wss://relay.example'],
    ['WSS://Relay.EXAMPLE:443/', 'wss://relay.example'],
    ['ws://relay.example:80', 'ws://relay.example'],
    ['ws://127.0.0.1:7777', 'ws://127.0.0.1:7777'],
    ['ws://[::1]:7777/', 'ws://[::1]:7777'],
    ['wss://relay.example/Path/', 'wss://relay.example/Path/'],
    ['wss://relay.example/?a=B', 'wss://relay.example/?a=B'],
    ['wss://bücher.example', 'wss://xn--bcher-kva.example'],
    ['ws://2130706433', 'ws://127.0.0.1'],
    ['wss://relay.example/@me', 'wss://relay.example/@me'],
  ])('writes %s as %s', (text, url) => {
    expect(parseRelayUrl(text)).toBe(url);
  });

  it.each([
    '',
    'relay.example',
    'https://relay.example',
    'wss:relay.example',
    'wss://',
    'wss:///path',
    'wss://user:secret@relay.example',
    'wss://@relay.example',
    'wss://relay.example/#part',
    'wss://relay.example#',
    ' wss://relay.example',
    'wss://relay.exam\nple',
    'wss:\\\\relay.example',
    'wss://relay.example:99999',
    'wss://relay .example',
    `wss://relay.example/${'x'.repeat(MAX_RELAY_URL_BYTES)}`,
    `wss://relay.example/${'é'.repeat(200)}`,
  ])('refuses %j', (text) => {
    expect(isRelayUrl(text)).toBe(false);
    expect(() => parseRelayUrl(text)).toThrow(expect.objectContaining({ code: 'relay/invalid-url' }) as Error);
  });

  it('takes what it has written, unchanged, and throws nothing but its own error', () => {
    let accepted = 0;
    const anyText = fc.oneof(fc.webUrl({ validSchemes: ['ws', 'wss'], withQueryParameters: true }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          const url = parseRelayUrl(text);
          accepted += 1;
          expect(parseRelayUrl(url)).toBe(url);
        } catch (error) {
          if (!isNegotiateError(error)) throw error;
        }
      }),
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('says neither the URL nor its secrets in the error', () => {
    expect(() => parseRelayUrl('wss://user:hunter2@relay.example')).toThrow(/^(?!.*(hunter2|user:)).*user name or password/);
  });
});
