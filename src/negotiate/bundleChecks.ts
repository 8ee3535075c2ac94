// The single checks of a bundle, each with its outcome in a sentence (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import type { Json } from '../core/canonical.ts';
import { hashAgreement, START_BY_S } from './agreement.ts';
import type { Bundle } from './bundle.ts';
import { hashLock, readClaim, verifySignature, type FirstClaim, type SecondClaim, type SignedEvent, type SignerRole } from './signature.ts';
import { readLeaf } from './terms.ts';
import { TERMS_LEAVES, type TermsLeaf } from './termsLeaves.ts';
import { computeTermsRoot } from './termsRoot.ts';
import { checkDisclosure } from './checkDisclosure.ts';

/** What is checked, in this order. */
export type CheckName =
  | 'document'
  | 'terms'
  | 'first-signature'
  | 'first-claim'
  | 'start-by'
  | 'second-signature'
  | 'second-claim'
  | 'window'
  | 'reveal-c'
  | 'reveal-v'
  | 'reveal-a'
  | 'reveal-l';

/** The outcome of one check; `detail` says it for people, without any value from the bundle. */
export interface BundleCheck {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly detail: string;
}

/** A BIP-340 check of an event whose id is already known to be right. */
export type VerifySignature = (event: SignedEvent) => boolean;

/** The leaves that a bundle shows, and those that its signatures bind without showing them. */
export interface ShownTerms {
  readonly shown: ReadonlyMap<TermsLeaf, Json>;
  readonly hidden: readonly TermsLeaf[];
}

/** The terms of a bundle when they are the ones in its agreement. */
export function readShownTerms({ agreement, terms }: Bundle): ShownTerms | undefined {
  switch (terms.kind) {
    case 'full':
      if (computeTermsRoot(terms.terms, terms.seed) !== agreement.terms_root) return undefined;
      return { shown: new Map(TERMS_LEAVES.map((pointer) => [pointer, readLeaf(terms.terms, pointer)])), hidden: [] };
    case 'disclosed': {
      const check = checkDisclosure({ digests: terms.digests, shown: terms.shown as Record<string, { salt: Hex; value: Json }> });
      return check.kind === 'ok' && check.root === agreement.terms_root ? { shown: check.shown, hidden: check.hidden } : undefined;
    }
    default:
      return terms satisfies never;
  }
}

/** Runs every check that a parsed bundle allows; a bundle holds when all are ok. */
export function checkBundle(bundle: Bundle, verify: VerifySignature): readonly BundleCheck[] {
  const { agreement, first, second } = bundle;
  const claim1 = readClaim(first);
  const claim2 = second === undefined ? undefined : readClaim(second);
  const isFirst = claim1?.order === 'first' && fits(bundle, first, claim1);
  const isSecond = claim2?.order === 'second' && second !== undefined && fits(bundle, second, claim2) && answers(claim2, first, claim1);
  return [
    judge('document', true, 'This is a bundle, in its one canonical form.', ''),
    judge(
      'terms',
      readShownTerms(bundle) !== undefined,
      'The terms are the ones in the agreement.',
      'The terms are not the ones in the agreement.',
    ),
    judge(
      'first-signature',
      isSigned(first, verify),
      'The first signature is genuine.',
      'The first signature is not by its author over what it says.',
    ),
    judge(
      'first-claim',
      isFirst,
      'The first signer signed this agreement in its own role.',
      'The first signature does not say what it must about this agreement.',
    ),
    ...(isFirst ? [checkStartBy(claim1, agreement.start_by)] : []),
    ...(second === undefined
      ? []
      : [
          judge(
            'second-signature',
            isSigned(second, verify),
            'The second signature is genuine.',
            'The second signature is not by its author over what it says.',
          ),
          judge(
            'second-claim',
            isSecond,
            'The second signer signed this agreement and answers the first signature.',
            'The second signature does not answer the first about this agreement.',
          ),
          ...(isFirst ? [checkWindow(claim1, second)] : []),
        ]),
    ...checkReveals(bundle, isFirst ? claim1 : undefined, isSecond ? claim2 : undefined),
  ];
}

function isSigned(event: SignedEvent, verify: VerifySignature): boolean {
  return verifySignature(event, verify) !== undefined;
}

function fits({ agreement }: Bundle, event: SignedEvent, claim: FirstClaim | SecondClaim): boolean {
  return claim.agreement === hashAgreement(agreement) && event.pubkey === signerOf(agreement, claim.role);
}

function signerOf({ buyer, provider, offeror }: Bundle['agreement'], role: SignerRole): Hex {
  const acceptor = offeror === buyer ? provider : buyer;
  return role === 'offeror' ? offeror : acceptor;
}

function answers(claim: SecondClaim, first: SignedEvent, claim1: FirstClaim | SecondClaim | undefined): boolean {
  return claim.first === first.id && claim1 !== undefined && claim.role !== claim1.role;
}

function checkStartBy(first: FirstClaim, startBy: number): BundleCheck {
  const isDue = first.confirmBy + START_BY_S === startBy;
  return judge(
    'start-by',
    isDue,
    'The start-by time follows from the first signature.',
    'The start-by time does not follow from the first signature.',
  );
}

function checkWindow(first: FirstClaim, second: SignedEvent): BundleCheck {
  const isInside = second.created_at <= first.confirmBy;
  return judge(
    'window',
    isInside,
    'The second signature is dated inside the window.',
    'The second signature is dated after the window of the first.',
  );
}

function checkReveals({ reveals }: Bundle, first: FirstClaim | undefined, second: SecondClaim | undefined): BundleCheck[] {
  const locks = { c: first?.close, v: first?.void, a: second?.ack, l: second?.late };
  return (['c', 'v', 'a', 'l'] as const).flatMap((name) => {
    const value = reveals[name];
    if (value === undefined) return [];
    return [
      judge(
        `reveal-${name}`,
        hashLock(value) === locks[name],
        `The value ${name} opens its lock.`,
        `The value ${name} does not open its lock.`,
      ),
    ];
  });
}

function judge(name: CheckName, ok: boolean, yes: string, no: string): BundleCheck {
  return { name, ok, detail: ok ? yes : no };
}
