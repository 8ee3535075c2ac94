// Do terms fit what the owner wants? Every leaf is looked at; one that nobody has thought of is refused, never overlooked.

import { canonicalJson } from '../core/canonical.ts';
import type { Msat } from '../core/money.ts';
import { areSameFiles, type FileRef } from '../negotiate/files.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import { PUBLISH_ATTESTATION, readLeaf, type Terms } from '../negotiate/terms.ts';
import { TERMS_LEAVES, type TermsLeaf } from '../negotiate/termsLeaves.ts';

/** What a buyer wants, apart from the price. */
export interface BuyerWants {
  readonly capability: string;
  readonly summary: string;
  /** The files it will hand over; none when the words are all there is. */
  readonly inputs: readonly FileRef[];
  /** The rail its wallet is on. */
  readonly rail: string;
  /** Latest delivery, in seconds after payment; any when undefined. */
  readonly withinS?: number | undefined;
  /** Whether an attestation may be published. */
  readonly mayAttest: boolean;
}

/** What a provider sells and how. */
export interface ProviderSells {
  readonly capability: string;
  readonly rail: string;
  /** Key of the node that signs its invoices (33 bytes, hex), if known. */
  readonly payee?: string | undefined;
  readonly withinS?: number | undefined;
  readonly retentionS?: number | undefined;
  /** Words about the form of the result. */
  readonly output?: string | undefined;
  readonly mayAttest: boolean;
}

type Check = (terms: Terms, wants: BuyerWants) => boolean;

const anything: Check = () => true;

// What a leaf must be for the buyer; a leaf without a row must be absent.
const BUYER_CHECKS: ReadonlyMap<TermsLeaf, Check> = new Map<TermsLeaf, Check>([
  ['/service/capability', ({ service }, { capability }) => service.capability === capability],
  ['/service/dvm_kind', anything],
  ['/service/title', anything],
  ['/scope/summary', ({ scope }, { summary }) => scope.summary === summary],
  ['/scope/inputs', ({ scope }, { inputs }) => areSameFiles(scope.inputs ?? [], inputs)],
  ['/scope/output', anything],
  ['/scope/revisions', anything],
  ['/price', ({ price }) => price.model === 'fixed'],
  ['/delivery/within_s', ({ delivery }, { withinS }) => isInTime(delivery?.within_s, withinS)],
  ['/delivery/channel', ({ delivery }) => delivery?.channel === undefined || delivery.channel === 'channel'],
  ['/payment/rail', ({ payment }, { rail }) => payment?.rail === rail],
  ['/payment/when', ({ payment }) => payment?.when === 'before'],
  ['/payment/payee', ({ payment }) => payment?.payee?.mints === undefined],
  ['/confidentiality/publish', ({ confidentiality }, wants) => isPublishable(confidentiality?.publish ?? [], wants)],
  ['/confidentiality/retention_s', anything],
]);

/**
 * The first leaf of these terms that the buyer cannot take; undefined when all fit. The price is checked for its model alone, and what
 * is bargained about (`open`) not at all.
 */
export function findObjection(terms: Terms, wants: BuyerWants, open: readonly TermsLeaf[] = []): TermsLeaf | undefined {
  return TERMS_LEAVES.find((leaf) => {
    if (leaf !== '/price' && open.includes(leaf)) return false;
    const check = BUYER_CHECKS.get(leaf);
    return check === undefined ? readLeaf(terms, leaf) !== null : !check(terms, wants);
  });
}

/** The terms that a provider offers for what a buyer asks: the scope is the buyer's, everything else the provider's own. */
export function buildProviderTerms(asked: Terms | undefined, summary: string, sells: ProviderSells, priceMsat: Msat): Terms {
  const { capability, rail, payee, withinS, retentionS, output, mayAttest } = sells;
  const inputs = asked?.scope.inputs;
  const publish = mayAttest && asked?.confidentiality?.publish?.includes(PUBLISH_ATTESTATION) === true ? [PUBLISH_ATTESTATION] : undefined;
  const confidentiality = {
    ...(publish === undefined ? {} : { publish }),
    ...(retentionS === undefined ? {} : { retention_s: retentionS }),
  };
  return {
    service: { capability },
    scope: {
      summary: asked?.scope.summary ?? summary,
      ...(inputs === undefined ? {} : { inputs }),
      ...(output === undefined ? {} : { output }),
    },
    price: makeFixedPrice(priceMsat),
    ...(withinS === undefined ? {} : { delivery: { within_s: withinS } }),
    payment: { rail, when: 'before', ...(payee === undefined ? {} : { payee: { address: payee } }) },
    ...(Object.keys(confidentiality).length === 0 ? {} : { confidentiality }),
  };
}

/** True when two terms differ in nothing but the price. */
export function areSameButPrice(a: Terms, b: Terms): boolean {
  return canonicalJson({ ...a, price: null }) === canonicalJson({ ...b, price: null });
}

function isInTime(offeredS: number | undefined, latestS: number | undefined): boolean {
  return latestS === undefined || (offeredS !== undefined && offeredS <= latestS);
}

function isPublishable(publish: readonly string[], { mayAttest }: BuyerWants): boolean {
  return publish.every((what) => what === PUBLISH_ATTESTATION && mayAttest);
}
