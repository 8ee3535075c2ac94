// The leaves of the terms and their place in the terms root (PROTOCOL "The agreement").

/** Every leaf in the order their digests enter the terms root, which is final for version 1. What they mean is told in leafSchemas.ts. */
export const TERMS_LEAVES = [
  '/service/capability',
  '/service/dvm_kind',
  '/service/title',
  '/scope/summary',
  '/scope/inputs',
  '/scope/output',
  '/scope/acceptance',
  '/scope/revisions',
  '/price',
  '/delivery/deadline',
  '/delivery/within_s',
  '/delivery/channel',
  '/payment/rail',
  '/payment/when',
  '/payment/payee',
  '/payment/arbiter',
  '/confidentiality/publish',
  '/confidentiality/retention_s',
  '/penalties',
  '/framework/ends_at',
  '/framework/max_calls',
  '/framework/cap_msat',
] as const;

/** A JSON pointer of {@link TERMS_LEAVES}. */
export type TermsLeaf = (typeof TERMS_LEAVES)[number];

/** True for a pointer of {@link TERMS_LEAVES}. */
export function isTermsLeaf(pointer: string): pointer is TermsLeaf {
  return (TERMS_LEAVES as readonly string[]).includes(pointer);
}
