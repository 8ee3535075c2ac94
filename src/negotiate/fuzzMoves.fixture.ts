// Fuzzing of the state machine: after a genuine beginning come damaged, borrowed, repeated, early and forged moves, time, and moves of
// the side's own. The peer has its key and may say anything; what it says is decoded and checked as an agent does.

import type { Hex } from '../core/bytes.ts';
import type { Random } from '../core/mutations.fixture.ts';
import { mutateValue } from '../core/mutateValue.fixture.ts';
import { canonicalJson } from '../core/canonical.ts';
import { signEvent } from '../nostr/event.ts';
import { MAX_WAITING } from './chain.ts';
import { encodeBundle } from './bundle.ts';
import { exportBundle } from './exportBundle.ts';
import { claim, type FuzzLane } from './fuzz.fixture.ts';
import { checkDecoded } from './fuzzReaders.fixture.ts';
import type { Draft } from './issue.ts';
import { decodeMove, MOVE_KIND, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import type { Commitment, Negotiation } from './negotiation.ts';
import { accept, act, confirm, termsAt, verify } from './parties.fixture.ts';
import { readPhase } from './phase.ts';
import { forge, SCENES, setScene, type Scene } from './scenes.fixture.ts';
import { makeRumor } from '../nostr/event.ts';
import { makeSignatureTemplate, readClaim, type SignedEvent } from './signature.ts';
import { isPresigned } from './slot.ts';
import { checkArrival, transition, type Transition } from './transition.ts';
import { verifyBundle } from './verifyBundle.ts';

type Body = Record<string, unknown>;

/** Every code that went out, for whoever holds it against the corpus. */
export const SENT_CODES = new Set<string>();

const bodyPool = ((): (() => readonly Body[]) => {
  let made: readonly Body[] | undefined;
  return () => (made ??= SCENES.map((name) => setScene(name).body as unknown as Body));
})();

/** A stage with what has come so far. */
interface Play {
  readonly stage: Scene;
  now: number;
  readonly heard: MoveRumor[];
  /** Lock values that the side has shown, by what they open. */
  readonly shown: Set<Hex>;
}

const HEX_FIELDS = ['offer', 'accept', 're', 'agreement', 'amends', 'under', 'c', 'void', 'a', 'l'] as const;

/** Values that mean something here: ids of moves, agreements, lock values of either side. */
function listKnown({ stage: { me, peer } }: Play): readonly Hex[] {
  const { chain, commitments, offers } = me.state;
  const secrets = peer.state.commitments.flatMap((each) => Object.values(each.secrets) as Hex[]);
  const ids = [...chain.sent.slice(-4), ...chain.received.slice(-4)].map(({ id }) => id);
  return [...ids, ...offers.slice(-3).map(({ id }) => id), ...commitments.flatMap((each) => [each.agreement, each.firstMove]), ...secrets];
}

/** A content that the peer might send: one of this scene or another, with names that mean something here. */
function drawBody(random: Random, play: Play): Body {
  const own = play.stage.body as unknown as Body;
  const body = { ...(random.below(2) === 0 ? own : random.pick(bodyPool())) };
  const known = listKnown(play);
  for (const field of HEX_FIELDS) if (typeof body[field] === 'string' && random.below(3) === 0) body[field] = random.pick(known);
  return body;
}

/** Signs what is in the content again, with the peer's key, after a change of what it says. */
function signAgain(random: Random, body: Body, { stage: { peer } }: Play): Body {
  const field = body['presigned'] === undefined ? 'signature' : 'presigned';
  const event = body[field] as SignedEvent | undefined;
  const read = event?.kind === 4_391 ? readClaim(event) : undefined;
  if (event === undefined || read === undefined) return body;
  const later = random.pick([0, 0, 1, 601, 7_201, -1]);
  const change = random.pick<object>([{}, { role: 'offeror' }, { role: 'acceptor' }, { agreement: body['agreement'] ?? read.agreement }, { confirmBy: 1_800_000_100 }]);
  const template = makeSignatureTemplate({ ...read, ...change }, event.created_at + later);
  return { ...body, [field]: signEvent(peer.secretKey, peer.pubkey, template, new Uint8Array(32)) };
}

/** The peer's next move with this content, be it what it may. */
function forgeAny(play: Play, body: unknown): MoveRumor {
  const { stage, now } = play;
  const base = forge(stage, { v: 1, type: 'ask', text: 'x' }, now);
  let content: string;
  try {
    content = canonicalJson(body);
  } catch {
    content = (JSON.stringify(body) ?? '').toWellFormed();
  }
  const { pubkey, created_at, tags } = base;
  return makeRumor(pubkey, { kind: MOVE_KIND, created_at, tags, content }) as MoveRumor;
}

/** One thing that happens; undefined when there is nothing to hear. */
type Happening = (random: Random, play: Play) => MoveRumor | undefined;

const change = (rumor: MoveRumor, changes: Partial<MoveRumor>): MoveRumor => {
  const { pubkey, created_at, kind, tags, content } = { ...rumor, ...changes };
  return makeRumor(pubkey, { created_at, kind, tags, content }) as MoveRumor;
};

const withTag = (rumor: MoveRumor, name: string, value: string): MoveRumor =>
  change(rumor, { tags: rumor.tags.map((tag) => (tag[0] === name ? [name, value] : tag)) });

const HAPPENINGS: Readonly<Record<string, Happening>> = {
  genuine: (_random, play) => forge(play.stage, play.stage.body, play.now),
  borrowed: (random, play) => forgeAny(play, drawBody(random, play)),
  damaged: (random, play) => forgeAny(play, mutateValue(random, drawBody(random, play), bodyPool()).value),
  signed: (random, play) => forgeAny(play, signAgain(random, drawBody(random, play), play)),
  presigned: (random, play) => {
    const offers = bodyPool().filter(({ presigned }) => presigned !== undefined) as unknown as readonly MoveBody[];
    return forge(play.stage, random.pick(offers), play.now);
  },
  closing: (random, play) => {
    const mine = play.stage.me.state.commitments.findLast(({ side }) => side === 'second');
    const theirs = play.stage.peer.state.commitments.find(({ agreement }) => agreement === mine?.agreement);
    if (mine?.side !== 'second' || theirs?.side !== 'first') return undefined;
    const { c, v } = theirs.secrets;
    return forge(
      play.stage,
      random.below(2) === 0
        ? { v: 1, type: 'close', re: mine.secondMove, agreement: mine.agreement, c }
        : { v: 1, type: 'cancel', re: mine.firstMove, void: v },
      play.now,
    );
  },
  answering: (random, play) => {
    const theirs = play.stage.peer.state.commitments.findLast(({ side }) => side === 'second');
    if (theirs?.side !== 'second') return undefined;
    const { a, l } = theirs.secrets;
    return forge(
      play.stage,
      random.below(2) === 0 ? { v: 1, type: 'receipt', upto: random.below(9), a } : { v: 1, type: 'error', re: theirs.agreement, code: 'late', l },
      play.now,
    );
  },
  repeated: (random, { heard }) => (heard.length === 0 ? undefined : random.pick(heard)),
  twin: (random, { heard }) => {
    if (heard.length === 0) return undefined;
    const rumor = random.pick(heard);
    return change(rumor, { created_at: rumor.created_at + 1 });
  },
  early: (random, play) => {
    const seq = play.stage.me.state.chain.received.length + 2 + random.below(3);
    return withTag(forgeAny(play, drawBody(random, play)), 'seq', String(seq));
  },
  unseen: (random, play) => withTag(forgeAny(play, drawBody(random, play)), 'seen', random.pick(listKnown(play))),
  unchained: (random, play) => withTag(forgeAny(play, drawBody(random, play)), 'prev', random.pick(listKnown(play))),
  time: (random, play) => {
    play.now += random.pick([1, 60, 599, 3_600, 7_200, 90_000]);
    return undefined;
  },
};

/** What the side itself may do; a refusal is as good. */
const OWN: Readonly<Record<string, (random: Random, play: Play) => void>> = {
  accept: (random, { stage: { me }, now }) => {
    const theirs = me.state.offers.filter(({ by }) => by === me.state.peer);
    if (theirs.length > 0) accept(me, random.pick(theirs).id, now, random.below(3));
  },
  confirm: (_random, { stage: { me }, now }) => {
    if (me.state.pending !== undefined) confirm(me, now);
  },
  offer: (random, play) => {
    const body = { v: 1, type: 'offer', terms: termsAt(BigInt(1 + random.below(900))), salt_seed: 'ab'.repeat(32), expires_at: play.now + 3_600 } as const;
    issue(play, { type: 'offer', body });
  },
  withdraw: (random, play) => {
    const mine = play.stage.me.state.offers.filter(({ by }) => by === play.stage.me.pubkey);
    if (mine.length > 0) issue(play, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: random.pick(mine).id } });
  },
  cancel: (_random, play) => issue(play, { type: 'cancel' }),
  decline: (_random, play) => issue(play, { type: 'decline', code: 'budget' }),
};

