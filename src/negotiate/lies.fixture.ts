// What a party that minds no rule can say next: anything that its keys allow, true or false, in time or not. It draws new lock values for
// each signature, and sends a signature once: what a second use of either means is not part of what is tried.

import type { Hex } from '../core/bytes.ts';
import { hashAgreement, START_BY_S, type Agreement } from './agreement.ts';
import { agreementFor } from './commitment.ts';
import { drawLocks, sign, termsAt, type Place, type World } from './model.fixture.ts';
import { encodeMove, type MoveRumor } from './move.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import type { Commitment, Negotiation, Offer } from './negotiation.ts';
import type { LockValues } from './planSignature.ts';
import { toOffer } from './receiveOffer.ts';
import { hashLock, makeSignatureTemplate, type SignerRole, type VerifiedSignature } from './signature.ts';
import { findHead } from './slot.ts';

/** A liar: its place, and every signature it has made with the values it can show for it. */
export interface Liar {
  readonly place: Place;
  readonly me: Hex;
  readonly made: Map<Hex, LockValues & { readonly event: VerifiedSignature }>;
}

/** Where a forged move claims to stand. */
export interface ForgedHeader {
  readonly seq: number;
  readonly prev: Hex | '';
  readonly seen: Hex | '';
}

/** What a lie is made from: the liar, all it can know of its victim, the victim's time, chance. */
export interface Scene {
  readonly world: World;
  readonly liar: Liar;
  readonly victim: Negotiation;
  readonly now: number;
  readonly dice: () => number;
}

/** A body for a move that will stand at `header`. */
export type Lie = (scene: Scene, header: ForgedHeader) => MoveBody | undefined;

/** The move of the liar's with this body. */
export function forge(
  { victim, liar }: { readonly victim: Pick<Negotiation, 'nid'>; readonly liar: Pick<Liar, 'me'> },
  header: ForgedHeader,
  body: MoveBody,
  now: number,
): MoveRumor {
  return encodeMove({ author: liar.me, nid: victim.nid, ...header, alt: '', body, createdAt: now });
}

function pickOne<T>({ dice }: Scene, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : items[dice() % items.length];
}

/** Mostly the first, else one of the others. */
function mostly<T>({ dice }: Scene, usual: T, ...others: readonly T[]): T {
  return dice() % 4 > 0 || others.length === 0 ? usual : (others[dice() % others.length] as T);
}

function signFirst(scene: Scene, role: SignerRole, agreement: Hex, confirmBy: number): VerifiedSignature {
  const { yes, no } = drawLocks(scene.world);
  const claim = { order: 'first', role, agreement, confirmBy, close: hashLock(yes), void: hashLock(no) } as const;
  const event = sign(scene.liar.place, makeSignatureTemplate(claim, mostly(scene, scene.now, scene.now + 601, scene.now - 5_000)));
  scene.liar.made.set(event.id, { yes, no, event });
  return event;
}

function signSecond(
  scene: Scene,
  role: SignerRole,
  { agreement, first, confirmBy }: Pick<Commitment, 'agreement' | 'first' | 'confirmBy'>,
): VerifiedSignature {
  const { yes, no } = drawLocks(scene.world);
  const claim = { order: 'second', role, agreement, first: first.id, ack: hashLock(yes), late: hashLock(no) } as const;
  const dated = mostly(scene, Math.min(scene.now, confirmBy), confirmBy, confirmBy + 1, 0);
  const event = sign(scene.liar.place, makeSignatureTemplate(claim, dated));
  scene.liar.made.set(event.id, { yes, no, event });
  return event;
}

