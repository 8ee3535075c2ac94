// A move on the wire: an unsigned event of kind 4390 with its place in the sender's chain (PROTOCOL "Carrier and envelope").

import { sha256Hex, isHex32, type Hex } from '../core/bytes.ts';
import { canonicalJson, parseCanonical } from '../core/canonical.ts';
import { moveBodySchema, type MoveBody } from './moveBody.ts';

/** Event kind of a move. */
export const MOVE_KIND = 4390;
/** Largest content of a move in bytes of UTF-8. */
export const MAX_CONTENT_BYTES = 32_768;

const MAX_ALT_CHARS = 500;
const SEQ = /^[1-9][0-9]{0,5}$/;

/** An unsigned event as the channel carries it; the channel has checked its id and that its author is the MLS sender. */
export interface MoveRumor {
  readonly id: Hex;
  readonly pubkey: Hex;
  /** Unix seconds; decides nothing. */
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

/** Where a move stands: the negotiation, the sender's chain and what the sender has seen of the other. */
export interface MoveHeader {
  readonly id: Hex;
  readonly author: Hex;
  readonly nid: Hex;
  /** 1, 2, 3 … per sender and negotiation. */
  readonly seq: number;
  /** Id of the sender's previous move, '' for its first. */
  readonly prev: Hex | '';
  /** Id of the latest move of the other side that the sender has processed, '' for none. */
  readonly seen: Hex | '';
  /** Of an offer that carries a signature: the id it would have without. */
  readonly ref?: Hex;
}

/** Why an authentic move cannot be used; sent back as the code of an `error`. */
export type ContentProblem = 'oversize' | 'not-canonical' | 'unknown-type' | 'schema' | 'signature';

/** A decoded move: usable, authentic but unusable, or no move at all (dropped without an answer). */
export type DecodedMove =
  | { readonly kind: 'move'; readonly header: MoveHeader; readonly body: MoveBody }
  | { readonly kind: 'unusable'; readonly header: MoveHeader; readonly problem: ContentProblem }
  | { readonly kind: 'not-a-move' };

/** What is needed to encode an own move. */
export interface MoveDraft {
  readonly author: Hex;
  /** Absent on `open`. */
  readonly nid?: Hex;
  readonly seq: number;
  readonly prev: Hex | '';
  readonly seen: Hex | '';
  /** One sentence for people; display only. */
  readonly alt: string;
  readonly body: MoveBody;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** Encodes an own move; the same draft always gives the same event. */
export function encodeMove(draft: MoveDraft): MoveRumor {
  const { author, nid, seq, prev, seen, alt, body, createdAt } = draft;
  const head = nid === undefined ? [] : [['n', nid]];
  const tags = [...head, ['seq', String(seq)], ['prev', prev], ['seen', seen], ['alt', alt]];
  const content = canonicalJson(body);
  const id = computeMoveId(author, createdAt, tags, content);
  return { id, pubkey: author, created_at: createdAt, kind: MOVE_KIND, tags, content };
}

/** Decodes a peer's event. Never throws. */
export function decodeMove(rumor: MoveRumor): DecodedMove {
  const header = rumor.kind === MOVE_KIND ? readHeader(rumor) : undefined;
  if (header === undefined) return { kind: 'not-a-move' };
  const parsed = parseCanonical(rumor.content, { maxBytes: MAX_CONTENT_BYTES });
  if (parsed.kind === 'refused') return { kind: 'unusable', header, problem: parsed.reason === 'too-large' ? 'oversize' : 'not-canonical' };
  const body = moveBodySchema.safeParse(parsed.value);
  if (!body.success) return { kind: 'unusable', header, problem: isKnownType(parsed.value) ? 'schema' : 'unknown-type' };
  // Only `open` may, and must, leave out the nid, since its own id is the nid.
  const fits = (body.data.type === 'open') === (header.nid === rumor.id);
  return fits
    ? { kind: 'move', header: withRef(header, rumor, body.data), body: body.data }
    : { kind: 'unusable', header, problem: 'schema' };
}

/** An offer is signed before its own id is known: what is signed names it as it is without the signature (PROTOCOL "The agreement"). */
function withRef(header: MoveHeader, { pubkey, created_at: createdAt, tags }: MoveRumor, body: MoveBody): MoveHeader {
  if (body.type !== 'offer' || body.presigned === undefined) return header;
  const { presigned: _, ...plain } = body;
  return { ...header, ref: computeMoveId(pubkey, createdAt, tags, canonicalJson(plain)) };
}

function computeMoveId(author: Hex, createdAt: number, tags: MoveRumor['tags'], content: string): Hex {
  return sha256Hex(JSON.stringify([0, author, createdAt, MOVE_KIND, tags, content]));
}

function readHeader(rumor: MoveRumor): MoveHeader | undefined {
  const names = rumor.tags.map((tag) => (tag.length === 2 ? tag[0] : undefined)).join();
  const isOpening = names === 'seq,prev,seen,alt';
  if (!isOpening && names !== 'n,seq,prev,seen,alt') return undefined;
  const [nid, seq = '', prev = '', seen = '', alt = ''] = [...(isOpening ? [rumor.id] : []), ...rumor.tags.map((tag) => tag[1])];
  if (!isHex32(nid) || !SEQ.test(seq) || !isLink(prev) || !isLink(seen) || alt.length > MAX_ALT_CHARS) return undefined;
  return { id: rumor.id, author: rumor.pubkey, nid, seq: Number(seq), prev, seen };
}

function isLink(value: string): boolean {
  return value === '' || isHex32(value);
}

function isKnownType(value: unknown): boolean {
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
  return moveBodySchema.options.some((option) => option.shape.type.value === type);
}
