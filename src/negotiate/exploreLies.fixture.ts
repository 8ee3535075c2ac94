// What a liar may send next: anything that is made from its own key and from what the honest side has shown, right or wrong.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { agreementFor, latestConfirmBy } from './commitment.ts';
import { hashAgreement } from './agreement.ts';
import { locksOf, offerBody, seedOf, type OfferPlan } from './exploreMoves.fixture.ts';
import { KEYS, sign, T0, type Machine, type Node, type Place } from './exploreSide.fixture.ts';
import { toOffer } from './receiveOffer.ts';
import type { MoveBody } from './moveBody.ts';
import type { Commitment, Negotiation, Offer } from './negotiation.ts';
import type { LockValues } from './planSignature.ts';
import { hashLock, makeSignatureTemplate, type FirstClaim, type SecondClaim, type VerifiedSignature } from './signature.ts';
import { findHead, isPresigned } from './slot.ts';

/** A move of the liar, with a name for reports. */
export type Lie = readonly [label: string, body: MoveBody];

/** How many signatures a liar makes where one is due. */
const TWINS = [0, 1] as const;
const WRONG = sha256Hex('wrong');

// The values behind every lock that the liar has made: it alone knows them.
const known = new Map<Hex, LockValues>();
const values = new Set<Hex>();
// What a label stands for is the same wherever it is asked for.
const signed = new Map<string, VerifiedSignature>();

/** The values behind the locks of a signature that the liar has made. */
export function valuesOf(signature: Hex): LockValues | undefined {
  return known.get(signature);
}

/** Whether a liar has made a signature with this value behind one of its locks. */
export function isLiarValue(value: Hex): boolean {
  return values.has(value);
}

/** Every move that the liar may send to this side now. `plans` are the offers that it has in mind. */
export function listLies(machine: Machine, node: Node, plans: readonly OfferPlan[]): readonly Lie[] {
  const { state } = node;
  const liar = (1 - node.place) as Place;
  const now = machine.instants[node.level] as number;
  const mine = state.offers.filter(({ by }) => by === state.me);
  const theirs = state.offers.filter(({ by }) => by === state.peer);
  return [
    ...plans.flatMap((plan, n) => lieAnOffer(machine, state, liar, plan, n, now)),
    ...mine.flatMap((offer) => lieAboutOffer(state, liar, offer, now)),
    ...theirs.flatMap((offer) => lieAboutOwnOffer(offer)),
    ...state.commitments.flatMap((each) => lieAboutCommitment(liar, each)),
    ...lieAboutPending(state),
    ['ends it', { v: 1, type: 'cancel' }],
    ['talks', { v: 1, type: 'ask', text: 'Well?' }],
    ['blames the opening', { v: 1, type: 'error', re: state.nid, code: 'no' }],
  ];
}

function lieAnOffer(machine: Machine, state: Negotiation, liar: Place, plan: OfferPlan, n: number, now: number): readonly Lie[] {
  const seed = seedOf(liar, n);
  const head = plan.about === undefined ? undefined : findHead(state);
  if (plan.expiresAt <= now || state.offers.some((each) => each.seed === seed) || (plan.about !== undefined && head === undefined))
    return [];
  const body = { ...offerBody(plan, seed), ...(plan.about === undefined ? {} : { [plan.about]: head?.agreement ?? '' }) };
  if (plan.isPresigned !== true) return [[`offers ${plan.sats}`, body]];
  // The id that the offer has without its signature.
  const header = machine.messages[machine.forge(liar, body, now)]?.arrival.header;
  const offer = toOffer(body, { id: header?.id ?? '' }, KEYS[liar]);
  const presigned = signFirst(state, liar, offer, 'offeror', 0, plan.expiresAt, `offer ${n}`, now);
  const other = signFirst(state, liar, { ...offer, seed: WRONG }, 'offeror', 0, plan.expiresAt, `other ${n}`, now);
  return [
    [`offers ${plan.sats} presigned`, { ...body, presigned }],
    [`offers ${plan.sats} signed for other terms`, { ...body, presigned: other }],
  ];
}

