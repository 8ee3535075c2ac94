// Which relays named by a stranger may be dialled: no address of this machine or its network, unless the owner uses it too.

import { isIP } from 'node:net';

/** Keeps the relays that may be dialled, in order; `own` are the owner's. Names that resolve to a private address are not found out. */
export function keepDialable(relays: readonly string[], own: readonly string[]): readonly string[] {
  return relays.filter((relay) => own.includes(relay) || !isLocal(new URL(relay).hostname));
}

function isLocal(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  switch (isIP(host)) {
    case 4:
      return isLocalIpv4(host);
    case 6:
      return !/^[23]/.test(host) || host.startsWith('2001:db8') || host.startsWith('2002:');
    default:
      return !host.includes('.') || /\.(?:local|localhost|internal|lan|home|arpa|onion)\.?$/.test(host);
  }
}

function isLocalIpv4(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || b === 0)) ||
    (a === 198 && (b === 18 || b === 19))
  );
}
