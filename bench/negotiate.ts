// The rules of a negotiation without channel and store: a hundred moves through the pure machine, their replay, the check of a bundle.

import { encodeBundle } from '../src/negotiate/bundle.ts';
import { makeDeal, VALUES, verify as verifySchnorr } from '../src/negotiate/deal.fixture.ts';
import type { Draft } from '../src/negotiate/draft.ts';
import {
  act,
  draftAccept,
  draftConfirm,
  draftOfferMove,
  makeWorld,
  T0,
  verify as verifyModel,
  type Side,
  type World,
} from '../src/negotiate/model.fixture.ts';
import { decodeMove, type MoveRumor } from '../src/negotiate/move.ts';
import type { Negotiation } from '../src/negotiate/negotiation.ts';
import { readPhase } from '../src/negotiate/phase.ts';
import { checkArrival } from '../src/negotiate/transition.ts';
import { verifyBundle } from '../src/negotiate/verifyBundle.ts';
import { loadSchnorr } from '../src/nostr/schnorr.ts';
import { measureCallMs, type Metric } from './measure.ts';

const MOVES = 100;
// The opening, and what makes the deal: accept, confirm, close, receipt.
const HAGGLING = MOVES - 1 - 4;
const SECOND_MS = 1_000;
const FEW = { batch: 5 };

/** What happened to one side, in order, and the state it came to. */
interface Story {
  readonly inputs: readonly Told[];
  readonly state: Negotiation;
}

/** A move of its own, or a message of the other side, as it came. */
type Told = Draft | MoveRumor;

/** Runs the bench `negotiate`. */
export async function run(): Promise<readonly Metric[]> {
  // What is measured is a process that has the fast signatures.
  await loadSchnorr();
  const story = haggle();
  const { sent, received } = story.state.chain;
  const isWhole = readPhase(story.state) === 'agreed' && sent.length + received.length === MOVES;
  if (!isWhole) throw new Error(`The history of ${sent.length + received.length} moves is not the one to measure.`);
  if (JSON.stringify(replay(story.inputs)) !== JSON.stringify(story.state)) throw new Error('A replay must come to the same state.');
  const moveMs = (await measureCallMs(haggle, FEW)) / MOVES;
  const replayMs = await measureCallMs(() => replay(story.inputs), FEW);
  const bundle = encodeBundle(makeDeal({ c: VALUES.c, a: VALUES.a }));
  const report = verifyBundle(bundle, verifySchnorr);
  if (report.kind !== 'valid' || report.state !== 'closed') throw new Error('The bundle of a closed deal must verify.');
  const verifyMs = await measureCallMs(() => verifyBundle(bundle, verifySchnorr));
  return [
    { metric: 'a move, both sides', value: moveMs, unit: 'ms' },
    { metric: 'moves in a second', value: SECOND_MS / moveMs, unit: 'count' },
    { metric: `replay of ${MOVES} moves`, value: replayMs, unit: 'ms' },
    { metric: 'verify a bundle', value: verifyMs, unit: 'ms' },
    { metric: 'bundles in a second', value: SECOND_MS / verifyMs, unit: 'count' },
  ];
}

/** A negotiation from the opening to the deal, each move made, encoded, decoded and applied; the provider's story. */
function haggle(): Story {
  const world = makeWorld();
  const [buyer, provider] = world.sides;
  const inputs: Told[] = [];
  const say = (side: Side, draft: Draft | undefined): void => {
    if (draft === undefined) return;
    if (side === provider) inputs.push(draft);
    act(side, { kind: 'issue', draft, now: T0 });
    pass(world, side, inputs);
  };
  for (let i = 0; i < HAGGLING; i += 1) {
    const side = i % 2 === 0 ? provider : buyer;
    say(side, draftOfferMove(world, side, { sats: 1_000 - i, lifeS: 3_600 }));
  }
  const last = buyer.state.offers.findLast(({ by }) => by === provider.pubkey);
  say(buyer, last === undefined ? undefined : draftAccept(world, buyer, last, 0));
  say(provider, draftConfirm(world, provider));
  return { inputs, state: provider.state };
}

/** Hands over what a side has to say, and what the other answers, until both are silent. */
function pass(world: World, from: Side, inputs: Told[]): void {
  const to = world.sides[from.place === 0 ? 1 : 0];
  const messages = [...from.outbox.values()];
  from.outbox.clear();
  for (const rumor of messages) {
    if (to.place === 1) inputs.push(rumor);
    receive(to, rumor);
  }
  if (to.outbox.size > 0) pass(world, to, inputs);
}

function receive(side: Side, rumor: MoveRumor): void {
  const decoded = decodeMove(rumor);
  // Signatures are the model's here: two of the hundred moves carry one, and what a real one costs is in the check of the bundle.
  if (decoded.kind !== 'not-a-move') act(side, { kind: 'received', arrival: checkArrival(decoded, verifyModel), now: T0 });
}

/** The provider comes to its state anew, from what it wanted and what it was told. */
function replay(inputs: readonly Told[]): Negotiation {
  const provider = makeWorld().sides[1];
  for (const input of inputs) {
    if ('pubkey' in input) receive(provider, input);
    else act(provider, { kind: 'issue', draft: input, now: T0 });
  }
  return provider.state;
}