function lieAboutOffer(state: Negotiation, liar: Place, offer: Offer, now: number): readonly Lie[] {
  const { id } = offer;
  const signed = offer.presigned === undefined ? lieAnAccept(state, liar, offer, now) : [];
  return [
    ...signed,
    ['rejects', { v: 1, type: 'reject', offer: id, final: false, code: 'no' }],
    ['rejects all', { v: 1, type: 'reject', offer: id, final: true, code: 'no' }],
    ['withdraws what is not its own', { v: 1, type: 'withdraw', offer: id }],
    ['blames an offer', { v: 1, type: 'error', re: id, code: 'no' }],
  ];
}

/** First signatures on a plain offer of the honest side: two that are due, and some that are not. */
function lieAnAccept(state: Negotiation, liar: Place, offer: Offer, now: number): readonly Lie[] {
  const due = latestConfirmBy(offer, Math.min(now, T0));
  const accept = (label: string, signature: VerifiedSignature, alternative = 0): Lie => {
    const agreement = signature.tags[1]?.[1] ?? '';
    return [label, { v: 1, type: 'accept', offer: offer.id, alternative, agreement, signature }];
  };
  const name = `accept ${offer.id.slice(0, 8)}`;
  const make = (alternative: number, confirmBy: number, label: string, at = T0, role: FirstClaim['role'] = 'acceptor'): VerifiedSignature =>
    signFirst(state, liar, offer, role, alternative, confirmBy, `${name} ${label}`, at);
  const good = make(0, due, 'forged');
  return [
    ...TWINS.map((twin) => accept(`accepts #${twin}`, make(0, due, `twin ${twin}`))),
    ...(offer.alternatives ?? []).map((_, i) => accept(`accepts alternative ${i + 1}`, make(i + 1, due, `alternative ${i}`), i + 1)),
    accept('accepts with a window too long', make(0, offer.expiresAt + 1, 'long')),
    accept('accepts with a date to come', make(0, due, 'future', now + 601)),
    accept('accepts in the wrong role', make(0, due, 'role', T0, 'offeror')),
    accept('accepts with a forged signature', { ...good, sig: '0'.repeat(128) }),
    accept('accepts one alternative and signs another', make(0, due, 'mixed'), 1),
  ];
}

function lieAboutOwnOffer({ id, presigned }: Offer): readonly Lie[] {
  const values = presigned === undefined ? undefined : valuesOf(presigned.id);
  return [
    ['withdraws', { v: 1, type: 'withdraw', offer: id }],
    ['voids an offer with a wrong value', { v: 1, type: 'cancel', re: id, void: WRONG }],
    ...(values === undefined ? [] : [['voids an offer', { v: 1, type: 'cancel', re: id, void: values.no }] as const]),
  ];
}

function lieAboutPending({ pending }: Negotiation): readonly Lie[] {
  if (pending === undefined) return [];
  const values = valuesOf(pending.first.id);
  return [
    ['voids an accept that waits, with a wrong value', { v: 1, type: 'cancel', re: pending.id, void: WRONG }],
    ...(values === undefined ? [] : [['voids an accept that waits', { v: 1, type: 'cancel', re: pending.id, void: values.no }] as const]),
  ];
}

function lieAboutCommitment(liar: Place, each: Commitment): readonly Lie[] {
  const acts: Lie = ['acts', { v: 1, type: 'dispute', agreement: each.agreement, code: 'lie' }];
  return [acts, ...(each.side === 'first' ? lieAsSecond(liar, each) : lieAsFirst(each))];
}

