// The ai.wot score: what others have said of a key, weighed by who says it, of what kind it is, how old, and how much was staked.

import type { Hex } from '../core/bytes.ts';
import { TYPE_WEIGHTS, type Attestation, type AttestationType } from './attestation.ts';

/** What a score is computed from. Every event behind it is genuine and not revoked. */
export interface TrustEvidence {
  readonly attestations: readonly Attestation[];
  /** Sats zapped to an attestation, by its id. */
  readonly zaps: ReadonlyMap<Hex, number>;
}

/** One attestation and what it adds: value = zap · trust · type · decay · novelty. */
export interface Contribution {
  readonly attestation: Attestation;
  readonly zap: number;
  readonly trust: number;
  readonly type: number;
  readonly decay: number;
  readonly novelty: number;
  readonly value: number;
  /** Why a negative one does not count: it says nothing, or its author has no standing. */
  readonly gated?: 'no-text' | 'low-trust';
}

/** A score. `display` is what people see, 0 to 100. */
export interface TrustScore {
  readonly subject: Hex;
  readonly raw: number;
  readonly display: number;
  /** 0 when one voice says it all, towards 1 for many equal ones. */
  readonly diversity: number;
  readonly contributions: readonly Contribution[];
}

/** Attesters of attesters are the last that count. */
export const MAX_DEPTH = 2;

const HALF_LIFE_DAYS = 90;
const NOVELTY = 1.3;
const GATE_DISPLAY = 20;
const DAY_S = 86_400;

/**
 * Scores a key at `now` (unix seconds). As the protocol has it, an attester nobody has attested counts in full, which is more than one who
 * has been attested a little: the number is the protocol's, and {@link explainTrust} shows what it is made of.
 */
export function scoreTrust(subject: Hex, evidence: TrustEvidence, now: number): TrustScore {
  return scoreAt(subject, evidence, now, 0, new Set());
}

/** 1 for nothing staked, more with the logarithm of the sats. */
export function zapFactor(sats: number): number {
  return sats <= 0 ? 1 : 1 + 0.5 * Math.log2(1 + sats);
}

/** Halves every 90 days; nothing gains by being dated ahead. */
export function decayFactor(ageDays: number, halfLifeDays = HALF_LIFE_DAYS): number {
  return 0.5 ** (Math.max(0, ageDays) / halfLifeDays);
}

/** min(1, voices / statements) × (1 − largest share), of the positive contributions, rounded to two places. */
export function measureDiversity(values: readonly { readonly attester: Hex; readonly value: number }[]): number {
  const positive = values.filter(({ value }) => value > 0);
  const total = positive.reduce((sum, { value }) => sum + value, 0);
  if (total <= 0) return 0;
  const shares = new Map<Hex, number>();
  for (const { attester, value } of positive) shares.set(attester, (shares.get(attester) ?? 0) + value);
  const largest = Math.max(...shares.values()) / total;
  return roundTwo(Math.min(1, shares.size / positive.length) * (1 - largest));
}

function scoreAt(subject: Hex, evidence: TrustEvidence, now: number, depth: number, path: ReadonlySet<Hex>): TrustScore {
  const own = evidence.attestations.filter((each) => each.subject === subject && each.attester !== subject && isCurrent(each, now));
  const earliest = new Map<Hex, number>();
  for (const { attester, createdAt } of own) earliest.set(attester, Math.min(createdAt, earliest.get(attester) ?? Infinity));
  const attesterScore = scoreOnce((attester) => scoreAttester(attester, evidence, now, depth, new Set([...path, subject])));
  const contributions = keepNewest(own).map((attestation) => {
    const isNew = attestation.createdAt === earliest.get(attestation.attester);
    return weigh(attestation, evidence, now, isNew, attesterScore(attestation.attester));
  });
  const sum = contributions.reduce((total, { value, gated }) => total + (gated === undefined ? value : 0), 0);
  return {
    subject,
    raw: Math.max(0, roundTwo(sum)),
    display: Math.min(100, Math.round(10 * Math.max(0, sum))),
    diversity: measureDiversity(contributions.map(({ attestation, value }) => ({ attester: attestation.attester, value }))),
    contributions,
  };
}

type AttesterScore = Pick<TrustScore, 'raw' | 'display'> | undefined;

/** The score of who attests; undefined beyond the depth that counts, and where the path would close. */
function scoreAttester(attester: Hex, evidence: TrustEvidence, now: number, depth: number, path: ReadonlySet<Hex>): AttesterScore {
  return depth >= MAX_DEPTH || path.has(attester) ? undefined : scoreAt(attester, evidence, now, depth + 1, path);
}

function weigh(attestation: Attestation, { zaps }: TrustEvidence, now: number, isNew: boolean, attester: AttesterScore): Contribution {
  const type: number = TYPE_WEIGHTS[attestation.type];
  const zap = zapFactor(zaps.get(attestation.id) ?? 0);
  const trust = attester !== undefined && attester.raw > 0 ? Math.sqrt(attester.raw) : 1;
  const decay = decayFactor((now - attestation.createdAt) / DAY_S);
  const novelty = isNew ? NOVELTY : 1;
  const gated = type < 0 ? findGate(attestation, attester) : undefined;
  const value = zap * trust * type * decay * novelty;
  return { attestation, zap, trust, type, decay, novelty, value, ...(gated === undefined ? {} : { gated }) };
}

// Anybody can make a key and speak ill: it takes words, and standing.
function findGate({ text }: Attestation, attester: AttesterScore): Contribution['gated'] {
  if (text.trim() === '') return 'no-text';
  return attester === undefined || attester.display < GATE_DISPLAY ? 'low-trust' : undefined;
}

/** Of each attester's statements of one type the newest, in a fixed order. */
function keepNewest(attestations: readonly Attestation[]): readonly Attestation[] {
  const newest = new Map<string, Attestation>();
  for (const each of attestations) {
    const key = `${each.attester}:${each.type}`;
    const known = newest.get(key);
    const isNewer = known === undefined || each.createdAt > known.createdAt || (each.createdAt === known.createdAt && each.id < known.id);
    if (isNewer) newest.set(key, each);
  }
  return [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function isCurrent({ expiresAt }: Attestation, now: number): boolean {
  return expiresAt === undefined || expiresAt > now;
}

function scoreOnce(score: (attester: Hex) => AttesterScore): (attester: Hex) => AttesterScore {
  const known = new Map<Hex, AttesterScore>();
  return (attester) => {
    if (!known.has(attester)) known.set(attester, score(attester));
    return known.get(attester);
  };
}

function roundTwo(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The names of the types, for people. */
export const TYPE_NAMES: Readonly<Record<AttestationType, string>> = {
  'service-quality': 'quality of service',
  'work-completed': 'work completed',
  'identity-continuity': 'identity kept',
  'general-trust': 'general trust',
  dispute: 'dispute',
  warning: 'warning',
};
