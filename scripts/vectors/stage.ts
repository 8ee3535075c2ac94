// The stage of a conversation vector: two sides over the real state machine, where every step is written down with its bytes.

import type { Hex } from '../../src/core/bytes.ts';
import type { Role } from '../../src/negotiate/agreement.ts';
import { encodeBundle } from '../../src/negotiate/bundle.ts';
import { nextHeader, type Arrival } from '../../src/negotiate/chain.ts';
import { inOrderOfSeq, mayKeep } from '../../src/negotiate/early.ts';
import { exportBundle } from '../../src/negotiate/exportBundle.ts';
import type { Draft, SecondSecrets } from '../../src/negotiate/draft.ts';
import { decodeMove, encodeMove, type MoveHeader, type MoveRumor } from '../../src/negotiate/move.ts';
import type { BodyOf, MoveBody } from '../../src/negotiate/moveBody.ts';
import { findOffer, isFrozen, describeMove, type Negotiation } from '../../src/negotiate/negotiation.ts';
import { readPhase } from '../../src/negotiate/phase.ts';
import { planAccept, planConfirm, planPresigned, type LockValues, type SigningPlan } from '../../src/negotiate/planSignature.ts';
import { makeSignatureTemplate, type SignatureTemplate, type VerifiedSignature } from '../../src/negotiate/signature.ts';
import { findDeal, findHead } from '../../src/negotiate/slot.ts';
import { beginNegotiation, checkArrival, refuseUnknownFeatures, transition, type Transition } from '../../src/negotiate/transition.ts';
import { verifyBundle } from '../../src/negotiate/verifyBundle.ts';
import type { Terms } from '../../src/negotiate/terms.ts';
import { draw, otherOf, PUBLIC, sign, T0, verify } from './testKeys.ts';

/** One side of the stage. `outbox` holds what was sent and is neither delivered nor lost. */
export interface Side {
  readonly role: Role;
  state: Negotiation | undefined;
  readonly log: Map<Hex, MoveRumor>;
  outbox: MoveRumor[];
  /** Moves that came before the open. */
  readonly early: { readonly id: Hex; readonly arrival: Arrival }[];
}

/** What happened in a step: an own move, an arrival or the passing of time, and what came of it. */
export interface StageStep {
  readonly at: number;
  readonly side: Role;
  readonly do: 'issue' | 'receive' | 'tick' | 'forge';
  readonly [fact: string]: unknown;
}

/** What an offer on stage may have besides its price. */
export interface OfferOptions {
  readonly presigned?: boolean;
  readonly expiresAt?: number;
  readonly alternatives?: readonly number[];
  readonly amends?: Hex;
  readonly under?: Hex;
  readonly terms?: Partial<Terms>;
}

/** The terms of an offer at a price in sats. */
export function termsAt(sats: number, more: Partial<Terms> = {}): Terms {
  const price = { model: 'fixed', amount_msat: String(sats * 1_000) } as const;
  return { service: { capability: 'translation' }, scope: { summary: 'Translate it.' }, price, ...more };
}

/** A conversation under way. The clock is `now`; every call writes one step. */
export class Stage {
  now = T0;
  readonly steps: StageStep[] = [];
  readonly events = new Map<Hex, MoveRumor>();
  readonly sides: Readonly<Record<Role, Side>>;
  readonly #opener: Role;
  /** The lock values of the next signature, where they are not to be new. */
  locks: LockValues | undefined;
  readonly #name: string;
  readonly #dishonest: Role | undefined;
  #nid = '';

  constructor(name: string, { opener = 'buyer', dishonest }: { opener?: Role; dishonest?: Role } = {}) {
    this.#name = name;
    this.#opener = opener;
    this.#dishonest = dishonest;
    const side = (role: Role): Side => ({ role, state: undefined, log: new Map(), outbox: [], early: [] });
    this.sides = { buyer: side('buyer'), provider: side('provider') };
  }

