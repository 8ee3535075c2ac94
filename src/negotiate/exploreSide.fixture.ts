// One side of an explored world: the real state machine behind small numbers, each step of it computed once (docs/decisions/0010-explored.md).

import { sha256Hex, type Hex } from '../core/bytes.ts';
import type { CompletionEvent } from './completion.ts';
import { decodeMove, encodeMove, type DecodedMove, type MoveRumor } from './move.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import { describeState, summarize } from './exploreText.fixture.ts';
import type { Negotiation } from './negotiation.ts';
import type { Draft } from './draft.ts';
import { computeSignatureId, type SignatureTemplate, type SignedEvent, type VerifiedSignature } from './signature.ts';
import { beginNegotiation, checkArrival, transition, type CheckedArrival, type Input } from './transition.ts';

/** Start of explored time, unix seconds. */
export const T0 = 1_800_000_000;
/** The buyer is 0. */
export type Place = 0 | 1;
/** Keys of the two sides. */
export const KEYS = [sha256Hex('explored buyer'), sha256Hex('explored provider')] as const;
/** Names for reports. */
export const NAMES = ['buyer', 'provider'] as const;

/** A state of one side at one instant of its own clock. */
export interface Node {
  readonly id: number;
  readonly place: Place;
  readonly state: Negotiation;
  /** Index into the instants of the clock. */
  readonly level: number;
  /** Lock values that its moves have shown, sorted. */
  readonly shown: readonly Hex[];
  /** Lock values that it has been shown, sorted, where {@link Hooks} ask for them. */
  readonly told: readonly Hex[];
}

/** A step of one side: where it leads, what it sends. */
export interface Edge {
  readonly label: string;
  readonly to: number;
  readonly sends: readonly number[];
}

/** A move that was sent, by its number; a liar's may be signed wrongly, which `arrival` shows. */
export interface Message {
  readonly from: Place;
  readonly body: MoveBody;
  readonly arrival: CheckedArrival;
}

/** The model of BIP-340: {@link verify} takes only what was made here, and each key is used by its own side alone. */
export function sign(place: Place, template: SignatureTemplate): VerifiedSignature {
  const unsigned = { ...template, pubkey: KEYS[place] };
  const id = computeSignatureId(unsigned);
  return { ...unsigned, id, sig: sealOf(unsigned.pubkey, id) } as unknown as VerifiedSignature;
}

/** Checks a signature of the model. */
export function verify({ id, pubkey, sig }: SignedEvent | CompletionEvent): boolean {
  return sig === sealOf(pubkey, id);
}

function sealOf(pubkey: Hex, id: Hex): string {
  return sha256Hex(`seal ${pubkey} ${id}`).repeat(2);
}

// Every state sees a chain of one move each way, and what arrives is the next one: order, loss and repetition are the chain's own
// business (chain.test.ts, exploreWire.fixture.ts). With it the id of a move depends on its content and time alone.
const LAST_SENT = sha256Hex('last sent');
const LAST_RECEIVED = sha256Hex('last received');
const STUB: Negotiation['chain'] = {
  sent: [{ id: LAST_SENT, type: 'ask' }],
  received: [{ id: LAST_RECEIVED, type: 'ask' }],
  seenCount: 1,
  coveredCount: 1,
  waiting: [],
};
const FORK: readonly [Hex, Hex] = [LAST_SENT, LAST_RECEIVED];
const ANSWER = sha256Hex('answer');
const KNOWN_FIELDS = new Set(
  'nid me peer role open chain offers commitments pending deferredEnd ended voided settlements cheated'.split(' '),
);

/** Moves that are told apart by their ids and not by their content alone: the ids are part of the state. */
const NAMED = new Set(['offer', 'accept', 'confirm']);

