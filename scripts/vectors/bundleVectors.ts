// Vectors of bundles: one valid bundle of each state and form, and tampered ones with the checks they fail.

import { bytesToHex, utf8 } from '../../src/core/bytes.ts';
import { canonicalJson } from '../../src/core/canonical.ts';
import { encodeBundle, withholdTerms, type Bundle } from '../../src/negotiate/bundle.ts';
import { parseBundle } from '../../src/negotiate/parseBundle.ts';
import { hashAgreement, makeAgreement, type Agreement, type Role } from '../../src/negotiate/agreement.ts';
import { hashLock, makeSignatureTemplate, type SignedEvent, type SignerRole } from '../../src/negotiate/signature.ts';
import type { Terms } from '../../src/negotiate/terms.ts';
import type { TermsLeaf } from '../../src/negotiate/termsLeaves.ts';
import { computeTermsRoot, deriveAlternativeSeed, discloseTerms } from '../../src/negotiate/termsRoot.ts';
import { verifyBundle } from '../../src/negotiate/verifyBundle.ts';
import { flip } from './signatureVectors.ts';
import { LARGEST } from './termsVectors.ts';
import { draw, expectSame, otherOf, PUBLIC, sign, T0, verify, type Signer } from './testKeys.ts';

const V = { c: draw('c'), v: draw('v'), a: draw('a'), l: draw('l') };
const { c, v, a, l } = V;

interface Options {
  readonly offeror?: Role;
  readonly signsFirst?: Role;
  readonly secondAt?: number;
  readonly alternative?: number;
  /** What both signed otherwise than the rules say. */
  readonly agreement?: Partial<Agreement>;
  readonly without?: 'second';
  /** Another first signature, which the second one answers. */
  readonly first?: SignedEvent;
  readonly secondRole?: SignerRole;
  readonly secondBy?: Signer;
}

function make(reveals: Bundle['reveals'], options: Options = {}): Bundle {
  const { offeror = 'provider', signsFirst = 'buyer', secondAt = T0 + 60, alternative = 0 } = options;
  const seed = deriveAlternativeSeed(draw('seed'), alternative);
  const { buyer, provider } = PUBLIC;
  const facts = { nid: draw('nid'), offer: draw('offer'), alternative, buyer, provider, offeror: PUBLIC[offeror], confirmBy: T0 + 3_600 };
  const agreement = { ...makeAgreement({ ...facts, termsRoot: computeTermsRoot(LARGEST, seed) }), ...options.agreement };
  const hash = hashAgreement(agreement);
  const signsSecond = otherOf(signsFirst);
  const roleOf = (party: Role) => (party === offeror ? 'offeror' : 'acceptor');
  const claim = { order: 'first', role: roleOf(signsFirst), agreement: hash, confirmBy: T0 + 3_600, close: hashLock(c), void: hashLock(v) } as const;
  const { first = sign(signsFirst, makeSignatureTemplate(claim, T0)) as unknown as SignedEvent } = options;
  const answer = { order: 'second', role: options.secondRole ?? roleOf(signsSecond), agreement: hash, first: first.id, ack: hashLock(a), late: hashLock(l) } as const;
  const second = sign(options.secondBy ?? signsSecond, makeSignatureTemplate(answer, secondAt)) as unknown as SignedEvent;
  const bundle: Bundle = { v: 1, type: 'agent-negotiate/bundle', agreement, terms: { kind: 'full', terms: LARGEST, seed }, first, reveals };
  return options.without === 'second' ? bundle : { ...bundle, second };
}

/** Shown leaves of what are no terms, under the root that both have signed. */
function showing(terms: Terms, pointers: readonly TermsLeaf[]): unknown {
  const made = make({ c, a }, { agreement: { terms_root: computeTermsRoot(terms, draw('seed')) } });
  return { ...made, terms: { kind: 'disclosed', ...discloseTerms(terms, draw('seed'), pointers) } };
}