/** The honest side signed first: second signatures of every date, both answers to the closing, and blame. */
function lieAsSecond(liar: Place, each: Commitment): readonly Lie[] {
  const { firstMove, agreement, confirmBy, first, second, offer } = each;
  const role = isPresigned(each) ? 'acceptor' : 'offeror';
  const make = (label: string, at: number, named = first.id): VerifiedSignature =>
    signSecond(liar, { order: 'second', role, agreement, first: named }, `second ${first.id.slice(0, 8)} ${label}`, at);
  const send = (label: string, signature: VerifiedSignature): Lie => [
    label,
    isPresigned(each)
      ? { v: 1, type: 'accept', offer, alternative: 0, agreement, signature }
      : { v: 1, type: 'confirm', accept: firstMove, agreement, signature },
  ];
  const values = second === undefined ? undefined : valuesOf(second.id);
  return [
    ...TWINS.map((twin) => send(`signs second #${twin}`, make(`twin ${twin}`, T0))),
    send('signs second, dated late', make('late', confirmBy + 1)),
    send('signs second to another first', make('other', T0, WRONG)),
    send('signs second with a forged signature', { ...make('forged', T0), sig: '0'.repeat(128) }),
    ['blames a signature', { v: 1, type: 'error', re: firstMove, code: 'no' }],
    ['calls it late with a wrong value', { v: 1, type: 'error', re: firstMove, code: 'late', l: WRONG }],
    ...(values === undefined ? [] : answerClosing(values)),
  ];
}

function answerClosing({ yes, no }: LockValues): readonly Lie[] {
  return [
    ['acknowledges', { v: 1, type: 'receipt', upto: 1, a: yes }],
    ['calls it late', { v: 1, type: 'error', re: WRONG, code: 'late', l: no }],
  ];
}

/** The liar signed first: it closes and voids, rightly and wrongly, in any order. */
function lieAsFirst(each: Extract<Commitment, { side: 'second' }>): readonly Lie[] {
  const { firstMove, secondMove, agreement, first } = each;
  const values = valuesOf(first.id);
  const right: readonly Lie[] =
    values === undefined
      ? []
      : [
          ['closes', { v: 1, type: 'close', re: secondMove, agreement, c: values.yes }],
          ['closes another agreement', { v: 1, type: 'close', re: secondMove, agreement: WRONG, c: values.yes }],
          ['closes by the first move', { v: 1, type: 'close', re: firstMove, agreement, c: values.yes }],
          ['voids', { v: 1, type: 'cancel', re: firstMove, void: values.no }],
        ];
  return [
    ...right,
    ['closes with a wrong value', { v: 1, type: 'close', re: secondMove, agreement, c: WRONG }],
    ['voids with a wrong value', { v: 1, type: 'cancel', re: firstMove, void: WRONG }],
  ];
}

function signFirst(
  state: Negotiation,
  liar: Place,
  offer: Offer,
  role: FirstClaim['role'],
  alternative: number,
  confirmBy: number,
  label: string,
  at: number,
): VerifiedSignature {
  const key = [liar, label, offer.id, offer.seed, alternative, confirmBy, role, at].join();
  const made = signed.get(key);
  if (made !== undefined) return made;
  const agreement = agreementFor(state, offer, alternative, confirmBy);
  const values = locksOf(liar, `lie ${label}`);
  const locks = { close: hashLock(values.yes), void: hashLock(values.no) };
  const hash = agreement === undefined ? WRONG : hashAgreement(agreement);
  const signature = keep(sign(liar, makeSignatureTemplate({ order: 'first', role, agreement: hash, confirmBy, ...locks }, at)), values);
  signed.set(key, signature);
  return signature;
}

function signSecond(liar: Place, claim: Omit<SecondClaim, 'ack' | 'late'>, label: string, at: number): VerifiedSignature {
  const values = locksOf(liar, `lie ${label}`);
  const locks = { ack: hashLock(values.yes), late: hashLock(values.no) };
  return keep(sign(liar, makeSignatureTemplate({ ...claim, ...locks }, at)), values);
}

function keep(signature: VerifiedSignature, { yes, no }: LockValues): VerifiedSignature {
  known.set(signature.id, { yes, no });
  values.add(yes).add(no);
  return signature;
}
