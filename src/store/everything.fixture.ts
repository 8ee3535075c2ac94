// One record of every kind, for tests of what keeps them.

import type { Change, ChannelRecord, LedgerRecord, NegotiationRecord, OutboxRecord, PaymentRecord, RfqRecord } from './records.ts';

export const id = (digit: string): string => digit.repeat(64);

export const channel: ChannelRecord = {
  id: id('1'),
  nostrGroupId: id('2'),
  peer: id('3'),
  relays: ['wss://a.example', 'wss://b.example'],
  otherRoutes: [{ address: id('9'), relays: ['wss://c.example'], lastEpoch: 3 }],
  state: Uint8Array.of(0, 1, 255),
  createdAt: 10,
  fetchedUntil: 0,
  hasChores: false,
  version: 0,
};
export const negotiation: NegotiationRecord = {
  nid: id('4'),
  peer: id('3'),
  state: '{"a":"ü"}',
  isActive: true,
  createdAt: 10,
  updatedAt: 11,
  resendAt: 12,
  resends: 0,
  version: 0,
};
export const queued: OutboxRecord = {
  eventId: id('5'),
  event: '{"kind":445}',
  purpose: 'group:x',
  moveId: id('6'),
  createdAt: 10,
  targets: [
    { relay: 'wss://a.example', state: 'pending', tries: 0, nextAt: 10 },
    { relay: 'wss://b.example', state: 'pending', tries: 0, nextAt: 10 },
  ],
};
export const payment: PaymentRecord = { agreement: id('0'), paymentHash: id('d'), body: '{"sats":1}', version: 0 };
export const ledger: LedgerRecord = { body: '{"open":[]}', version: 0 };
export const rfq: RfqRecord = { id: id('e'), key: id('f'), body: '{"rfq":1}', createdAt: 5, version: 0 };
export const message = { id: id('a'), channelId: id('1'), author: id('3'), text: 'said', at: 4, epochId: id('b'), isWithdrawn: false };

/** One change of every kind that adds something. */
export const everything: readonly Change[] = [
  { kind: 'setting', key: 'k', value: 'v' },
  { kind: 'key-package', record: { eventId: id('7'), privateBytes: Uint8Array.of(9), createdAt: 1, expiresAt: 2 } },
  { kind: 'channel', record: channel },
  { kind: 'message', record: message },
  { kind: 'seen', id: id('8'), at: 1, in: { kind: 'inbox', dated: 1 } },
  { kind: 'invite', record: { wrapId: id('9'), sender: id('3'), welcome: '{}', receivedAt: 1 } },
  { kind: 'negotiation', record: negotiation },
  { kind: 'move', record: { id: id('6'), nid: id('4'), author: id('a'), rumor: '{}', recordedAt: 1 } },
  { kind: 'orphan', record: { id: id('b'), nid: id('c'), peer: id('3'), rumor: '{}' } },
  { kind: 'parcel', record: { peer: id('3'), sha256: id('e'), part: 1, data: Uint8Array.of(1, 2) } },
  { kind: 'file', sha256: id('f'), data: Uint8Array.of(3) },
  { kind: 'job', record: { nid: id('4'), key: id('c'), body: '{"job":1}', createdAt: 3 } },
  { kind: 'rfq', record: rfq },
  { kind: 'payment', record: payment },
  { kind: 'ledger', record: ledger },
  { kind: 'queue', record: queued },
];