function issue({ stage: { me }, now }: Play, draft: Draft): void {
  act(me, { kind: 'issue', draft, now });
}

const NAMES = [...Object.keys(HAPPENINGS), ...Object.keys(OWN)];

const frozen = new WeakSet<object>();

/** So that whoever changes a state in place is caught at it. */
function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || frozen.has(value)) return;
  frozen.add(value);
  Object.freeze(value);
  for (const each of Object.values(value)) freezeDeep(each);
}

/** What two states have in common but for the chain: compared part by part, since what did not change is the very same object. */
function isSame(one: Negotiation, two: Negotiation): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(two)] as (keyof Negotiation)[]);
  keys.delete('chain');
  return [...keys].every((key) => one[key] === two[key] || JSON.stringify(one[key]) === JSON.stringify(two[key]));
}

const readContent = ({ content }: MoveRumor): Body => JSON.parse(content) as Body;

/** Feeds one event and checks what came of it. */
function hear(play: Play, rumor: MoveRumor): string {
  const { stage, now } = play;
  const { me } = stage;
  const decoded = decodeMove(rumor);
  checkDecoded(rumor, decoded);
  if (decoded.kind === 'not-a-move' || decoded.header.author !== me.state.peer || decoded.header.nid !== me.state.nid) return 'dropped';
  let checks = 0;
  const arrival = checkArrival(decoded, (event) => {
    checks += 1;
    return verify(event);
  });
  claim(checks <= 1, 'one move costs one signature check at most');
  const before = me.state;
  freezeDeep(before);
  freezeDeep(arrival);
  const text = JSON.stringify(before).length;
  const result = act(me, { kind: 'received', arrival, now });
  if (result.kind !== 'moved') return result.kind === 'refused' ? result.reason : result.kind;
  checkGrowth(before, result, text, rumor);
  return checkAnswer(play, before, result, rumor);
}

