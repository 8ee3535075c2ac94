// What may happen to a side in a fuzzed sequence: moves of a peer that has its key and may say anything, time, moves of its own.

import type { Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import type { Random } from '../core/mutations.fixture.ts';
import { mutateValue } from '../core/mutateValue.fixture.ts';
import { makeRumor, signEvent } from '../nostr/event.ts';
import type { Draft } from './draft.ts';
import { MOVE_KIND, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import { accept, act, confirm, termsAt } from './parties.fixture.ts';
import { SCENES, setScene } from './scenes.fixture.ts';
import { forge, type Scene } from './stage.fixture.ts';
import { makeSignatureTemplate, readClaim, type SignedEvent } from './signature.ts';

type Body = Record<string, unknown>;

const bodyPool = ((): (() => readonly Body[]) => {
  let made: readonly Body[] | undefined;
  return () => (made ??= SCENES.map((name) => setScene(name).body as unknown as Body));
})();

/** A stage with what has come so far. */
export interface Play {
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
  const change = random.pick<object>([
    {},
    { role: 'offeror' },
    { role: 'acceptor' },
    { agreement: body['agreement'] ?? read.agreement },
    { confirmBy: 1_800_000_100 },
  ]);
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

/** What the peer may do, by name. */
export const HAPPENINGS: Readonly<Record<string, Happening>> = {
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
      random.below(2) === 0
        ? { v: 1, type: 'receipt', upto: random.below(9), a }
        : { v: 1, type: 'error', re: theirs.agreement, code: 'late', l },
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
export const OWN_MOVES: Readonly<Record<string, (random: Random, play: Play) => void>> = {
  accept: (random, { stage: { me }, now }) => {
    const theirs = me.state.offers.filter(({ by }) => by === me.state.peer);
    if (theirs.length > 0) accept(me, random.pick(theirs).id, now, random.below(3));
  },
  confirm: (_random, { stage: { me }, now }) => {
    if (me.state.pending !== undefined) confirm(me, now);
  },
  offer: (random, play) => {
    const body = {
      v: 1,
      type: 'offer',
      terms: termsAt(BigInt(1 + random.below(900))),
      salt_seed: 'ab'.repeat(32),
      expires_at: play.now + 3_600,
    } as const;
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
