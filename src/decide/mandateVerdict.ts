// What a judgement says: allow, ask or deny, and why, as closed codes with the place of the mandate that says so.

/** Why something is refused. */
export const DENIALS = [
  'clock',
  'not-yet-valid',
  'expired',
  'outside-hours',
  'role',
  'service',
  'dvm-kind',
  'announcement',
  'peer-denied',
  'peer-not-allowed',
  'trust-unknown',
  'trust-low',
  'unknown-terms',
  'term-undisclosed',
  'term-forbidden',
  'term-missing',
  'term-value',
  'price-model',
  'no-ceiling',
  'no-limits',
  'reserve',
  'reserve-unknown',
  'above-deal',
  'above-day',
  'above-open',
  'too-many-open',
  'free-text',
  'text-too-long',
  'attachments',
  'not-public',
  'signature-window',
  'offer-window',
  'rate-minute',
  'rate-hour',
  'rate-new',
  'no-hold',
  'above-hold',
] as const;

/** Why the owner is asked. */
export const QUESTIONS = [
  'amount',
  'signature',
  'presigned-offer',
  'first-deal',
  'unknown-trust',
  'unbounded-price',
  'amendment',
  'call-off',
  'payment',
  'own-words',
  'publication',
  'after-end',
  'restored',
] as const;

// Refusals that time undoes by itself.
const PASSING: ReadonlySet<string> = new Set(['clock', 'not-yet-valid', 'outside-hours', 'rate-minute', 'rate-hour', 'rate-new']);

/** True for a refusal that may be none in a while, though nothing but the time changes. */
export function isPassing({ verdict, reasons }: Verdict): boolean {
  return verdict === 'deny' && reasons.every(({ code }) => PASSING.has(code));
}

/** A code of {@link DENIALS} or {@link QUESTIONS}. */
export type ReasonCode = (typeof DENIALS)[number] | (typeof QUESTIONS)[number];

/** One reason. `path` is the place in the mandate; it holds no value of it. */
export interface Reason {
  readonly code: ReasonCode;
  readonly path: string;
}

/** Allowed, to be asked about, or refused. Reasons are those of the verdict alone. */
export interface Verdict {
  readonly verdict: 'allow' | 'ask' | 'deny';
  readonly reasons: readonly Reason[];
}

/** A reason with what it comes to. */
export type Finding = Reason & { readonly effect: 'ask' | 'deny' };

/** A finding that refuses, where `isWrong`. */
export function denyIf(isWrong: boolean, code: (typeof DENIALS)[number], path: string): readonly Finding[] {
  return isWrong ? [{ effect: 'deny', code, path }] : [];
}

/** A finding that asks, where `isDue`. */
export function askIf(isDue: boolean, code: (typeof QUESTIONS)[number], path: string): readonly Finding[] {
  return isDue ? [{ effect: 'ask', code, path }] : [];
}

/** One refusal is enough; a question counts only without one. */
export function conclude(findings: readonly Finding[]): Verdict {
  const verdict = findings.some(({ effect }) => effect === 'deny') ? 'deny' : findings.length > 0 ? 'ask' : 'allow';
  const counted = findings.filter(({ effect }) => effect === verdict);
  const seen = new Set<string>();
  const reasons = counted.flatMap(({ code, path }) => {
    const key = `${code} ${path}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ code, path }];
  });
  return { verdict, reasons };
}