/** Both sides' states and moves, each kept once. */
export interface Machine {
  readonly nodes: Node[];
  readonly messages: Message[];
  /** The instants of each clock, unix seconds, rising. */
  readonly instants: readonly number[];
  readonly begin: (place: Place) => Node;
  /** The step that a move of the other side makes. */
  readonly receive: (node: Node, message: number) => Edge;
  /** The step that the next instant of the clock makes; undefined at the last. */
  readonly wait: (node: Node) => Edge | undefined;
  /** The step that the same instant makes, where something has become due by what came in it; undefined when nothing has. */
  readonly tick: (node: Node) => Edge | undefined;
  /** An own move; undefined when the rules refuse it. */
  readonly issue: (node: Node, draft: Draft, label: string) => Edge | undefined;
  /** Numbers a move that no state has sent: what a liar makes up. */
  readonly forge: (from: Place, body: MoveBody, createdAt: number) => number;
  /** The step that a second, different move with one seq makes. */
  readonly fork: (node: Node) => Edge;
  /** A move in a few words. */
  readonly tell: (message: number) => string;
}

/** Who is told of each new state and each new step, to check it. */
export interface Hooks {
  readonly onNode: (node: Node) => void;
  readonly onStep: (before: Node, after: Node, edge: Edge, sent: readonly Message[], got?: Message) => void;
  /** Whether to remember that the side was shown this lock value. Absent: nothing of the kind is remembered. */
  readonly isTold?: (value: Hex) => boolean;
}

/** Makes a machine. */
export function makeMachine(instants: readonly number[], endsAt: number, { onNode, onStep, isTold = () => false }: Hooks): Machine {
  const nodes: Node[] = [];
  const messages: Message[] = [];
  const nodeIds = new Map<string, number>();
  const messageIds = new Map<string, number>();
  const received = new Map<number, Edge>();
  const waited: (Edge | undefined)[] = [];
  const ticked: (Edge | undefined)[] = [];

  function addNode({ place, state: raw, level, shown, told }: Omit<Node, 'id'>): Node {
    const state = normalize(raw);
    const key = [place, level, shown.join(), told.join(), describeState(state)].join(' ');
    const known = nodeIds.get(key);
    if (known !== undefined) return nodes[known] as Node;
    const node: Node = { id: nodes.length, place, state, level, shown, told };
    nodeIds.set(key, node.id);
    nodes.push(node);
    onNode(node);
    return node;
  }

  function addMessage(from: Place, rumor: MoveRumor): number {
    const decoded = decodeMove(rumor);
    if (decoded.kind !== 'move') throw new Error(`broken: a move that is none: ${rumor.content}`);
    const key = `${from} ${NAMED.has(decoded.body.type) ? rumor.id : ''} ${rumor.content}`;
    const known = messageIds.get(key);
    if (known !== undefined) return known;
    messages.push({ from, body: decoded.body, arrival: checkArrival(asNext(decoded), verify) });
    messageIds.set(key, messages.length - 1);
    return messages.length - 1;
  }

  function step(node: Node, input: Input, level: number, label: string, got?: Message): Edge | undefined {
    const result = transition(node.state, input);
    if (result.kind === 'refused') return undefined;
    const told = got === undefined ? node.told : addValues(node.told, valuesIn(got.body).filter(isTold));
    if (result.kind === 'unchanged') return { label, to: addNode({ ...node, level, told }).id, sends: [] };
    const sends = result.send.filter(isHeard).map((rumor) => addMessage(node.place, rumor));
    const sent = sends.map((id) => messages[id] as Message);
    const shown = addValues(
      node.shown,
      sent.flatMap(({ body }) => valuesIn(body)),
    );
    const after = addNode({ ...node, state: result.state, level, shown, told });
    const edge = { label, to: after.id, sends };
    onStep(node, after, edge, sent, got);
    return edge;
  }

  function receive(node: Node, message: number): Edge {
    const key = node.id * 1_048_576 + message;
    const known = received.get(key);
    if (known !== undefined) return known;
    const got = messages[message] as Message;
    const { arrival, body } = got;
    const input = { kind: 'received', arrival, now: instants[node.level] as number } as const;
    const edge = step(node, input, node.level, `gets ${summarize(body)}`, got);
    if (edge === undefined) throw new Error(`broken: a move in order is refused: ${summarize(body)}`);
    received.set(key, edge);
    return edge;
  }

  function wait(node: Node): Edge | undefined {
    const level = node.level + 1;
    const now = instants[level];
    if (now === undefined) return undefined;
    return (waited[node.id] ??= step(node, { kind: 'tick', now }, level, `waits until T0+${now - T0}`));
  }

  function tick(node: Node): Edge | undefined {
    const now = instants[node.level] as number;
    const edge = (ticked[node.id] ??= step(node, { kind: 'tick', now }, node.level, 'notices the time'));
    return edge?.to === node.id ? undefined : edge;
  }

  return {
    nodes,
    messages,
    instants,
    begin: (place) => addNode({ place, state: beginSide(place, endsAt), level: 0, shown: [], told: [] }),
    receive,
    wait,
    tick,
    issue: (node, draft, label) => step(node, { kind: 'issue', draft, now: instants[node.level] as number }, node.level, label),
    forge: (from, body, createdAt) => addMessage(from, encodeStub(from, body, createdAt)),
    tell: (message) => summarize((messages[message] as Message).body),
    fork: (node) => {
      const chain = { ...node.state.chain, equivocation: FORK };
      return { label: 'gets two moves with one seq', to: addNode({ ...node, state: { ...node.state, chain } }).id, sends: [] };
    },
  };
}