/** An offer, plain or signed, for the deal, for an amendment of anything, for a call-off from anything. */
export const offer: Lie = (scene, header) => {
  const { victim, now, dice, world } = scene;
  const head = findHead(victim)?.agreement;
  const named = pickOne(scene, [head, head, head, ...victim.commitments.map(({ agreement }) => agreement)]) ?? hashLock('ab'.repeat(32));
  const use = dice() % (head === undefined ? 12 : 3);
  const isFramework = use === 2 || dice() % 3 === 0;
  const body: BodyOf<'offer'> = {
    v: 1,
    type: 'offer',
    terms: termsAt(100 + 100 * (dice() % 5), isFramework && use !== 1),
    salt_seed: drawLocks(world).yes,
    expires_at: now + mostly(scene, 3_600, 60, 7_200, 20_000, -10),
    ...(dice() % 4 === 0 ? { alternatives: [termsAt(600), termsAt(700)] } : {}),
    ...(use === 0 ? { amends: named } : {}),
    ...(use === 1 ? { under: named } : {}),
  };
  return dice() % 3 === 0 ? presign(scene, header, body) : body;
};

function presign(scene: Scene, header: ForgedHeader, { alternatives: _, ...body }: BodyOf<'offer'>): MoveBody {
  const { id } = forge(scene, header, body, scene.now);
  const confirmBy = mostly(scene, body.expires_at, body.expires_at + 9);
  const due = agreementFor(scene.victim, toOffer(body, { id }, scene.liar.me), 0, confirmBy);
  const agreement = mostly(scene, due === undefined ? '' : hashAgreement(due), hashLock(scene.victim.nid));
  return { ...body, presigned: signFirst(scene, 'offeror', agreement, confirmBy) };
}

/** An accept of any offer of the victim, in whatever state that is. */
export const accept: Lie = (scene) => {
  const { victim } = scene;
  const theirs = victim.offers.filter(({ by }) => by === victim.me);
  const found = pickOne(scene, [...theirs.slice(-2), ...theirs.slice(-1), ...theirs]);
  if (found === undefined) return undefined;
  return found.presigned === undefined ? acceptPlain(scene, found) : acceptPresigned(scene, found);
};

// The root of terms is what costs most; an honest side computes it anew each time, a liar need not.
const known = new WeakMap<Offer, Map<number, Agreement | undefined>>();

function agreementOf(victim: Negotiation, found: Offer, alternative: number, confirmBy: number): Hex | undefined {
  const drafts = known.get(found) ?? new Map<number, Agreement | undefined>();
  known.set(found, drafts);
  if (!drafts.has(alternative)) drafts.set(alternative, agreementFor(victim, found, alternative, 0));
  const draft = drafts.get(alternative);
  return draft === undefined ? undefined : hashAgreement({ ...draft, start_by: confirmBy + START_BY_S });
}

function acceptPlain(scene: Scene, found: Offer): MoveBody {
  const alternative = mostly(scene, 0, 1, 2);
  const latest = Math.min(found.expiresAt, scene.now + 7_200);
  const confirmBy = mostly(scene, latest, latest + 1, scene.now, scene.now - 1, scene.now + 30);
  const due = agreementOf(scene.victim, found, alternative, confirmBy);
  const agreement = mostly(scene, due ?? hashLock(found.id), hashLock(found.seed));
  return { v: 1, type: 'accept', offer: found.id, alternative, agreement, signature: signFirst(scene, 'acceptor', agreement, confirmBy) };
}

function acceptPresigned(scene: Scene, found: Offer): MoveBody | undefined {
  const held = scene.victim.commitments.find((each) => each.offer === found.id);
  if (held === undefined) return undefined;
  const signature = signSecond(scene, mostly(scene, 'acceptor', 'offeror'), held);
  return { v: 1, type: 'accept', offer: found.id, alternative: mostly(scene, 0, 1), agreement: held.agreement, signature };
}

/** A confirmation of any first signature of the victim. */
export const confirm: Lie = (scene) => {
  const firsts = scene.victim.commitments.filter((each) => each.side === 'first' && each.firstMove !== each.offer);
  const mine = pickOne(scene, [...firsts.slice(-1), ...firsts]);
  if (mine === undefined) return undefined;
  const agreement = mostly(scene, mine.agreement, mine.agreement, mine.agreement, hashLock(mine.agreement));
  return {
    v: 1,
    type: 'confirm',
    accept: mine.firstMove,
    agreement,
    signature: signSecond(scene, mostly(scene, 'offeror', 'acceptor'), { ...mine, agreement }),
  };
};

