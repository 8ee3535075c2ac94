// Fuzzing of everything that reads what others wrote: canonical text, moves, terms, usage, bundles, pieces of files.

import { bytesToHex } from '../core/bytes.ts';
import { canonicalJson, findProblem, parseCanonical } from '../core/canonical.ts';
import { MAX_MSAT } from '../core/money.ts';
import { mutateBytes, mutateText, type Random } from '../core/mutations.fixture.ts';
import { mutateValue } from '../core/mutateValue.fixture.ts';
import { mutateEvent, mutateTemplate } from '../marmot/mutations.fixture.ts';
import { parsePayload } from '../marmot/payload.ts';
import { makeRumor, type NostrEvent } from '../nostr/event.ts';
import { SMALLEST } from './agreementVectors.fixture.ts';
import { encodeBundle, parseBundle, withholdTerms, type Bundle } from './bundle.ts';
import { ceilingOf } from './ceiling.ts';
import { makeDeal, VALUES, verify } from './deal.fixture.ts';
import { claim, type Edit, type FuzzLane } from './fuzz.fixture.ts';
import { decodeMove, encodeMove, MAX_CONTENT_BYTES, type DecodedMove, type MoveRumor } from './move.ts';
import { computeOwed } from './owed.ts';
import { decodeParcel, decodeWant, encodeParcel, encodeWant, fitsFile, joinParcels, PARCEL_BYTES, splitFile } from './parcel.ts';
import { EXAMPLES, type Model } from './price.fixture.ts';
import { stageMove } from './refused.fixture.ts';
import { renderTerms } from './renderTerms.ts';
import { SCENES, WHOLE_TERMS } from './scenes.fixture.ts';
import { parseTerms, readLeaf, type Terms } from './terms.ts';
import { isLeafValue, TERMS_LEAVES } from './termsLeaves.ts';
import { computeTermsRoot } from './termsRoot.ts';
import { checkArrival } from './transition.ts';
import { parseUsage, type Usage } from './usage.ts';
import { verifyBundle } from './verifyBundle.ts';

const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/** One valid move of each scene. */
export const validMoves = lazily(() => SCENES.map((name) => stageMove(name).rumor));
const bodies = lazily(() => validMoves().map(({ content }) => JSON.parse(content) as unknown));

/** A value as text: canonical where it has such a form. */
function write(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    return JSON.stringify(value) ?? '';
  }
}

function damageValue(edits: readonly Edit[], start: unknown, pool: unknown): unknown {
  return edits.reduce((value, { random, tell }) => {
    const damaged = mutateValue(random, value, pool);
    tell(`${damaged.mutation}: ${JSON.stringify(damaged.value) ?? 'nothing'}`);
    return damaged.value;
  }, start);
}

/** Damage to the value, and now and then to the text that it is written as. */
function damageText(edits: readonly Edit[], start: unknown, pool: unknown): string {
  const last = edits.at(-1);
  const isInText = last !== undefined && last.random.below(3) === 0;
  const text = write(damageValue(isInText ? edits.slice(0, -1) : edits, start, pool));
  if (!isInText) return text;
  const damaged = mutateText(last.random, text, write(pool));
  last.tell(`text: ${damaged}`);
  return damaged;
}

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

const asEvent = (rumor: MoveRumor): NostrEvent => ({ ...rumor, sig: '0'.repeat(128) }) as unknown as NostrEvent;

