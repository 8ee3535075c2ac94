// The moves of a negotiation as a conversation.

import type { Hex } from '../core/bytes.ts';
import type { FileRef } from '../negotiate/files.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import type { MoveBody } from '../negotiate/moveBody.ts';
import { formatPrice } from '../negotiate/priceWords.ts';
import { renderTerms } from '../negotiate/renderTerms.ts';
import type { Terms } from '../negotiate/terms.ts';
import type { MoveRecord } from '../store/records.ts';

/** One move. `at` is when it was written down here (unix seconds). */
export interface MoveView {
  readonly id: Hex;
  readonly seq: number;
  readonly by: 'me' | 'peer';
  readonly at: number;
  /** `unusable` for a move of the peer that could not be read. */
  readonly type: MoveBody['type'] | 'unusable';
  /** The words that came with it: requirements, question, answer, reason. Peer text: clean it before printing. */
  readonly text?: string;
  /** The price of an offer, for people. */
  readonly price?: string;
  /** The terms of an offer, as lines for people. */
  readonly lines?: readonly string[];
  /** The offer that an accept or reject is about. */
  readonly offer?: Hex;
  /** Files handed over, by name, digest and size in bytes. */
  readonly files?: readonly FileRef[];
  /** The code of an error or a reject. */
  readonly code?: string;
  /** False while no relay has taken a move of ours. */
  readonly isSent: boolean;
}

/** Views one recorded move. */
export function viewMove(record: MoveRecord, me: Hex): MoveView | undefined {
  const decoded = decodeMove(JSON.parse(record.rumor) as MoveRumor);
  if (decoded.kind === 'not-a-move') return undefined;
  const isMine = record.author === me;
  const head = {
    id: record.id,
    seq: decoded.header.seq,
    by: isMine ? 'me' : 'peer',
    at: record.recordedAt,
    isSent: !isMine || record.sentAt !== undefined,
  } as const;
  return decoded.kind === 'unusable' ? { ...head, type: 'unusable' } : { ...head, type: decoded.body.type, ...viewBody(decoded.body) };
}

function viewBody(body: MoveBody): Pick<MoveView, 'text' | 'price' | 'lines' | 'offer' | 'code' | 'files'> {
  switch (body.type) {
    case 'open':
      return { text: body.requirements };
    case 'ask':
    case 'answer':
      return { text: body.text };
    case 'offer':
      return { price: formatPrice(body.terms.price), lines: [body.terms, ...(body.alternatives ?? [])].flatMap(renderWhole) };
    case 'accept':
    case 'withdraw':
      return { offer: body.offer };
    case 'reject':
      return { offer: body.offer, code: body.code, ...(body.text === undefined ? {} : { text: body.text }) };
    case 'error':
      return { code: body.code };
    case 'deliver':
      return { files: body.files, ...(body.text === undefined ? {} : { text: body.text }) };
    case 'input':
      return { files: body.files };
    case 'dispute':
      return { code: body.code, ...(body.text === undefined ? {} : { text: body.text }) };
    case 'payterms':
    case 'funded':
    case 'completion':
    case 'confirm':
    case 'close':
    case 'cancel':
    case 'receipt':
      return {};
    default:
      return body satisfies never;
  }
}

/** Alternatives follow the main terms, each under a number. */
function renderWhole(terms: Terms, index: number): readonly string[] {
  return [...(index === 0 ? [] : [`Or, alternative ${index}:`]), ...renderTerms(terms)];
}
