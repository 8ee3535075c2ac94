// URLs of bunkers and what bunkers answer: read strictly, and quoted nowhere.

import { describe, expect, it } from 'vitest';
import { readBunkerAnswer } from './bunkerMessage.ts';
import { formatBunkerUrl, parseBunkerUrl } from './bunkerUrl.ts';
import { publicKeyOf } from './schnorr.ts';

const remote = publicKeyOf(new Uint8Array(32).fill(3));
const relay = encodeURIComponent('wss://relay.example/path?a=1&b=2');

describe('the URL of a bunker', () => {
  it('names a key, relays in one spelling, and perhaps a secret', () => {
    const url = parseBunkerUrl(`bunker://${remote}?relay=${relay}&relay=WSS://Other.Example:443/&relay=${relay}&secret=a%26b&perms=x`);
    expect(url).toEqual({ remote, relays: ['wss://relay.example/path?a=1&b=2', 'wss://other.example'], secret: 'a&b' });
    expect(parseBunkerUrl(formatBunkerUrl(url))).toEqual(url);
    expect(parseBunkerUrl(`bunker://${remote.toUpperCase()}?relay=${relay}&secret=`)).not.toHaveProperty('secret');
  });

  it('is refused without a word of it when it is malformed', () => {
    const many = Array.from({ length: 9 }, (_, i) => `relay=wss://${i}.example`).join('&');
    const bad = [
      `nostrconnect://${remote}?relay=${relay}&secret=hidden`,
      `bunker://${remote}?secret=hidden`,
      `bunker://${remote}?relay=https://hidden.example`,
      `bunker://${remote}?relay=wss://user:hidden@relay.example`,
      `bunker://${remote}?relay=${relay}&secret=hidden&secret=other`,
      `bunker://${remote.slice(1)}?relay=${relay}&secret=hidden`,
      `bunker://${'f'.repeat(64)}?relay=${relay}&secret=hidden`,
      `bunker://hidden@${remote}?relay=${relay}`,
      `bunker://${remote}/hidden?relay=${relay}`,
      `bunker://${remote}?${many}&secret=hidden`,
      `bunker://${remote}?relay=${relay}&secret=${'hidden'.repeat(1_000)}`,
      '',
    ];
    for (const text of bad) {
      expect(() => parseBunkerUrl(text)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
      expect(() => parseBunkerUrl(text)).not.toThrow(/hidden/);
    }
  });
});

describe('what a bunker answers', () => {
  it('is a result, a refusal or a page to approve at', () => {
    const read = (value: unknown) => readBunkerAnswer(JSON.stringify(value));
    expect(read({ id: '1', result: 'pong' })).toEqual({ id: '1', kind: 'result', result: 'pong' });
    expect(read({ id: '1', result: 'pong', error: null })).toEqual({ id: '1', kind: 'result', result: 'pong' });
    expect(read({ id: '1', result: '', error: 'words' })).toEqual({ id: '1', kind: 'refused' });
    expect(read({ id: '1', error: { code: 7 } })).toEqual({ id: '1', kind: 'refused' });
    const page = { id: '1', result: 'auth_url', error: 'https://bunker.example/a?b=\u001b[31m' };
    expect(read(page)).toEqual({ id: '1', kind: 'approve', url: 'https://bunker.example/a?b=%1B[31m' });
  });

  it('is passed over when it is none, and shows the owner no page but a web page', () => {
    for (const text of ['', '[]', 'null', '{"id":1,"result":"x"}', '{"id":"1"}', '{"id":"1","result":{}}', '{"result":"x"}'])
      expect(readBunkerAnswer(text)).toBeUndefined();
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'http://bunker.example/', 'approve me', 7])
      expect(readBunkerAnswer(JSON.stringify({ id: '1', result: 'auth_url', error: url }))).toEqual({ id: '1', kind: 'refused' });
  });
});
