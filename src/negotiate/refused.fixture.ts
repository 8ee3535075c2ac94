// The form of the corpus of refused moves: a valid move, one change, and what a side must do with the result.

import type { Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import { encodePayload, parsePayload } from '../marmot/payload.ts';
import { makeRumor, signEvent } from '../nostr/event.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { decodeMove, type ContentProblem, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import type { Party } from './parties.fixture.ts';
import { verify } from './parties.fixture.ts';
import { setScene, type SceneName } from './scenes.fixture.ts';
import { forge, type Scene } from './stage.fixture.ts';
import { makeSignatureTemplate, readClaim, type FirstClaim, type SecondClaim, type SignedEvent } from './signature.ts';
import { beginNegotiation, checkArrival, refuseUnknownFeatures, transition, type Transition } from './transition.ts';
import type { Negotiation } from './negotiation.ts';

/** Where a move is dropped: it leaves no trace, not even its place in the chain. */
export type Drop = 'channel' | 'no-move' | 'author' | 'begin' | 'wrong-prev' | 'chain-limit';

/** What becomes of a refused move. `unusable` and `error` consume its place and send that code, and nothing else, once. */
export type Outcome =
  | { readonly kind: 'dropped'; readonly at: Drop }
  | { readonly kind: 'unusable'; readonly code: ContentProblem }
  | { readonly kind: 'error'; readonly code: string }
  /** It comes too early: it is kept, and what is missing is asked for. */
  | { readonly kind: 'waits' }
  /** Another move has its place: both are kept, and nothing new is signed. */
  | { readonly kind: 'frozen' };

/** One change of a scene. The parts apply in the order of this list. */
export interface Change {
  /** What happens to the side before the move comes. */
  readonly before?: (stage: Scene) => void;
  readonly now?: (now: number) => number;
  /** The content as a value; what comes out is made canonical again. */
  readonly body?: (body: MoveBody, stage: Scene) => unknown;
  readonly content?: (text: string) => string;
  /** Other members of the event; its id follows. */
  readonly event?: (event: MoveRumor, stage: Scene) => Partial<Omit<MoveRumor, 'id'>>;
  /** Whom MLS names as the sender, and the id. */
  readonly sealed?: (event: MoveRumor, stage: Scene) => { readonly id?: Hex; readonly sender?: Hex };
}

/** One entry of the corpus. */
export interface Refused {
  readonly name: string;
  readonly scene: SceneName;
  readonly change: Change;
  readonly outcome: Outcome;
  /** Parts of the state, besides the chain, that have to change all the same. */
  readonly alters?: readonly (keyof Negotiation)[];
}

/** An entry of the corpus. */
export function row(scene: SceneName, what: string, change: Change, outcome: Outcome, alters?: Refused['alters']): Refused {
  return { name: `${scene}: ${what}`, scene, change, outcome, ...(alters === undefined ? {} : { alters }) };
}

/** The content cannot be used. */
export const unusable = (code: ContentProblem): Outcome => ({ kind: 'unusable', code });
/** The content can be read, but the rules do not allow it. */
export const error = (code: string): Outcome => ({ kind: 'error', code });
/** The move is dropped. */
export const dropped = (at: Drop): Outcome => ({ kind: 'dropped', at });

type Node = Record<string, unknown>;

function copyWith(json: unknown, pointer: string, change: (parent: Node, key: string) => void): unknown {
  const copy = structuredClone(json);
  const keys = pointer.slice(1).split('/');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<Node>((node, key) => node[key] as Node, copy as Node);
  change(parent, last);
  return copy;
}

/** Sets what a JSON pointer names in the content. */
export const set = (pointer: string, value: unknown): Change => ({
  body: (body) =>
    // A plain assignment to "__proto__" would set no key.
    copyWith(body, pointer, (parent, key) => {
      Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
    }),
});

/** Takes what a JSON pointer names out of the content. */
export const without = (pointer: string): Change => ({
  body: (body) =>
    copyWith(body, pointer, (parent, key) => {
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
    }),
});

const HOLE = '@hole@';

/** Puts raw text where a JSON pointer points: spellings that no encoder makes. */
export const raw = (pointer: string, spelling: string): Change => ({
  ...set(pointer, HOLE),
  content: (text) => text.replace(`"${HOLE}"`, spelling),
});

/** Changes the text of the content. */
export const spell = (content: (text: string) => string): Change => ({ content });

/** Gives a tag of the chain another value. */
export const tag = (name: string, value: string): Change => ({
  event: ({ tags }) => ({ tags: tags.map((each) => (each[0] === name ? [name, value] : each)) }),
});

/** Lets something happen before the move comes. */
export const after = (...steps: readonly ((stage: Scene) => void)[]): Change => ({
  before: (stage) => {
    for (const step of steps) step(stage);
  },
});

/** The peer says this first. */
export const said =
  (body: MoveBody | ((stage: Scene) => MoveBody)) =>
  (stage: Scene): void => {
    take(stage.me, forge(stage, typeof body === 'function' ? body(stage) : body, stage.now), stage.now);
  };

/** The move comes later by so many seconds. */
export const later = (seconds: number): Change => ({ now: (now) => now + seconds });

const STRANGER = new Uint8Array(32).fill(3);
/** A key that has no part in the negotiation. */
export const STRANGER_KEY: Hex = publicKeyOf(STRANGER);

/** How a signature in the content is made again. */
export interface Resigning {
  readonly claim?: Partial<FirstClaim> | Partial<SecondClaim>;
  readonly dated?: number;
  readonly tags?: (tags: string[][]) => string[][];
  readonly by?: 'peer' | 'me' | 'stranger';
}

/** Signs again, genuinely, with something else in it. */
export const resign = (
  field: 'signature' | 'presigned',
  { claim = {}, dated = 0, tags = (each) => each, by = 'peer' }: Resigning,
): Change => ({
  body: (body, { me, peer }) => {
    const old = (body as unknown as Record<string, SignedEvent>)[field] as SignedEvent;
    const read = readClaim(old);
    if (read === undefined) throw new Error('the valid move carries a claim');
    const template = makeSignatureTemplate({ ...read, ...claim } as FirstClaim | SecondClaim, old.created_at + dated);
    const key = { peer: peer.secretKey, me: me.secretKey, stranger: STRANGER }[by];
    return { ...body, [field]: signEvent(key, publicKeyOf(key), { ...template, tags: tags(template.tags) }, new Uint8Array(32)) };
  },
});

/** A move on its way: who is said to have sent it, and when it comes. */
export interface Delivery {
  readonly stage: Scene;
  readonly rumor: MoveRumor;
  readonly sender: Hex;
  readonly now: number;
}

/** Makes the move of an entry, or with no change the valid one. */
export function stageMove(name: SceneName, change: Change = {}): Delivery {
  const stage = setScene(name);
  change.before?.(stage);
  const now = change.now?.(stage.now) ?? stage.now;
  const valid = forge(stage, stage.body, stage.now);
  const body = JSON.parse(valid.content) as MoveBody;
  const text = change.body === undefined ? valid.content : canonicalJson(change.body(body, stage));
  const content = change.content?.(text) ?? text;
  const { pubkey, ...rest } = { ...valid, content, ...change.event?.({ ...valid, content }, stage) };
  const rumor = makeRumor(pubkey, rest) as MoveRumor;
  const { id = rumor.id, sender = stage.peer.pubkey } = change.sealed?.(rumor, stage) ?? {};
  return { stage, rumor: { ...rumor, id }, sender, now };
}

/** What became of a move: `dropped` by name, or the step of the state machine. */
export type Taken =
  { readonly kind: 'dropped'; readonly at: Drop } | { readonly kind: 'taken'; readonly result: Transition; readonly isUsable: boolean };

/** Takes a move in as channel, agent and state machine do, one after the other. */
export function deliver({ stage, rumor, sender, now }: Delivery): Taken {
  const { me, isOpening } = stage;
  const payload = parsePayload(encodePayload(rumor));
  if (payload === undefined) return { kind: 'dropped', at: 'channel' };
  const decoded = decodeMove(payload);
  if (decoded.kind === 'not-a-move') return { kind: 'dropped', at: 'no-move' };
  if (decoded.header.author !== sender) return { kind: 'dropped', at: 'author' };
  const arrival = checkArrival(decoded, verify);
  if (isOpening !== true) {
    const result = transition(me.state, { kind: 'received', arrival, now });
    if (result.kind !== 'refused') return { kind: 'taken', result, isUsable: arrival.kind === 'move' };
    return { kind: 'dropped', at: result.reason as Drop };
  }
  const state =
    arrival.kind === 'move' && arrival.body.type === 'open' ? beginNegotiation(me.pubkey, arrival.header, arrival.body) : undefined;
  if (state === undefined) return { kind: 'dropped', at: 'begin' };
  const refusal = refuseUnknownFeatures(state, now);
  const result = refusal.kind === 'unchanged' ? ({ kind: 'moved', state, send: [], resend: [] } as const) : refusal;
  return { kind: 'taken', result, isUsable: true };
}

function take(party: Party, rumor: MoveRumor, now: number): void {
  const decoded = decodeMove(rumor);
  if (decoded.kind === 'not-a-move') throw new Error('what is said first must be a move');
  const result = transition(party.state, { kind: 'received', arrival: checkArrival(decoded, verify), now });
  if (result.kind !== 'moved') throw new Error('what is said first must be taken');
  party.state = result.state;
}
