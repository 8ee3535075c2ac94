// Fuzzing of what reads the documents of a deal: terms, usage, bundles, pieces of files.

import { bytesToHex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import { MAX_MSAT } from '../core/money.ts';
import { mutateBytes } from '../core/mutations.fixture.ts';
import { mutateTemplate } from '../marmot/mutations.fixture.ts';
import { makeRumor, type NostrEvent } from '../nostr/event.ts';
import { hashAgreement } from './agreement.ts';
import { SMALLEST } from './agreementVectors.fixture.ts';
import { encodeBundle, withholdTerms, type Bundle } from './bundle.ts';
import { parseBundle } from './parseBundle.ts';
import { ceilingOf } from './ceiling.ts';
import { makeDeal, VALUES, verify } from './deal.fixture.ts';
import { claim, type FuzzLane } from './fuzz.fixture.ts';
import { asEvent, damageText, damageValue, lazily } from './fuzzDamage.fixture.ts';
import { computeOwed } from './owed.ts';
import { decodeParcel, decodeWant, encodeParcel, encodeWant, fitsFile, joinParcels, PARCEL_BYTES, splitFile } from './parcel.ts';
import { EXAMPLES, type Model } from './price.fixture.ts';
import { renderTerms } from './renderTerms.ts';
import { WHOLE_TERMS } from './scenes.fixture.ts';
import { readLeaf, type Terms } from './terms.ts';
import { parseTerms } from './termsSchema.ts';
import { TERMS_LEAVES } from './termsLeaves.ts';
import { isLeafValue } from './leafSchemas.ts';
import { computeTermsRoot } from './termsRoot.ts';
import { parseUsage, type Usage } from './usage.ts';
import { verifyBundle } from './verifyBundle.ts';

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
    claim(agreements().has(report.agreement), 'only what was signed is valid');
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

const agreements = lazily(() => new Set(bundles().map(({ agreement }) => hashAgreement(agreement))));

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
        tell(() => mutation);
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
    claim(joined === undefined || bytesToHex(joined) === bytesToHex(FILE), 'only the pieces of a file make the file');
    return fits ? 'fits' : 'parcel';
  },
};

/** The lanes of the documents. */
export const DOCUMENT_LANES: readonly FuzzLane[] = [termsLane, owedLane, bundleLane, parcelLane];
