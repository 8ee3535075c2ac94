// Checks a bundle offline and says which state of the deal it proves (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import type { Json } from '../core/canonical.ts';
import { hashAgreement, START_BY_S, type Role } from './agreement.ts';
import { parseBundle, type Bundle } from './bundle.ts';
import { hashLock, readClaim, verifySignature, type FirstClaim, type SecondClaim, type SignedEvent, type SignerRole } from './signature.ts';
import { readLeaf, TERMS_LEAVES, type TermsLeaf } from './terms.ts';
import { checkDisclosure, computeTermsRoot, deriveAlternativeSeed } from './termsRoot.ts';

/** What a valid bundle proves. Only `closed` is a deal. */
export type BundleState = 'closed' | 'closed-not-acknowledged' | 'signed-not-closed' | 'void' | 'late' | 'cheated';

/** The outcome of {@link verifyBundle}. `hidden` leaves are bound by the signatures but not shown. */
export type BundleReport =
  | {
      readonly kind: 'valid';
      readonly state: BundleState;
      readonly agreement: Hex;
      readonly buyer: Hex;
      readonly provider: Hex;
      readonly shown: ReadonlyMap<TermsLeaf, Json>;
      readonly hidden: readonly TermsLeaf[];
      /** Who revealed both values of one signature. */
      readonly cheats: readonly Role[];
    }
  | { readonly kind: 'invalid'; readonly problem: string };

/** A BIP-340 check of an event whose id is already known to be right. */
export type VerifySignature = (event: SignedEvent) => boolean;

/** Checks the text of a bundle file. Never throws. */
export function verifyBundle(text: string, verify: VerifySignature): BundleReport {
  const parsed = parseBundle(text);
  if (parsed.kind === 'refused') return invalid(`This is not a bundle (${parsed.reason}).`);
  const { bundle } = parsed;
  const terms = checkTerms(bundle);
  if (terms === undefined) return invalid('The terms are not the ones in the agreement.');
  const claims = readClaims(bundle, verify);
  if (typeof claims === 'string') return invalid(claims);
  const reveals = checkReveals(bundle, claims);
  if (reveals !== undefined) return invalid(reveals);
  const { buyer, provider } = bundle.agreement;
  return { kind: 'valid', agreement: hashAgreement(bundle.agreement), buyer, provider, ...terms, ...judge(bundle) };
}

interface ShownTerms {
  readonly shown: ReadonlyMap<TermsLeaf, Json>;
  readonly hidden: readonly TermsLeaf[];
}

function checkTerms({ agreement, terms }: Bundle): ShownTerms | undefined {
  switch (terms.kind) {
    case 'full': {
      const seed = deriveAlternativeSeed(terms.seed, agreement.alternative);
      if (computeTermsRoot(terms.terms, seed) !== agreement.terms_root) return undefined;
      return { shown: new Map(TERMS_LEAVES.map((pointer) => [pointer, readLeaf(terms.terms, pointer)])), hidden: [] };
    }
    case 'disclosed': {
      const check = checkDisclosure({ digests: terms.digests, shown: terms.shown as Record<string, { salt: Hex; value: Json }> });
      return check.kind === 'ok' && check.root === agreement.terms_root ? { shown: check.shown, hidden: check.hidden } : undefined;
    }
    default:
      return terms satisfies never;
  }
}

interface Claims {
  readonly first: FirstClaim;
  readonly second: SecondClaim | undefined;
}

function readClaims({ agreement, first, second }: Bundle, verify: VerifySignature): Claims | string {
  const events = second === undefined ? [first] : [first, second];
  if (!events.every((event) => verifySignature(event, verify) !== undefined)) return 'A signature does not verify.';
  const [claim1, claim2] = events.map(readClaim);
  if (claim1?.order !== 'first' || (second !== undefined && claim2?.order !== 'second')) return 'A signature does not say what it must.';
  const hash = hashAgreement(agreement);
  const signers = [first, ...(second === undefined ? [] : [second])].map((event, i) => ({ event, role: [claim1, claim2][i]?.role }));
  if ([claim1, claim2].some((claim) => claim !== undefined && claim.agreement !== hash)) return 'A signature is for another agreement.';
  if (signers.some(({ event, role }) => event.pubkey !== signerOf(agreement, role))) return 'A signature is not by the party it names.';
  if (claim1.confirmBy + START_BY_S !== agreement.start_by) return 'The start-by time does not follow from the first signature.';
  if (claim2 === undefined || second === undefined) return { first: claim1, second: undefined };
  if (claim2.order !== 'second' || claim2.first !== first.id || claim2.role === claim1.role)
    return 'The second signature does not answer the first.';
  if (second.created_at > claim1.confirmBy) return 'The second signature came after its window.';
  return { first: claim1, second: claim2 };
}

function signerOf({ buyer, provider, offeror }: Bundle['agreement'], role: SignerRole | undefined): Hex {
  return role === 'offeror' ? offeror : offeror === buyer ? provider : buyer;
}

function checkReveals({ reveals }: Bundle, { first, second }: Claims): string | undefined {
  const locks = { c: first.close, v: first.void, a: second?.ack, l: second?.late };
  for (const name of ['c', 'v', 'a', 'l'] as const) {
    const value = reveals[name];
    if (value !== undefined && hashLock(value) !== locks[name]) return `The revealed value ${name} does not open its lock.`;
  }
  return undefined;
}

function judge({ agreement, first, second, reveals }: Bundle): { readonly state: BundleState; readonly cheats: readonly Role[] } {
  const { c, v, a, l } = reveals;
  const roleOf = (event: SignedEvent): Role => (event.pubkey === agreement.buyer ? 'buyer' : 'provider');
  const cheats: Role[] = [];
  if (c !== undefined && v !== undefined) cheats.push(roleOf(first));
  if (a !== undefined && l !== undefined && second !== undefined) cheats.push(roleOf(second));
  if (cheats.length > 0) return { state: 'cheated', cheats };
  if (v !== undefined) return { state: 'void', cheats };
  if (l !== undefined) return { state: 'late', cheats };
  if (second === undefined || c === undefined) return { state: 'signed-not-closed', cheats };
  return { state: a === undefined ? 'closed-not-acknowledged' : 'closed', cheats };
}

function invalid(problem: string): BundleReport {
  return { kind: 'invalid', problem };
}
