// Fuzzing of the state machine: after a genuine beginning come damaged, borrowed, repeated, early and forged moves, time, and moves of
// the side's own. What the peer says is decoded and checked as an agent does.

import type { Hex } from '../core/bytes.ts';
import { encodeBundle } from './bundle.ts';
import { MAX_WAITING } from './chain.ts';
import { exportBundle } from './exportBundle.ts';
import { claim, type FuzzLane } from './fuzz.fixture.ts';
import { HAPPENINGS, OWN_MOVES, type Play } from './fuzzHappenings.fixture.ts';
import { checkDecoded } from './fuzzReaders.fixture.ts';
import { decodeMove, type MoveRumor } from './move.ts';
import type { Commitment, Negotiation } from './negotiation.ts';
import { act, verify } from './parties.fixture.ts';
import { readPhase } from './phase.ts';
import { SCENES, setScene } from './scenes.fixture.ts';
import { forge, type Scene } from './stage.fixture.ts';
import { isPresigned } from './slot.ts';
import { checkArrival, transition, type Transition } from './transition.ts';
import { verifyBundle } from './verifyBundle.ts';

type Body = Record<string, unknown>;

/** Every code that went out, for whoever holds it against the corpus. */
export const SENT_CODES = new Set<string>();

const NAMES = [...Object.keys(HAPPENINGS), ...Object.keys(OWN_MOVES)];

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
  // What the peer has shown is kept, whatever else is wrong with the move.
  keys.delete('voided');
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
  const busy = commitments.filter(
    (each) => each.state === 'sealing' || each.state === 'closed' || (each.state === 'undecided' && !isPresigned(each)),
  );
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
      OWN_MOVES[name]?.(random, play);
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