  /** Sends the `open`; it is delivered like any other move. */
  open(options: Partial<BodyOf<'open'>> = {}): Hex {
    const from = this.sides[this.#opener];
    const body: BodyOf<'open'> = {
      v: 1,
      type: 'open',
      to: PUBLIC[otherOf(from.role)],
      role: from.role,
      service: 'translation',
      requirements: 'One contract.',
      features: [],
      nonce: draw(`${this.#name} nonce`),
      expires_at: T0 + 1_000_000,
      ...options,
    };
    const header = { seq: 1, prev: '', seen: '' } as const;
    const rumor = encodeMove({ author: PUBLIC[from.role], ...header, alt: describeMove(body), body, createdAt: this.now });
    this.#nid = rumor.id;
    from.state = beginNegotiation(PUBLIC[from.role], { ...header, id: rumor.id, author: PUBLIC[from.role], nid: rumor.id }, body);
    this.#send(from, [rumor]);
    this.#note(from, 'issue', { draft: { type: 'open' } }, [rumor], []);
    return rumor.id;
  }

  offer(role: Role, sats: number, options: OfferOptions = {}): Hex {
    const { presigned = false, expiresAt = this.now + 3_600, alternatives, amends, under, terms } = options;
    const body: BodyOf<'offer'> = {
      v: 1,
      type: 'offer',
      terms: termsAt(sats, terms),
      salt_seed: draw(`${this.#name} seed ${role} ${sats}`),
      expires_at: expiresAt,
      ...(alternatives === undefined ? {} : { alternatives: alternatives.map((each) => termsAt(each)) }),
      ...(amends === undefined ? {} : { amends }),
      ...(under === undefined ? {} : { under }),
    };
    if (!presigned) return this.#issue(role, { type: 'offer', body }, { type: 'offer', body });
    this.tick(role);
    const locks = this.#locks(role, `presigned ${sats}`);
    const plan = planPresigned(this.#stateOf(role), body, locks, this.now);
    if (plan === undefined) throw new Error(`${this.#name}: no plan`);
    const signature = this.#sign(role, plan);
    const draft = { type: 'offer', body: { ...body, presigned: signature }, signature, secrets: plan.secrets } as const;
    return this.#issue(role, draft, { type: 'offer', body, locks: plan.secrets });
  }

  accept(role: Role, offer: Hex, alternative = 0): Hex {
    const state = this.#stateOf(role);
    const found = findOffer(state, offer);
    const locks = this.#locks(role, `accept ${offer}`);
    const due = found === undefined ? undefined : planAccept(state, found, alternative, locks, this.now);
    const plan = due ?? this.#planNothing(locks);
    const signature = this.#sign(role, plan);
    const body = { v: 1, type: 'accept', offer, alternative, agreement: plan.agreement, signature } as const;
    const draft = { type: 'accept', body, signature, secrets: plan.secrets } as const;
    return this.#issue(role, draft, { type: 'accept', offer, alternative, locks: plan.secrets });
  }

  /** Confirms the accept that waits, or asks to confirm `accept`, which nobody has made. */
  confirm(role: Role, accept?: Hex): Hex {
    const { pending } = this.#stateOf(role);
    const id = accept ?? pending?.id ?? '';
    const locks = this.#locks(role, `confirm ${id}`);
    const plan = pending?.id === id ? planConfirm(pending, locks, this.now) : this.#planNothing(locks);
    const signature = this.#sign(role, plan);
    const body = { v: 1, type: 'confirm', accept: id, agreement: plan.agreement, signature } as const;
    const draft = { type: 'confirm', body, signature, secrets: plan.secrets as SecondSecrets } as const;
    return this.#issue(role, draft, { type: 'confirm', accept: id, locks: plan.secrets });
  }

  /** Any other own move. */
  make(role: Role, draft: Exclude<Draft, { type: 'accept' | 'confirm' | 'offer' }>): Hex {
    return this.#issue(role, draft, draft);
  }

  say(role: Role, text: string): Hex {
    return this.make(role, { type: 'talk', body: { v: 1, type: 'ask', text } });
  }

  tick(role: Role): void {
    const side = this.sides[role];
    if (side.state !== undefined) this.#apply(side, 'tick', {}, transition(side.state, { kind: 'tick', now: this.now }));
  }

  /** The move that a side would make next if it kept to no rule; with `record` its chain goes on from there. */
  forge(role: Role, body: MoveBody, { record = true, ...place }: { record?: boolean } & Partial<Pick<MoveHeader, 'nid' | 'seq' | 'prev' | 'seen'>> = {}): MoveRumor {
    const side = this.sides[role];
    const state = this.#stateOf(role);
    const header = { ...nextHeader(state.chain), ...place };
    const rumor = encodeMove({ author: PUBLIC[role], nid: this.#nid, ...header, alt: describeMove(body), body, createdAt: this.now });
    return this.forgeRaw(side, rumor, body.type, record);
  }

  forgeRaw(side: Side, rumor: MoveRumor, type: MoveBody['type'], record: boolean): MoveRumor {
    const state = this.#stateOf(side.role);
    if (record) side.state = { ...state, chain: { ...state.chain, sent: [...state.chain.sent, { id: rumor.id, type }], coveredCount: state.chain.received.length } };
    this.#send(side, [rumor]);
    this.#note(side, 'forge', {}, [rumor], []);
    return rumor;
  }

  /** Delivers what a side has sent, in the order sent, all or the first few. */
  deliver(from: Role, count = Number.POSITIVE_INFINITY): void {
    for (const rumor of this.take(from, count)) this.receive(otherOf(from), rumor);
  }

  /** What a side has sent leaves the stage: lost, or to be delivered later with {@link receive}. */
  take(from: Role, count = Number.POSITIVE_INFINITY): MoveRumor[] {
    const side = this.sides[from];
    return side.outbox.splice(0, Math.min(count, side.outbox.length));
  }

  receive(role: Role, rumor: MoveRumor): void {
    const side = this.sides[role];
    const decoded = decodeMove(rumor);
    if (decoded.kind === 'not-a-move') throw new Error(`${this.#name}: no move`);
    if (side.state === undefined) {
      this.#apply(side, 'receive', { event: rumor.id }, this.#receiveFirst(side, rumor, decoded));
      return;
    }
    const arrival = checkArrival(decoded, (event) => verify(event));
    this.#apply(side, 'receive', { event: rumor.id }, transition(side.state, { kind: 'received', arrival, now: this.now }));
  }

  /** What comes before the open is kept; with the open it is received at once, each move as an input of its own. */
  #receiveFirst(side: Side, { id }: MoveRumor, arrival: Arrival): Transition {
    if (arrival.kind !== 'move' || arrival.body.type !== 'open') {
      if (mayKeep(side.early, id)) side.early.push({ id, arrival });
      return { kind: 'unchanged' };
    }
    const begun = beginNegotiation(PUBLIC[side.role], arrival.header, arrival.body);
    if (begun === undefined) return { kind: 'unchanged' };
    side.state = begun;
    const kept = inOrderOfSeq(side.early.filter((each) => each.arrival.header.nid === begun.nid));
    return kept.reduce<Transition>(
      (before, each) => {
        const { state, send, resend } = before.kind === 'moved' ? before : { state: begun, send: [], resend: [] };
        const checked = checkArrival(each.arrival, (event) => verify(event));
        const next = transition(state, { kind: 'received', arrival: checked, now: this.now });
        return next.kind === 'moved' ? { ...next, send: [...send, ...next.send], resend: [...resend, ...next.resend] } : before;
      },
      refuseUnknownFeatures(begun, this.now),
    );
  }

  /** Delivers in both directions until neither side has anything to say. */
  exchange(): void {
    for (let round = 0; round < 20; round += 1) {
      for (const role of ['buyer', 'provider'] as const) {
        this.deliver(role);
        this.tick(otherOf(role));
      }
      if (this.sides.buyer.outbox.length + this.sides.provider.outbox.length === 0) return;
    }
    throw new Error(`${this.#name}: the sides never fall silent`);
  }

  phases(): Readonly<Record<Role, string | null>> {
    return { buyer: this.#phaseOf(this.sides.buyer), provider: this.#phaseOf(this.sides.provider) };
  }

  /** The codes of the errors that a side has sent so far, in order. */
  codes(role: Role): string[] {
    const bodies = [...this.sides[role].log.values()].map(({ content }) => JSON.parse(content) as { type: string; code?: string });
    return bodies.flatMap(({ type, code }) => (type === 'error' && code !== undefined ? [code] : []));
  }

  /** Commitments, bundles and the standing agreement of each honest side. */
  conclude(): Readonly<Record<Role, unknown>> {
    return { buyer: this.#concludeSide(this.sides.buyer), provider: this.#concludeSide(this.sides.provider) };
  }

  bundles(role: Role): { agreement: Hex; state: string; text: string }[] {
    const state = this.#stateOf(role);
    return state.commitments.map((commitment) => {
      const bundle = exportBundle(state, commitment);
      const text = bundle === undefined ? '' : encodeBundle(bundle);
      const report = verifyBundle(text, (event) => verify(event));
      return { agreement: commitment.agreement, state: report.kind === 'valid' ? report.state : 'invalid', text };
    });
  }

  stateOf(role: Role): Negotiation {
    return this.#stateOf(role);
  }

  #concludeSide(side: Side): unknown {
    if (side.role === this.#dishonest || side.state === undefined) return null;
    const { state } = side;
    return {
      phase: readPhase(state),
      head: findHead(state)?.agreement ?? null,
      deal: findDeal(state)?.agreement ?? null,
      frozen: isFrozen(state),
      commitments: state.commitments.map(({ agreement, side: signs, state: stands }) => ({ agreement, signs, state: stands })),
      bundles: this.bundles(side.role),
    };
  }

  #issue(role: Role, draft: Draft, facts: unknown): Hex {
    const side = this.sides[role];
    const result = transition(this.#stateOf(role), { kind: 'issue', draft, now: this.now });
    this.#apply(side, 'issue', { draft: facts }, result);
    const type = draft.type === 'talk' || draft.type === 'settle' ? draft.body.type : draft.type;
    const made = result.kind === 'moved' ? result.send.findLast(({ content }) => content.includes(`"type":"${type}"`)) : undefined;
    return made?.id ?? '';
  }

  #apply(side: Side, what: StageStep['do'], facts: object, result: Transition): void {
    if (result.kind === 'moved') {
      side.state = result.state;
      // What is new in this step is not in the log yet: it goes out once.
      const resent = [...new Set(result.resend)].flatMap((id) => side.log.get(id) ?? []);
      this.#send(side, result.send);
      side.outbox.push(...resent);
      this.#note(side, what, facts, result.send, resent);
    } else if (what !== 'tick') {
      this.#note(side, what, { ...facts, ...(result.kind === 'refused' ? { refused: result.reason } : {}) }, [], []);
    }
  }

  #send(side: Side, rumors: readonly MoveRumor[]): void {
    for (const rumor of rumors) {
      side.log.set(rumor.id, rumor);
      this.events.set(rumor.id, rumor);
    }
    side.outbox.push(...rumors);
  }

  #note(side: Side, what: StageStep['do'], facts: object, sent: readonly MoveRumor[], resent: readonly MoveRumor[]): void {
    const ids = (rumors: readonly MoveRumor[]): Hex[] => rumors.map(({ id }) => id);
    this.steps.push({ at: this.now, side: side.role, do: what, ...facts, sent: ids(sent), resent: ids(resent), phases: this.phases() });
  }

  #phaseOf(side: Side): string | null {
    return side.role === this.#dishonest || side.state === undefined ? null : readPhase(side.state);
  }

  #stateOf(role: Role): Negotiation {
    const { state } = this.sides[role];
    if (state === undefined) throw new Error(`${this.#name}: ${role} has no negotiation yet`);
    return state;
  }

  #locks(role: Role, label: string): LockValues {
    const { locks } = this;
    this.locks = undefined;
    if (locks !== undefined) return locks;
    const place = this.#stateOf(role).chain.sent.length;
    return { yes: draw(`${this.#name} yes ${role} ${place} ${label}`), no: draw(`${this.#name} no ${role} ${place} ${label}`) };
  }

  /** What is signed for a move that is refused before anybody looks at its signature. */
  #planNothing({ yes, no }: LockValues): SigningPlan {
    const agreement = draw('no agreement');
    const claim = { order: 'second', role: 'acceptor', agreement, first: draw('no signature'), ack: draw('no a'), late: draw('no l') } as const;
    return { agreement, template: makeSignatureTemplate(claim, this.now), secrets: { a: yes, l: no } };
  }

  #sign(role: Role, { template }: SigningPlan): VerifiedSignature {
    return sign(role, template satisfies SignatureTemplate) as unknown as VerifiedSignature;
  }
}