const rumorLane: FuzzLane = {
  name: 'whole event',
  share: 12,
  edits: 2,
  run: (random, edits) => {
    const [rumor, other] = [random.pick(validMoves()), random.pick(validMoves())];
    const damaged = edits.reduce<unknown>((event, { random: each, tell }) => {
      const { mutation, value } = isEvent(event) ? damageEvent(each, event, asEvent(other)) : { mutation: 'none', value: event };
      tell(`${mutation}: ${JSON.stringify(value).slice(0, 400)}`);
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

const anyTerms = lazily(() => [
  WHOLE_TERMS,
  SMALLEST.terms,
  ...(Object.keys(EXAMPLES) as Model[]).map((model): Terms => ({ ...SMALLEST.terms, price: EXAMPLES[model] })),
]);

/** What can be done with terms that are taken is done. */
function checkTerms(terms: Terms): void {
  claim(
    TERMS_LEAVES.every((pointer) => isLeafValue(pointer, readLeaf(terms, pointer))),
    'each leaf of valid terms is valid by itself',
  );
  const again = parseTerms(JSON.parse(canonicalJson(terms)));
  claim(again.kind === 'ok' && canonicalJson(again.terms) === canonicalJson(terms), 'terms read back as the same terms');
  const most = ceilingOf(terms.price);
  claim(most === undefined || (most >= 0n && most <= MAX_MSAT), 'a ceiling is an amount');
  claim(computeTermsRoot(terms, SMALLEST.seed).length === 64, 'terms have a root');
  claim(renderTerms(terms).length < 2_000_000, 'terms are told in words');
}

const termsLane: FuzzLane = {
  name: 'terms',
  share: 14,
  edits: 3,
  run: (random, edits) => {
    const start = random.pick(anyTerms());
    const value = damageValue(edits, start, anyTerms());
    const parsed = parseTerms(value);
    if (parsed.kind === 'refused') return parsed.problem;
    claim(canonicalJson(parsed.terms) === canonicalJson(value), 'nothing is taken without a word about the rest');
    checkTerms(parsed.terms);
    return 'ok';
  },
};

const USAGES: readonly Usage[] = [
  {},
  { units: 0 },
  { units: 1_500_000 },
  { units: Number.MAX_SAFE_INTEGER },
  { periods: [0, 101, 99_999] },
  { milestones: ['Draft'] },
  { measures: { late_s: 90, accuracy_ppm: -1 } },
];

const owedLane: FuzzLane = {
  name: 'what is owed',
  share: 12,
  edits: 3,
  run: (random, edits) => {
    const start = { terms: random.pick(anyTerms()), usage: random.pick(USAGES) };
    const damaged = damageValue(edits, start, [USAGES, anyTerms()]) as Partial<typeof start> | null;
    const [terms, usage] = [parseTerms(damaged?.terms), parseUsage(damaged?.usage)];
    if (terms.kind === 'refused' || usage.kind === 'refused') return 'refused';
    const owed = computeOwed(terms.terms, usage.usage);
    if (owed.kind === 'refused') return owed.reason;
    const sum = owed.lines.reduce((total, { amountMsat }) => total + amountMsat, 0n);
    claim(sum === owed.owedMsat && owed.owedMsat === owed.baseMsat - owed.creditsMsat, 'the lines add up');
    claim(owed.owedMsat >= 0n && owed.baseMsat <= MAX_MSAT && owed.creditsMsat >= 0n, 'what is owed is an amount');
    const most = ceilingOf(terms.terms.price);
    claim(most === undefined || owed.baseMsat <= most, 'nothing is owed above the ceiling');
    return 'owed';
  },
};

const bundles = lazily((): readonly Bundle[] => {
  const { c, v, a, l } = VALUES;
  const closed = makeDeal({ c, a });
  const all = [closed, makeDeal({ c, v, a, l }), makeDeal({ c, a }, { signsFirst: 'provider' }), makeDeal({}, { without: 'second' })];
  return [...all, withholdTerms(closed, ['/price', '/scope/inputs'])];
});

const bundleLane: FuzzLane = {
  name: 'bundle',
  share: 10,
  edits: 2,
  run: (random, edits) => {
    const start = random.pick(bundles());
    const text = damageText(edits, start, bundles());
    const asBytes = random.below(4) === 0;
    const content = asBytes ? mutateBytes(random, Buffer.from(text || ' ')).value : text;
    const report = verifyBundle(content, verify);
    const parsed = parseBundle(content);
    if (parsed.kind === 'ok')
      claim(encodeBundle(parsed.bundle).trimEnd() === Buffer.from(content).toString().trimEnd(), 'a bundle is its own text');
    if (report.kind === 'invalid') return parsed.kind === 'ok' ? 'invalid' : 'refused';
    // Whatever is damaged: what is valid is about a deal that was signed, with nothing but what was agreed.
    claim(
      report.agreement ===
        bundles()
          .map(agreedIn)
          .find((each) => each === report.agreement),
      'only what was signed is valid',
    );
    for (const [pointer, value] of report.shown) {
      const known = bundles().flatMap(({ terms }) => (terms.kind === 'full' ? [readLeaf(terms.terms, pointer)] : []));
      claim(
        known.some((each) => canonicalJson(each) === canonicalJson(value)),
        'only what was agreed is shown',
      );
    }
    return report.state;
  },
};

function agreedIn(bundle: Bundle): string {
  const report = verifyBundle(encodeBundle(bundle), verify);
  return report.kind === 'valid' ? report.agreement : '';
}

const FILE = Uint8Array.from({ length: PARCEL_BYTES + 100 }, (_, i) => i % 251);
const parcels = lazily(() => {
  const pieces = splitFile(FILE);
  const sha256 = pieces[0]?.sha256 ?? '';
  const events = pieces.map((piece) => encodeParcel('ab'.repeat(32), piece, 1));
  return {
    pieces,
    file: { name: 'x', sha256, size: FILE.length },
    events: [...events, encodeWant('ab'.repeat(32), { sha256, parts: [0, 1, 17] }, 1)],
  };
});

const parcelLane: FuzzLane = {
  name: 'piece of a file',
  share: 6,
  edits: 2,
  run: (random, edits) => {
    const { events, file, pieces } = parcels();
    const damaged = edits.reduce<NostrEvent>(
      (event, { random: each, tell }) => {
        const { mutation, value } = mutateTemplate(each, event, asEvent(random.pick(events)));
        tell(mutation);
        return { ...makeRumor(event.pubkey, value), sig: event.sig };
      },
      asEvent(random.pick(events)),
    );
    const { sig: _, ...rumor } = damaged;
    const [parcel, want] = [decodeParcel(rumor), decodeWant(rumor)];
    if (want !== undefined) {
      claim(
        encodeWant(rumor.pubkey, want, rumor.created_at).content === rumor.content && want.parts.length <= 175,
        'a wish is its own text',
      );
      return 'want';
    }
    if (parcel === undefined) return 'none';
    const encoded = encodeParcel(rumor.pubkey, parcel, rumor.created_at);
    claim(encoded.content === rumor.content && parcel.data.length <= PARCEL_BYTES, 'a piece is its own text');
    const fits = fitsFile(parcel, file);
    const joined = joinParcels(file, [...pieces.filter(({ part }) => part !== parcel.part), parcel]);
    claim(joined === undefined || (fits && bytesToHex(joined) === bytesToHex(FILE)), 'only the pieces of a file make the file');
    return fits ? 'fits' : 'parcel';
  },
};

/** The lanes of the readers. */
export const READER_LANES: readonly FuzzLane[] = [canonicalLane, contentLane, rumorLane, termsLane, owedLane, bundleLane, parcelLane];