/** A bundle whose text has exactly so many bytes. */
function withBytes(count: number): Bundle {
  const made = (acceptance: string[]): Bundle => {
    const terms = { ...LARGEST, scope: { ...LARGEST.scope, acceptance } };
    const bundle = make({ c, a }, { agreement: { terms_root: computeTermsRoot(terms, draw('seed')) } });
    return { ...bundle, terms: { kind: 'full', terms, seed: draw('seed') } };
  };
  const texts = Array.from({ length: 31 }, () => '語'.repeat(2_740));
  const rest = count - utf8(canonicalJson(made([...texts, '']))).length;
  return made([...texts, 'x'.repeat(rest)]);
}

const closed = make({ c, a });
const some: readonly TermsLeaf[] = ['/price', '/service/title', '/delivery/deadline'];

const VALID: readonly (readonly [string, Bundle, string])[] = [
  ['closed', closed, 'closed'],
  ['closed, an offer of the buyer', make({ c, a }, { offeror: 'buyer', signsFirst: 'provider' }), 'closed'],
  ['closed, presigned by the provider', make({ c, a }, { signsFirst: 'provider' }), 'closed'],
  ['closed, presigned by the buyer', make({ c, a }, { offeror: 'buyer' }), 'closed'],
  ['closed, an alternative', make({ c, a }, { alternative: 3 }), 'closed'],
  ['closed, the last alternative that there may be', make({ c, a }, { alternative: 4 }), 'closed'],
  ['closed, an amendment', make({ c, a }, { agreement: { supersedes: draw('old') } }), 'closed'],
  ['closed, a call-off', make({ c, a }, { agreement: { under: draw('framework') } }), 'closed'],
  ['closed, at the last second of the window', make({ c, a }, { secondAt: T0 + 3_600 }), 'closed'],
  ['closed, partly shown', withholdTerms(closed, some), 'closed'],
  ['closed, nothing shown', withholdTerms(closed, []), 'closed'],
  ['closed, without acknowledgement', make({ c }), 'closed-not-acknowledged'],
  ['signed, not closed', make({}), 'signed-not-closed'],
  ['signed, a without c', make({ a }), 'signed-not-closed'],
  ['one signature', make({}, { without: 'second' }), 'signed-not-closed'],
  ['one signature and c', make({ c }, { without: 'second' }), 'signed-not-closed'],
  ['void', make({ v }), 'void'],
  ['void, one signature', make({ v }, { without: 'second' }), 'void'],
  ['late', make({ c, l }), 'late'],
  ['late, without c', make({ l }), 'late'],
  ['void and late', make({ v, l }), 'void'],
  ['the first signer cheated', make({ c, v, a }), 'cheated'],
  ['the second signer cheated', make({ c, a, l }), 'cheated'],
  ['the second signer cheated, and nothing was closed', make({ a, l }), 'cheated'],
  ['as many bytes as there may be', withBytes(262_144), 'closed'],
  ['both cheated', make({ c, v, a, l }), 'cheated'],
  ['a presigner cheated', make({ c, v }, { signsFirst: 'provider' }), 'cheated'],
  ['both cheated, the provider signed first', make({ c, v, a, l }, { signsFirst: 'provider' }), 'cheated'],
];

const other = make({ c, a }, { agreement: { nid: draw('other nid') } });
const second = closed.second as SignedEvent;
const unreadable = sign('buyer', { kind: 4391, created_at: T0, tags: [['-']], content: '' }) as unknown as SignedEvent;
const bothTimes: Terms = { ...LARGEST, delivery: { within_s: 86_400, deadline: T0 } };
const partial = withholdTerms(closed, some);
const text = canonicalJson(closed);
const withShown = (pointer: TermsLeaf, value: unknown): unknown => {
  if (partial.terms.kind !== 'disclosed') throw new Error('partly shown terms are a disclosure');
  const salt = partial.terms.shown[pointer]?.salt;
  return { ...partial, terms: { ...partial.terms, shown: { ...partial.terms.shown, [pointer]: { salt, value } } } };
};

