// The conversation with a remote signer (NIP-46): requests under ids of ours, sent again when a loss is likely, answered once each.

import { bytesToHex } from '../core/bytes.ts';
import type { Clock, Rng } from '../core/ports.ts';
import { bunkerRefused, bunkerUnapproved, bunkerUnreachable } from './bunkerError.ts';
import { completeBunkerLimits, type BunkerLimits } from './bunkerLimits.ts';
import { openBunkerLine, type BunkerLine } from './bunkerLine.ts';
import { encodeRequest, type BunkerAnswer, type BunkerMethod } from './bunkerMessage.ts';
import type { BunkerUrl } from './bunkerUrl.ts';
import { orAborted, waitFor, withDeadline } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import type { RelayPool } from './relayPool.ts';
import { createKeySigner } from './signer.ts';

/** With whom to talk, as whom, over which connections. */
export interface BunkerSessionOptions {
  readonly url: BunkerUrl;
  /** Secret key (32 bytes) of our end of the line; not the identity's. */
  readonly clientKey: Uint8Array;
  readonly pool: () => Promise<RelayPool>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits?: Partial<BunkerLimits> | undefined;
  /** Shows the owner a page to approve a request at; without it such a request fails. */
  readonly onApprovalUrl?: ((url: string) => void) | undefined;
}

/** A conversation with a bunker; it connects when something is asked for the first time. */
export interface BunkerSession {
  /** Asks for something; any number may be asked at once. Throws `signer/unreachable`, `signer/unapproved`, `signer/refused`. */
  request(method: BunkerMethod, params: readonly string[]): Promise<string>;
  /** Ends it; what still waits fails as `signer/unreachable`. */
  close(): void;
}

type Outcome = { readonly kind: 'result'; readonly result: string } | { readonly kind: 'refused' | 'unapproved' | 'unreachable' };

interface Waiting {
  readonly id: string;
  readonly body: string;
  readonly settle: (outcome: Outcome) => void;
  /** The request as it was last sent; undefined until it is sealed. */
  event: NostrEvent | undefined;
  sentAt: number;
  /** The owner is looking at it: sent again, it would be asked twice. */
  isAtOwner: boolean;
}

interface Session {
  readonly options: BunkerSessionOptions;
  readonly limits: BunkerLimits;
  readonly closing: AbortController;
  readonly line: () => Promise<BunkerLine>;
  readonly waiting: Map<string, Waiting>;
  ping: Waiting | undefined;
  hasMissedPing: boolean;
  isWatched: boolean;
  /** Times are of `performance.now()`. */
  heardAt: number;
  restsUntil: number;
}

const ID_BYTES = 16;

/** Opens a session. Throws `input/invalid` for a bad key or limit. */
export function openBunkerSession(options: BunkerSessionOptions): BunkerSession {
  const client = createKeySigner(options.clientKey);
  const { url, clock } = options;
  const closing = new AbortController();
  let line: Promise<BunkerLine> | undefined;
  const openLine = async (): Promise<BunkerLine> =>
    openBunkerLine({
      ...{ pool: await options.pool(), clock, relays: url.relays, remote: url.remote, client, signal: closing.signal },
      onAnswer: (answer) => takeAnswer(session, answer),
      onReady: (relay, isBack) => void sendAll(session, relay, isBack),
    });
  const session: Session = {
    ...{ options, limits: completeBunkerLimits(options.limits ?? {}), closing, line: () => (line ??= openLine()), waiting: new Map() },
    ...{ ping: undefined, hasMissedPing: false, isWatched: false, heardAt: -Infinity, restsUntil: -Infinity },
  };
  return { request: (method, params) => request(session, method, params), close: () => closing.abort() };
}