type Moved = Extract<Transition, { kind: 'moved' }>;

/** What one event may cost: a few moves, repetitions of what was sent, and memory in proportion to what came. */
function checkGrowth(before: Negotiation, { state, send, resend }: Moved, text: number, rumor: MoveRumor): void {
  const taken = state.chain.received.length - before.chain.received.length;
  claim(taken >= 0 && taken <= 1 + before.chain.waiting.length && state.chain.waiting.length <= MAX_WAITING, 'a chain grows by what came');
  claim(send.length <= 4 + 3 * taken, `an event is answered with few moves, not ${send.length}`);
  claim(resend.length <= (1 + taken) * state.chain.sent.length + 2, 'nothing is repeated that was not sent');
  // A move may be kept parsed and, of an accept, once more in the commitment.
  const most = text + 4 * rumor.content.length + 2_000 * (1 + taken + send.length);
  claim(JSON.stringify(state).length <= most, 'the state grows no faster than what comes in');
}

/** One error at most for one move; and where there is one, nothing else has happened. */
function checkAnswer(play: Play, before: Negotiation, { state, send }: Moved, rumor: MoveRumor): string {
  const contents = send.map(readContent);
  const errors = contents.filter(({ type }) => type === 'error');
  const own = errors.filter(({ re }) => re === rumor.id);
  claim(own.length <= 1, 'a move gets one error at most');
  for (const { code } of errors) SENT_CODES.add(String(code));
  const isAlone = state.chain.received.length === before.chain.received.length + 1;
  const [error] = own;
  if (error !== undefined && isAlone && error['code'] !== 'late' && !contents.some(({ type }) => type === 'cancel')) {
    const timed = transition(before, { kind: 'tick', now: play.now });
    const expected = timed.kind === 'moved' ? timed.state : before;
    claim(isSame(state, expected), `a move that gets the error "${String(error['code'])}" changes nothing else`);
    claim(readPhase(state) === readPhase(expected), 'a refused move leaves the phase as it was');
  }
  return error === undefined ? 'taken' : String(error['code']);
}