// Each with the checks that fail, all of them.
const TAMPERED: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['another price', { ...closed, terms: { ...closed.terms, terms: { ...LARGEST, price: { model: 'fixed', amount_msat: '1' } } } }, ['terms']],
  ['another seed', { ...closed, terms: { ...closed.terms, seed: draw('other') } }, ['terms']],
  ['the offer’s seed for an alternative', { ...make({ c, a }, { alternative: 3 }), terms: closed.terms }, ['terms']],
  ['a shown leaf with another value', withShown('/service/title', 'Vertrag'), ['terms']],
  ['a shown leaf of another form', withShown('/price', null), ['terms']],
  ['a root that both signed and the terms have not', make({ c, a }, { agreement: { terms_root: draw('root') } }), ['terms']],
  ['a start-by that both signed and that does not follow', make({ c, a }, { agreement: { start_by: T0 + 90_001 } }), ['start-by']],
  ['a start-by of less than a day, signed by both', make({ c, a }, { agreement: { start_by: 86_399 } }), ['start-by']],
  ['a second signature by a stranger, after the window', make({ c, a }, { secondBy: 'stranger', secondAt: T0 + 3_601 }), ['second-claim', 'window', 'reveal-a']],
  ['an offeror that is neither', { ...closed, agreement: { ...closed.agreement, offeror: PUBLIC.stranger } }, ['document']],
  ['a buyer that is the provider too', { ...closed, agreement: { ...closed.agreement, buyer: PUBLIC.provider } }, ['document']],
  ['an alternative that there cannot be', { ...closed, agreement: { ...closed.agreement, alternative: 5 } }, ['document']],
  ['a second signature after the window', make({ c, a }, { secondAt: T0 + 3_601 }), ['window']],
  ['another buyer', { ...closed, agreement: { ...closed.agreement, buyer: PUBLIC.stranger } }, ['first-claim', 'second-claim', 'reveal-c', 'reveal-a']],
  ['another nid', { ...closed, agreement: other.agreement }, ['first-claim', 'second-claim', 'reveal-c', 'reveal-a']],
  ['the second signature of another deal', { ...closed, second: other.second }, ['second-claim', 'reveal-a']],
  ['the two signatures exchanged', { ...closed, first: second, second: closed.first }, ['first-claim', 'second-claim', 'reveal-c', 'reveal-a']],
  ['a first signature about another deal, answered about this one', make({ c, a }, { first: other.first }), ['first-claim', 'reveal-c']],
  ['a first signature that has the form of a second, answered', make({ c, a }, { first: second, secondRole: 'acceptor', signsFirst: 'provider' }), ['first-claim', 'reveal-c']],
  ['a first signature that says nothing, answered', make({ c, a }, { first: unreadable }), ['first-claim', 'second-claim', 'reveal-c', 'reveal-a']],
  ['a second signature that answers another first one about this deal', { ...closed, second: make({}, { first: sign('buyer', { ...closed.first, created_at: T0 + 1 }) as never }).second }, ['second-claim', 'reveal-a']],
  ['both signatures by one side in one role', make({ c, a }, { first: make({}, { signsFirst: 'provider' }).first }), ['second-claim', 'reveal-a']],
  ['a second signature by a stranger', make({ c, a }, { secondBy: 'stranger' }), ['second-claim', 'reveal-a']],
  ['a second signature in the role of the first', make({ c, a }, { secondRole: 'acceptor' }), ['second-claim', 'reveal-a']],
  ['a forged first signature, answered', make({ c, a }, { first: { ...closed.first, sig: flip(closed.first.sig, 5) } }), ['first-signature']],
  ['two times to deliver by are shown', showing(bothTimes, ['/delivery/deadline', '/delivery/within_s']), ['terms']],
  ['the first signature twice', { ...closed, second: closed.first }, ['second-claim', 'reveal-a']],
  ['a bit of the first signature', { ...closed, first: { ...closed.first, sig: flip(closed.first.sig, 5) } }, ['first-signature']],
  ['a bit of the second signature', { ...closed, second: { ...second, sig: flip(second.sig, 100) } }, ['second-signature']],
  ['another date of the second signature', { ...closed, second: { ...second, created_at: T0 } }, ['second-signature']],
  ['c that opens nothing', make({ c: draw('wrong'), a }), ['reveal-c']],
  ['a that opens nothing', make({ c, a: draw('wrong') }), ['reveal-a']],
  ['v in the place of c', make({ c: v, a }), ['reveal-c']],
  ['a without a second signature', make({ c, a }, { without: 'second' }), ['reveal-a']],
  ['c and a exchanged', make({ c: a, a: c }), ['reveal-c', 'reveal-a']],
  ['both supersedes and under', { ...closed, agreement: { ...closed.agreement, supersedes: draw('x'), under: draw('x') } }, ['document']],
  ['a field more', { ...closed, note: 1 }, ['document']],
  ['another version', { ...closed, v: 2 }, ['document']],
  ['no first signature', { ...closed, first: undefined }, ['document']],
  ['a digest too few', { ...partial, terms: { ...partial.terms, digests: [] } }, ['document']],
  ['a leaf that there is not', { ...partial, terms: { ...partial.terms, shown: { '/service/name': { salt: draw('x'), value: 'x' } } } }, ['document']],
];