async function request(session: Session, method: BunkerMethod, params: readonly string[]): Promise<string> {
  const { limits, closing, waiting } = session;
  if (closing.signal.aborted || performance.now() < session.restsUntil) throw bunkerUnreachable();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const asked = prepare(session, method, params, resolve);
  const askedAt = performance.now();
  waiting.set(asked.id, asked);
  try {
    void watch(session);
    await send(session, asked);
    const outcome = await withDeadline(limits.answerMs, closing.signal, (deadline) => orAborted(promise, deadline));
    const isAlive = session.heardAt > askedAt && !closing.signal.aborted;
    return readOutcome(outcome ?? { kind: isAlive ? 'unapproved' : 'unreachable' });
  } finally {
    waiting.delete(asked.id);
  }
}

function prepare({ options }: Session, method: BunkerMethod, params: readonly string[], settle: Waiting['settle']): Waiting {
  const id = bytesToHex(options.rng.bytes(ID_BYTES));
  return { id, body: encodeRequest(id, method, params), settle, event: undefined, sentAt: performance.now(), isAtOwner: false };
}

/** Sends a request in a fresh event: bunkers pass over an event that they have seen, and know a request by its id. */
async function send(session: Session, asked: Waiting, relay?: string): Promise<void> {
  const line = await session.line();
  asked.event = await line.seal(asked.body);
  asked.sentAt = performance.now();
  line.send(asked.event, relay === undefined ? undefined : [relay]);
}

/** What waits goes to a relay that has become ready: the same event, or after a loss a fresh one. */
async function sendAll(session: Session, relay: string, isBack: boolean): Promise<void> {
  const line = await session.line();
  for (const asked of [...session.waiting.values()].filter(({ isAtOwner }) => !isAtOwner)) {
    if (isBack) await send(session, asked, relay);
    else if (asked.event !== undefined) line.send(asked.event, [relay]);
  }
}

function takeAnswer(session: Session, answer: BunkerAnswer): void {
  const asked = session.ping?.id === answer.id ? session.ping : session.waiting.get(answer.id);
  // Only an answer to what waits shows that the bunker is alive; an old one may come from a relay that has kept it.
  if (asked === undefined) return;
  session.heardAt = performance.now();
  if (asked === session.ping) session.ping = undefined;
  else if (answer.kind === 'approve') askOwner(session, asked, answer.url);
  else asked.settle(answer);
}

function askOwner({ options }: Session, asked: Waiting, url: string): void {
  if (options.onApprovalUrl === undefined) return asked.settle({ kind: 'unapproved' });
  if (!asked.isAtOwner) options.onApprovalUrl(url);
  asked.isAtOwner = true;
}

/** Looks after what waits for as long as something does. */
async function watch(session: Session): Promise<void> {
  const { closing, limits, waiting } = session;
  if (session.isWatched) return;
  session.isWatched = true;
  session.hasMissedPing = false;
  session.ping = undefined;
  const beganAt = performance.now();
  while (!closing.signal.aborted && waiting.size > 0) {
    await waitFor(limits.lookMs, closing.signal);
    if (waiting.size > 0) await look(session, Math.max(beganAt, session.heardAt));
  }
  session.isWatched = false;
}

async function look(session: Session, lastSign: number): Promise<void> {
  const { limits, waiting } = session;
  const now = performance.now();
  if (now - lastSign >= limits.aliveMs) {
    session.restsUntil = now + limits.restMs;
    for (const asked of waiting.values()) asked.settle({ kind: 'unreachable' });
    waiting.clear();
    return;
  }
  const isBack = session.ping === undefined && session.hasMissedPing;
  session.hasMissedPing = session.ping !== undefined;
  // What was asked while the bunker was away never reached it.
  const due = [...waiting.values()].filter((asked) => !asked.isAtOwner && (isBack || now - asked.sentAt >= limits.repeatMs));
  for (const asked of due) await send(session, asked);
  // The same ping until it is answered, however slow the way.
  session.ping ??= prepare(session, 'ping', [], () => undefined);
  await send(session, session.ping);
}

function readOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'result':
      return outcome.result;
    case 'refused':
      throw bunkerRefused();
    case 'unapproved':
      throw bunkerUnapproved();
    case 'unreachable':
      throw bunkerUnreachable();
    default:
      return outcome satisfies never;
  }
}
