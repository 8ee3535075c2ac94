// The URL of a SOCKS5 proxy.

import { isIP } from 'node:net';
import { NegotiateError } from '../core/errors.ts';

const PROXY_URL = /^(socks5h?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::([0-9]{1,5}))?\/?$/i;
const DEFAULT_PORT = '1080';

/**
 * Normalises the URL of a proxy: `socks5h` (the proxy resolves names) or `socks5` (this machine does), host, port (1080 if none).
 * Throws `input/invalid` for everything else, user names and passwords included, and does not repeat what it was given.
 *
 * @example parseProxyUrl('SOCKS5H://LocalHost:9050/') // 'socks5h://localhost:9050'
 */
export function parseProxyUrl(text: string): string {
  if (text.includes('@')) throw invalid('A proxy URL must not hold a user name or password: each connection gets a name of its own.');
  const [, scheme = '', host = '', port = DEFAULT_PORT] = PROXY_URL.exec(text) ?? [];
  const isWhole = host !== '' && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isWhole || (host.startsWith('[') && isIP(bareHost(host)) !== 6)) throw invalid('This is no URL of a SOCKS5 proxy.');
  return `${scheme}://${host}:${Number(port)}`.toLowerCase();
}

/** A host without the brackets of an IPv6 address. */
export function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function invalid(problem: string): NegotiateError {
  return new NegotiateError('input/invalid', `${problem} Write it like socks5h://127.0.0.1:9050.`);
}