const TEXTS: readonly (readonly [string, string])[] = [
  ['a space before', ` ${text}`],
  ['two line feeds after', `${text}\n\n`],
  ['a byte-order mark', `\ufeff${text}`],
  ['a key twice', text.replace('"v":1', '"v":1,"v":1')],
  ['a number in another spelling', text.replace('"v":1', '"v":1.0')],
  ['too many bytes', `${text.slice(0, -1)},"z":"${'x'.repeat(262_144)}"}`],
  ['cut off', text.slice(0, -1)],
  ['nothing', ''],
];

/** The content of vectors/bundles.json. */
export function makeBundleVectors(): unknown {
  const tampered = [...TAMPERED, ['one byte too many', withBytes(262_145), ['document']] as const].map(([name, bundle, failed]) => judgeTampered(name, `${canonicalJson(bundle)}\n`, failed));
  const texts = TEXTS.map(([name, each]) => judgeTampered(name, each, ['document']));
  return {
    about: 'Section 16 of docs/protocol.md. `text` is what is in the file; of a tampered one `failed` names every check that must fail.',
    valid: [...VALID.map(([name, bundle, state]) => judgeValid(name, encodeBundle(bundle), state)), judgeValid('without a line feed', text, 'closed')],
    tampered: [...tampered, ...texts, { name: 'bytes that are not UTF-8', bytes: bytesToHex(Uint8Array.of(...utf8(text.slice(0, 5)), 0xff)), failed: ['document'] }],
  };
}

function judgeValid(name: string, encoded: string, state: string): unknown {
  if (parseBundle(encoded).kind !== 'ok') throw new Error(`${name} must be a bundle`);
  const report = verifyBundle(encoded, (event) => verify(event));
  if (report.kind === 'invalid') throw new Error(`${name}: ${report.problem}`);
  expectSame(name, report.state, state);
  const { agreement, signedFirst, cheats, hidden } = report;
  return { name, text: encoded, state, agreement, signed_first: signedFirst, cheats, hidden };
}

function judgeTampered(name: string, encoded: string, failed: readonly string[]): unknown {
  const report = verifyBundle(encoded, (event) => verify(event));
  expectSame(name, report.checks.filter(({ ok }) => !ok).map((check) => check.name), failed);
  return { name, text: encoded, failed };
}