function ownValues({ liar }: Scene, { first, second, side }: Commitment): LockValues | undefined {
  const event = side === 'first' ? second : first;
  return event === undefined ? undefined : liar.made.get(event.id);
}

/** A closing of anything the victim has signed second, in time or not, with c or another value. */
export const close: Lie = (scene) => {
  const seconds = scene.victim.commitments.filter((each) => each.side === 'second');
  const mine = pickOne(scene, [...seconds.slice(-1), ...seconds]);
  const values = mine === undefined ? undefined : ownValues(scene, mine);
  if (mine?.side !== 'second' || values === undefined) return undefined;
  const c = mostly(scene, values.yes, values.yes, values.no, hashLock(values.no));
  return { v: 1, type: 'close', re: mine.secondMove, agreement: mine.agreement, c };
};

/** A voiding of anything the liar has signed first, with v or another value, or an end without a word about it. */
export const cancel: Lie = (scene) => {
  const { victim, liar, dice } = scene;
  if (dice() % 8 === 0) return { v: 1, type: 'cancel' };
  const { pending } = victim;
  const signed = [
    ...(pending === undefined ? [] : [{ re: pending.id, event: pending.first }]),
    ...victim.commitments.filter((each) => each.side === 'second').map(({ firstMove, first }) => ({ re: firstMove, event: first })),
    ...victim.offers.flatMap(({ id, presigned, by }) =>
      presigned === undefined || by === victim.me ? [] : [{ re: id, event: presigned }],
    ),
  ];
  const found = pickOne(scene, signed);
  const values = found === undefined ? undefined : liar.made.get(found.event.id);
  if (found === undefined || values === undefined) return undefined;
  return { v: 1, type: 'cancel', re: found.re, void: mostly(scene, values.no, values.no, values.no, values.yes) };
};

/** A receipt, with or without an acknowledgement of what the victim has closed. */
export const receipt: Lie = (scene) => {
  const { victim, dice } = scene;
  const firsts = victim.commitments.filter((each) => each.side === 'first' && each.second !== undefined);
  const mine = pickOne(scene, [...firsts.slice(-1), ...firsts]);
  const values = mine === undefined ? undefined : ownValues(scene, mine);
  const upto = mostly(scene, victim.chain.sent.length, dice() % 9, 1_000_000);
  return { v: 1, type: 'receipt', upto, ...(values === undefined ? {} : { a: mostly(scene, values.yes, values.yes, values.no) }) };
};

/** An error about any move of the victim, now and then with a refusal of its closing as late. */
export const error: Lie = (scene) => {
  const { victim, dice } = scene;
  const firsts = victim.commitments.filter((each) => each.side === 'first' && each.second !== undefined);
  const mine = pickOne(scene, firsts);
  const values = mine === undefined ? undefined : ownValues(scene, mine);
  const re = mostly(scene, victim.chain.sent.at(-1)?.id ?? victim.nid, pickOne(scene, victim.chain.sent)?.id ?? victim.nid);
  return {
    v: 1,
    type: 'error',
    re,
    code: 'no',
    ...(values === undefined || dice() % 3 > 0 ? {} : { l: mostly(scene, values.no, values.no, values.yes) }),
  };
};

/** A refusal of any offer of the victim, a withdrawal of any, talk, a move about a deal that may not be one. */
export const other: Lie = (scene) => {
  const { victim, dice } = scene;
  const any = pickOne(scene, victim.offers)?.id ?? victim.nid;
  const agreement = pickOne(scene, victim.commitments)?.agreement ?? hashLock(victim.nid);
  const bodies: readonly MoveBody[] = [
    { v: 1, type: 'reject', offer: any, final: dice() % 5 === 0, code: 'no' },
    { v: 1, type: 'withdraw', offer: any },
    { v: 1, type: 'ask', text: 'Hm?' },
    { v: 1, type: 'dispute', agreement, code: 'no' },
    { v: 1, type: 'deliver', agreement, files: [{ name: 'a.txt', sha256: agreement, size: 1 }] },
  ];
  return pickOne(scene, bodies);
};
