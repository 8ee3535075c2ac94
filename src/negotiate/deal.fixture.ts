// One deal signed with real keys, as a bundle with the reveals that a test wants.

import { signEvent, verifyEvent } from '../nostr/event.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { hashAgreement, makeAgreement, type Agreement, type Role } from './agreement.ts';
import type { Bundle } from './bundle.ts';
import { hashLock, makeSignatureTemplate, type SignatureTemplate, type SignedEvent } from './signature.ts';
import type { Terms } from './terms.ts';
import { computeTermsRoot } from './termsRoot.ts';

/** End of the first signature's window, unix seconds. */
export const CONFIRM_BY = 1_800_003_600;
/** Seed of the deal's terms. */
export const SEED = '07'.repeat(32);
/** The four lock values of the deal. */
export const VALUES = { c: 'c0'.repeat(32), v: 'd0'.repeat(32), a: 'a0'.repeat(32), l: 'b0'.repeat(32) } as const;

const SECRET_KEYS = { buyer: new Uint8Array(32).fill(1), provider: new Uint8Array(32).fill(2) };

/** The two parties. */
export const PARTIES = { buyer: publicKeyOf(SECRET_KEYS.buyer), provider: publicKeyOf(SECRET_KEYS.provider) };

/** The terms of the deal. */
export const TERMS: Terms = {
  service: { capability: 'translation', title: 'Contract, German to English' },
  scope: { summary: 'Translate one contract.', revisions: 1, inputs: [{ name: 'contract.txt', sha256: '11'.repeat(32), size: 9 }] },
  price: { model: 'fixed', amount_msat: '700000' },
  delivery: { within_s: 86_400 },
};

/** What a test may want to be otherwise. By default the buyer accepts a plain offer of the provider. */
export interface DealOptions {
  readonly offeror?: Role;
  readonly signsFirst?: Role;
  /** Unix seconds. */
  readonly secondAt?: number;
  readonly alternative?: number;
  readonly without?: 'second';
  /** Other terms than {@link TERMS}. */
  readonly terms?: Terms;
  /** Fields of the agreement that both signed otherwise. */
  readonly agreement?: Partial<Agreement>;
}

/** Signs as one party. */
export function signAs(party: Role, template: SignatureTemplate): SignedEvent {
  return signEvent(SECRET_KEYS[party], PARTIES[party], template, new Uint8Array(32)) as unknown as SignedEvent;
}

/** BIP-340 check for tests. */
export const verify = (event: SignedEvent): boolean => verifyEvent(event);

/** A bundle with genuine signatures. */
export function makeDeal(reveals: Bundle['reveals'], options: DealOptions = {}): Bundle {
  const { offeror = 'provider', signsFirst = 'buyer', secondAt = 1_800_000_060, alternative = 0, without, terms: agreed = TERMS } = options;
  const facts = { nid: '22'.repeat(32), offer: '33'.repeat(32), alternative, ...PARTIES, offeror: PARTIES[offeror], confirmBy: CONFIRM_BY };
  const agreement = makeAgreement({ ...facts, termsRoot: computeTermsRoot(agreed, SEED) });
  const hash = hashAgreement({ ...agreement, ...options.agreement });
  const signsSecond = signsFirst === 'buyer' ? 'provider' : 'buyer';
  const roleOf = (party: Role) => (party === offeror ? 'offeror' : 'acceptor');
  const locks = { close: hashLock(VALUES.c), void: hashLock(VALUES.v) };
  const claim1 = { order: 'first', role: roleOf(signsFirst), agreement: hash, confirmBy: CONFIRM_BY, ...locks } as const;
  const first = signAs(signsFirst, makeSignatureTemplate(claim1, 1_800_000_000));
  const answer = { ack: hashLock(VALUES.a), late: hashLock(VALUES.l) };
  const claim2 = { order: 'second', role: roleOf(signsSecond), agreement: hash, first: first.id, ...answer } as const;
  const second = signAs(signsSecond, makeSignatureTemplate(claim2, secondAt));
  const terms = { kind: 'full', terms: agreed, seed: SEED } as const;
  const signed = {
    v: 1,
    type: 'agent-negotiate/bundle',
    agreement: { ...agreement, ...options.agreement },
    terms,
    first,
    reveals,
  } as const;
  return without === 'second' ? signed : { ...signed, second };
}
