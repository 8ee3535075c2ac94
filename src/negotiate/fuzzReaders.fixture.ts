// Fuzzing of what reads a move: canonical text, content, whole events.

import { canonicalJson, findProblem, parseCanonical } from '../core/canonical.ts';
import type { Random } from '../core/mutations.fixture.ts';
import { mutateEvent, mutateTemplate } from '../marmot/mutations.fixture.ts';
import { parsePayload } from '../marmot/payload.ts';
import { makeRumor, type NostrEvent } from '../nostr/event.ts';
import { claim, type FuzzLane } from './fuzz.fixture.ts';
import { asEvent, damageText, lazily } from './fuzzDamage.fixture.ts';
import { decodeMove, encodeMove, MAX_CONTENT_BYTES, type DecodedMove, type MoveRumor } from './move.ts';
import { decodeParcel, decodeWant } from './parcel.ts';
import { stageMove } from './refused.fixture.ts';
import { SCENES } from './scenes.fixture.ts';
import { checkArrival } from './transition.ts';

const validMoves = lazily(() => SCENES.map((name) => stageMove(name).rumor));
const bodies = lazily(() => validMoves().map(({ content }) => JSON.parse(content) as unknown));

const canonicalLane: FuzzLane = {
  name: 'canonical text',
  share: 12,
  edits: 3,
  run: (random, edits) => {
    const text = damageText(edits, random.pick(bodies()), bodies());
    const parsed = parseCanonical(text, { maxBytes: 10_000 });
    if (parsed.kind === 'refused') return parsed.reason;
    claim(canonicalJson(parsed.value) === text && findProblem(parsed.value) === undefined, 'what is taken is canonical');
    claim(Buffer.byteLength(text) <= 10_000, 'what is taken is within the limit');
    return 'ok';
  },
};

/** What is taken as a move says in its own encoding what was received, byte by byte. */
export function checkDecoded(rumor: MoveRumor, decoded: DecodedMove): void {
  if (decoded.kind === 'not-a-move') return;
  const { header } = decoded;
  claim(header.id === rumor.id && header.author === rumor.pubkey, 'a header is that of its event');
  if (decoded.kind !== 'move') return;
  const { seq, prev, seen, nid, author } = header;
  const isOpening = decoded.body.type === 'open';
  const alt = rumor.tags.at(-1)?.[1] ?? '';
  const draft = { author, ...(isOpening ? {} : { nid }), seq, prev, seen, alt, body: decoded.body, createdAt: rumor.created_at };
  const encoded = encodeMove(draft);
  claim(encoded.content === rumor.content, 'what is taken is written again in the same bytes');
  claim(
    JSON.stringify(encoded) === JSON.stringify({ ...encoded, tags: rumor.tags, id: rumor.id }),
    'what is taken is the same event again',
  );
  claim(rumor.content.length <= MAX_CONTENT_BYTES, 'what is taken is within the limit');
}

/** Decodes as an agent does, with the signature checked at most once. */
function readMove(rumor: MoveRumor): string {
  const decoded = decodeMove(rumor);
  checkDecoded(rumor, decoded);
  if (decoded.kind === 'not-a-move') return 'no move';
  let checks = 0;
  const checked = checkArrival(decoded, () => (checks += 1) > 0);
  claim(checks <= 1, 'one move costs one signature check at most');
  return checked.kind === 'move' ? checked.body.type : checked.problem;
}

const withContent = ({ pubkey, created_at, kind, tags }: MoveRumor, content: string): MoveRumor =>
  makeRumor(pubkey, { created_at, kind, tags, content }) as MoveRumor;

const contentLane: FuzzLane = {
  name: 'content of a move',
  share: 24,
  edits: 3,
  run: (random, edits) => {
    const at = random.below(validMoves().length);
    const text = damageText(edits, bodies()[at], bodies());
    return readMove(withContent(validMoves()[at] as MoveRumor, text.toWellFormed()));
  },
};

const rumorLane: FuzzLane = {
  name: 'whole event',
  share: 12,
  edits: 2,
  run: (random, edits) => {
    const [rumor, other] = [random.pick(validMoves()), random.pick(validMoves())];
    const damaged = edits.reduce<unknown>((event, { random: each, tell }) => {
      const { mutation, value } = isEvent(event) ? damageEvent(each, event, asEvent(other)) : { mutation: 'none', value: event };
      tell(() => `${mutation}: ${JSON.stringify(value)}`);
      return value;
    }, asEvent(rumor));
    const { sig: _, ...unsigned } = (isEvent(damaged) ? damaged : {}) as Record<string, unknown>;
    const payload = parsePayload(JSON.stringify(isEvent(damaged) ? unsigned : damaged) ?? '');
    if (payload === undefined) return 'no payload';
    return `${readMove(payload)}${decodeParcel(payload) === undefined ? '' : ', parcel'}${decodeWant(payload) === undefined ? '' : ', want'}`;
  },
};

/** Most damage is put under the right id, or nothing would come past the first look. */
function damageEvent(random: Random, event: NostrEvent, other: NostrEvent): { readonly mutation: string; readonly value: unknown } {
  if (random.below(4) === 0) return mutateEvent(random, event, other);
  const { mutation, value } = mutateTemplate(random, event, other);
  return { mutation, value: { ...makeRumor(event.pubkey, value), sig: event.sig } };
}

function isEvent(value: unknown): value is NostrEvent {
  const { id, pubkey, sig, tags, content } = (value ?? {}) as Record<string, unknown>;
  const isHex = [id, pubkey, sig].every((each) => typeof each === 'string' && each !== '');
  return (
    isHex &&
    typeof content === 'string' &&
    Array.isArray(tags) &&
    tags.every((tag) => Array.isArray(tag) && tag.every((item) => typeof item === 'string'))
  );
}

/** The lanes of what reads a move. */
export const READER_LANES: readonly FuzzLane[] = [canonicalLane, contentLane, rumorLane];
