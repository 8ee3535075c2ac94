// Checks a bundle offline and says which state of the deal it proves (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import { hashAgreement, type Role } from './agreement.ts';
import type { Bundle } from './bundle.ts';
import { parseBundle } from './parseBundle.ts';
import { checkBundle, readShownTerms, type BundleCheck, type ShownTerms, type VerifySignature } from './bundleChecks.ts';
import type { Price } from './price.ts';
import { priceSchema } from './priceSchema.ts';
import type { SignedEvent } from './signature.ts';

/** What a valid bundle proves. Only `closed` is a deal. */
export type BundleState = 'closed' | 'closed-not-acknowledged' | 'signed-not-closed' | 'void' | 'late' | 'cheated';

/** What a bundle whose every check holds says. Leaves in `hidden` are bound by the signatures but not shown. */
export interface ValidBundle extends ShownTerms {
  readonly kind: 'valid';
  readonly state: BundleState;
  /** Hash of the agreement. */
  readonly agreement: Hex;
  readonly buyer: Hex;
  readonly provider: Hex;
  /** Hash of the agreement that this one has changed. */
  readonly supersedes?: Hex;
  /** Hash of the framework that this one is a job under. */
  readonly under?: Hex;
  /** Absent when the bundle does not show it. */
  readonly price?: Price;
  /** Who signed first, and so had to close or void. */
  readonly signedFirst: Role;
  /** Who revealed both values of one signature. */
  readonly cheats: readonly Role[];
  readonly checks: readonly BundleCheck[];
}

/** The outcome of {@link verifyBundle}; `problem` is the detail of the first check that failed. */
export type BundleReport = ValidBundle | { readonly kind: 'invalid'; readonly problem: string; readonly checks: readonly BundleCheck[] };

/**
 * Checks the content of a bundle file, UTF-8 bytes or text. Never throws, provided `verify` does not.
 *
 * @example verifyBundle(await readFile(path), verifyEvent).kind // 'valid'
 */
export function verifyBundle(content: string | Uint8Array, verify: VerifySignature): BundleReport {
  const parsed = parseBundle(content);
  if (parsed.kind === 'refused') return refuse([{ name: 'document', ok: false, detail: `This is not a bundle (${parsed.reason}).` }]);
  const checks = checkBundle(parsed.bundle, verify);
  const terms = readShownTerms(parsed.bundle);
  return terms === undefined || checks.some(({ ok }) => !ok) ? refuse(checks) : report(parsed.bundle, terms, checks);
}

function refuse(checks: readonly BundleCheck[]): BundleReport {
  return { kind: 'invalid', problem: checks.find(({ ok }) => !ok)?.detail ?? '', checks };
}

function report(bundle: Bundle, terms: ShownTerms, checks: readonly BundleCheck[]): ValidBundle {
  const { agreement, first } = bundle;
  const price = priceSchema.safeParse(terms.shown.get('/price'));
  const cheats = listCheats(bundle);
  return {
    kind: 'valid',
    state: cheats.length > 0 ? 'cheated' : readState(bundle),
    agreement: hashAgreement(agreement),
    buyer: agreement.buyer,
    provider: agreement.provider,
    ...(agreement.supersedes === null ? {} : { supersedes: agreement.supersedes }),
    ...(agreement.under === null ? {} : { under: agreement.under }),
    ...(price.success ? { price: price.data } : {}),
    ...terms,
    signedFirst: roleOf(bundle, first),
    cheats,
    checks,
  };
}

function listCheats(bundle: Bundle): readonly Role[] {
  const { first, second, reveals } = bundle;
  const cheats: Role[] = [];
  if (reveals.c !== undefined && reveals.v !== undefined) cheats.push(roleOf(bundle, first));
  if (reveals.a !== undefined && reveals.l !== undefined && second !== undefined) cheats.push(roleOf(bundle, second));
  return cheats;
}

function readState({ second, reveals }: Bundle): BundleState {
  const { c, v, a, l } = reveals;
  if (v !== undefined) return 'void';
  if (l !== undefined) return 'late';
  if (second === undefined || c === undefined) return 'signed-not-closed';
  return a === undefined ? 'closed-not-acknowledged' : 'closed';
}

function roleOf({ agreement }: Bundle, event: SignedEvent): Role {
  return event.pubkey === agreement.buyer ? 'buyer' : 'provider';
}