function asNext(decoded: Extract<DecodedMove, { kind: 'move' }>): Extract<DecodedMove, { kind: 'move' }> {
  return { ...decoded, header: { ...decoded.header, seq: 2, prev: LAST_RECEIVED, seen: '' } };
}

function addValues(known: readonly Hex[], more: readonly Hex[]): readonly Hex[] {
  return more.length === 0 ? known : [...new Set([...known, ...more])].toSorted();
}

/** A plain receipt only says what the chains know already. */
function isHeard(rumor: MoveRumor): boolean {
  return !rumor.content.includes('"type":"receipt"') || rumor.content.includes('"a":"');
}

/** The lock values that a move shows. */
export function valuesIn(body: MoveBody): readonly Hex[] {
  const { c, void: v, a, l } = body as { readonly c?: Hex; readonly void?: Hex; readonly a?: Hex; readonly l?: Hex };
  return [c, v, a, l].filter((value) => value !== undefined);
}

let nid: Hex = '';

/** The opening of an explored negotiation, by the buyer. */
export function encodeOpening(endsAt: number): MoveRumor {
  return encodeMove({ author: KEYS[0], seq: 1, prev: '', seen: '', alt: '', body: openingOf(endsAt), createdAt: T0 });
}

function openingOf(endsAt: number): BodyOf<'open'> {
  const facts = { role: 'buyer', service: 'translation', requirements: 'One contract.' } as const;
  return { v: 1, type: 'open', to: KEYS[1], ...facts, features: [], nonce: sha256Hex('explored nonce'), expires_at: endsAt };
}

/** One side as the opening leaves it, its chains as they are. */
export function beginSide(place: Place, endsAt: number): Negotiation {
  const decoded = decodeMove(encodeOpening(endsAt));
  const state = decoded.kind === 'move' ? beginNegotiation(KEYS[place], decoded.header, openingOf(endsAt)) : undefined;
  if (state === undefined) throw new Error('the open must begin a negotiation');
  nid = state.nid;
  return state;
}

function encodeStub(from: Place, body: MoveBody, createdAt: number): MoveRumor {
  return encodeMove({ author: KEYS[from], nid, seq: 2, prev: LAST_SENT, seen: LAST_RECEIVED, alt: '', body, createdAt });
}

/** The chains give way to the stub; which move an answer was is asked for by repetition only. */
function normalize(state: Negotiation): Negotiation {
  for (const name of Object.keys(state)) if (!KNOWN_FIELDS.has(name)) throw new Error(`the explorer does not know the field ${name}`);
  const chain = state.chain.equivocation === undefined ? STUB : { ...STUB, equivocation: FORK };
  const commitments = state.commitments.map((each) =>
    each.answer === undefined || each.answer === ANSWER ? each : { ...each, answer: ANSWER },
  );
  return { ...state, chain, commitments };
}