/** What holds in every state, whatever the peer does. */
function checkState({ stage: { me }, shown }: Play): void {
  const { commitments } = me.state;
  const busy = commitments.filter((each) => each.state === 'sealing' || each.state === 'closed' || (each.state === 'undecided' && !isPresigned(each)));
  claim(busy.length <= 1, 'one undecided signature fills the slot');
  for (const rumor of me.log.values()) {
    if (rumor.pubkey !== me.pubkey || shown.has(rumor.id)) continue;
    shown.add(rumor.id);
    const { c, void: v, a, l } = readContent(rumor) as Record<string, Hex | undefined>;
    for (const value of [c, v, a, l]) if (value !== undefined) shown.add(value);
  }
  for (const { secrets } of commitments) {
    const [yes, no] = Object.values(secrets) as [Hex, Hex];
    claim(!(shown.has(yes) && shown.has(no)), 'no signer shows both of its values');
  }
}

/** Each deal that the side holds has a bundle that says so. */
function checkProofs({ state }: Scene['me'], known: ReadonlySet<Commitment>): void {
  for (const each of state.commitments) {
    if (each.state !== 'agreed' || known.has(each)) continue;
    const bundle = exportBundle(state, each);
    const report = bundle === undefined ? undefined : verifyBundle(encodeBundle(bundle), verify);
    claim(report?.kind === 'valid' && (report.state === 'closed' || report.state === 'cheated'), 'a deal that is held has its proof');
  }
}

/** The lane of the state machine. */
export const MOVE_LANE: FuzzLane = {
  name: 'sequence of moves',
  share: 10,
  edits: 6,
  run: (base, edits) => {
    const stage = setScene(base.pick(SCENES.filter((name) => name !== 'open')));
    const play: Play = { stage, now: stage.now, heard: [], shown: new Set() };
    // Half of the sequences begin with what the scene is about.
    if (base.below(2) === 0) hear(play, forge(stage, stage.body, stage.now));
    const known = new Set(stage.me.state.commitments);
    let outcome = 'nothing heard';
    for (const { random, tell } of edits) {
      const name = random.pick(NAMES);
      const rumor = HAPPENINGS[name]?.(random, play);
      OWN[name]?.(random, play);
      tell(() => `${name}: ${rumor === undefined ? '' : JSON.stringify([rumor.tags, rumor.content])}`);
      if (rumor !== undefined) {
        outcome = hear(play, rumor);
        if (outcome !== 'dropped') play.heard.push(rumor);
      }
      if (random.below(3) === 0) act(stage.me, { kind: 'tick', now: play.now });
      checkState(play);
    }
    checkProofs(stage.me, known);
    return outcome;
  },
};
