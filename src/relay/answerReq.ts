// Answers REQ messages: stored events at the pace the client reads them, EOSE, and a subscription to what comes (NIP-01).

import { encodeClosed, encodeEose, encodeEvent, type Refusal } from './answer.ts';
import { isOpen, send, sendChallenge, type Connection, type RelayContext, type Subscription } from './connection.ts';
import type { Filter } from './filter.ts';
import { KIND_GIFT_WRAP } from './kinds.ts';
import { parseFilter } from './parseFilter.ts';
import { takeToken } from './tokenBucket.ts';

// Events sent in one go, so that a long answer does not keep the other clients waiting.
const BATCH_EVENTS = 100;
// Bytes of an answer that may wait to be sent: the rest of it waits in the store, and pings and live events get through.
const BACKLOG_BYTES = 256 * 1024;

const STORE_FAULT: Refusal = 'error: the relay cannot read its events now; try again later';

interface Backlog {
  readonly context: RelayContext;
  readonly connection: Connection;
  readonly subscriptionId: string;
  readonly subscription: Subscription;
  /** Row numbers of the store, in the order of sending. */
  readonly rows: readonly number[];
  next: number;
}

type Parsed = { readonly ok: true; readonly filters: readonly Filter[] } | { readonly ok: false; readonly reason: Refusal };

/** Answers `["REQ", id, ...filters]`. It takes the place of the subscription of that id, even when it is refused. */
export function answerReq(context: RelayContext, connection: Connection, subscriptionId: string, filters: readonly unknown[]): void {
  connection.subscriptions.delete(subscriptionId);
  const parsed = admitReq(context, connection, filters);
  if (!parsed.ok) {
    if (parsed.reason.startsWith('auth-required:')) sendChallenge(connection);
    return send(connection, encodeClosed(subscriptionId, parsed.reason));
  }
  const rows = selectRows(context, connection, parsed.filters);
  if (rows === undefined) return send(connection, encodeClosed(subscriptionId, STORE_FAULT));
  // What is stored is settled now; what comes from here on is sent as it comes, so that nothing falls between or comes twice.
  const subscription: Subscription = { filters: parsed.filters };
  connection.subscriptions.set(subscriptionId, subscription);
  sendBacklog({ context, connection, subscriptionId, subscription, rows, next: 0 });
}

function admitReq(context: RelayContext, connection: Connection, filters: readonly unknown[]): Parsed {
  const { limits, clock } = context;
  if (!takeToken(connection.reqBucket, clock.now())) return refuse('rate-limited: too many REQ messages; wait a second');
  if (connection.subscriptions.size >= limits.maxSubscriptions) {
    return refuse(`rate-limited: ${limits.maxSubscriptions} subscriptions are open at most; close one first`);
  }
  if (filters.length === 0) return refuse('invalid: a REQ needs at least one filter');
  if (filters.length > limits.maxFilters) return refuse(`invalid: a REQ may have ${limits.maxFilters} filters at most`);
  const parsed = parseFilters(filters, context);
  return parsed.ok && asksInVain(context, connection, parsed.filters)
    ? refuse('auth-required: gift wraps go to their recipient only; authenticate and ask again')
    : parsed;
}

function parseFilters(filters: readonly unknown[], { limits }: RelayContext): Parsed {
  const parsed: Filter[] = [];
  for (const filter of filters) {
    const result = parseFilter(filter, limits);
    if (!result.ok) return result;
    parsed.push(result.filter);
  }
  return { ok: true, filters: parsed };
}

/** True for a REQ that names gift wraps before its client has said who it is. */
function asksInVain(context: RelayContext, { authenticatedKeys }: Connection, filters: readonly Filter[]): boolean {
  if (!context.requireAuthForGiftWraps || authenticatedKeys.size > 0) return false;
  return filters.some(({ kinds }) => kinds?.has(KIND_GIFT_WRAP) === true);
}

function selectRows(context: RelayContext, connection: Connection, filters: readonly Filter[]): readonly number[] | undefined {
  const readers = context.requireAuthForGiftWraps ? connection.authenticatedKeys : 'anyone';
  try {
    return context.store.select(filters, readers, context.clock.now());
  } catch {
    return undefined;
  }
}

/** Sends the next events, and goes on once the client has read enough of them and others had their turn. */
function sendBacklog(backlog: Backlog): void {
  const { context, connection, subscriptionId, rows } = backlog;
  const highWaterBytes = Math.min(BACKLOG_BYTES, context.limits.maxBufferedBytes / 2);
  for (let sent = 0; backlog.next < rows.length; sent++) {
    if (!isWanted(backlog)) return;
    if (sent === BATCH_EVENTS) return void setImmediate(sendBacklog, backlog);
    const row = loadNext(backlog);
    if (row === 'failed') return giveUp(backlog);
    if (row === 'gone') continue;
    const frame = encodeEvent(subscriptionId, row.json);
    if (connection.socket.bufferedAmount > highWaterBytes) return connection.socket.send(frame, () => sendBacklog(backlog));
    send(connection, frame);
  }
  if (isWanted(backlog)) send(connection, encodeEose(subscriptionId));
}

/** False once the subscription was closed or replaced or the connection is down; the store may be closed then. */
function isWanted({ connection, subscriptionId, subscription }: Backlog): boolean {
  return isOpen(connection) && connection.subscriptions.get(subscriptionId) === subscription;
}

/** The next event as JSON text; `gone` when it has been deleted, replaced or has expired since. */
function loadNext(backlog: Backlog): { readonly json: string } | 'gone' | 'failed' {
  const { store, clock } = backlog.context;
  const seq = backlog.rows[backlog.next++];
  try {
    const json = seq === undefined ? undefined : store.load(seq, clock.now());
    return json === undefined ? 'gone' : { json };
  } catch {
    return 'failed';
  }
}

function giveUp({ connection, subscriptionId }: Backlog): void {
  connection.subscriptions.delete(subscriptionId);
  send(connection, encodeClosed(subscriptionId, STORE_FAULT));
}

function refuse(reason: Refusal): Parsed {
  return { ok: false, reason };
}
