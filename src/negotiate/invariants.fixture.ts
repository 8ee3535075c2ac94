// What must hold of two honest sides: at every moment, and when all is said and every deadline is over.

import { encodeBundle } from './bundle.ts';
import { ceilingOf } from './ceiling.ts';
import { parseMsat } from '../core/money.ts';
import { exportBundle } from './exportBundle.ts';
import { verify, type Side, type World } from './model.fixture.ts';
import { findOffer, MAX_SKEW_S, type Commitment, type Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { readDeal } from './settleHeld.ts';
import { findHead, findUndecided, isPresigned, listPresigned, termsOf } from './slot.ts';
import { verifyBundle, type BundleReport, type BundleState } from './verifyBundle.ts';

/** Throws an error that names what does not hold. */
export function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken: ${what}`);
}

/** What holds of one side by itself, whoever the other is. */
export function checkSlot(state: Negotiation): void {
  const out = state.commitments.filter((each) => isOut(each));
  claim(out.length <= 1, 'at most one signature waits in a slot');
  claim(listPresigned(state).length <= 1, 'at most one presigned offer stands');
  const held = state.commitments.filter((each) => each.state === 'agreed' || each.state === 'closed');
  const bases = held.filter((each) => findOffer(state, each.offer)?.under === undefined);
  const amended = bases.map((each) => findOffer(state, each.offer)?.amends);
  claim(amended.filter((each) => each === undefined).length <= 1, 'at most one deal that amends nothing is held');
  claim(new Set(amended).size === amended.length, 'no deal is amended twice');
  claim(
    amended.every((each) => each === undefined || bases.some(({ agreement }) => agreement === each)),
    'what is amended is held',
  );
  claim(new Set(held.map(({ offer }) => offer)).size === held.length, 'an offer has at most one outcome');
  for (const each of state.commitments) checkReveals(state, each);
  checkCap(state, held);
}

function isOut(each: Commitment): boolean {
  return each.state === 'sealing' || each.state === 'closed' || (each.state === 'undecided' && !isPresigned(each));
}

function checkReveals(state: Negotiation, { state: kept, side, reveals }: Commitment): void {
  const [yes, no] = side === 'first' ? [reveals.c, reveals.v] : [reveals.a, reveals.l];
  claim(yes === undefined || no === undefined, 'a signer reveals one of its two values');
  if (kept === 'agreed') claim(reveals.c !== undefined && reveals.a !== undefined, 'a held deal is closed and acknowledged');
  if (kept === 'undecided' || kept === 'sealing' || kept === 'given-up')
    claim(yes === undefined && no === undefined, 'what is undecided is not revealed');
  claim(state.chain.sent.length < 1_000, 'a chain is bounded');
}

/** Call-offs are held within the framework that was the head when they were made, which only an amendment changes. */
function checkCap(state: Negotiation, held: readonly Commitment[]): void {
  const calls = held.filter((each) => findOffer(state, each.offer)?.under !== undefined);
  if (calls.length === 0) return;
  const head = findHead(state);
  const framework = head === undefined ? undefined : termsIn(state, head)?.framework;
  // An amendment may have taken the framework out of the deal: then there are no more call-offs.
  if (framework === undefined) return;
  claim(calls.length <= (framework.max_calls ?? Infinity), 'the number of call-offs is kept');
  const costs = calls.map((each) => ceilingOf(termsIn(state, each)?.price as never) ?? 0n);
  claim(
    framework.cap_msat === undefined || costs.reduce((sum, cost) => sum + cost, 0n) <= parseMsat(framework.cap_msat),
    'the cap is kept',
  );
}

function termsIn(state: Negotiation, { offer: id, alternative }: Commitment): ReturnType<typeof termsOf> {
  const offer = findOffer(state, id);
  return offer === undefined ? undefined : termsOf(offer, alternative);
}

// What the other side may be in, by what one side is in: the first signer against the second.
const PAIRS: Readonly<Record<string, readonly string[]>> = {
  undecided: ['none', 'sealing', 'given-up'],
  closed: ['sealing', 'given-up', 'agreed', 'late'],
  agreed: ['agreed'],
  cancelled: ['none', 'sealing', 'given-up', 'cancelled'],
  late: ['late'],
};

/** What holds between two honest sides at every moment, whatever is still on its way. */
export function checkBoth({ sides }: World): void {
  for (const { state } of sides) {
    checkSlot(state);
    claim(state.cheated === undefined && state.chain.equivocation === undefined, 'nobody cheats');
  }
  for (const [one, two] of [sides, sides.toReversed()] as readonly (readonly [Side, Side])[]) checkPairs(one.state, two.state);
}

function checkPairs(one: Negotiation, two: Negotiation): void {
  for (const mine of one.commitments) {
    const theirs = two.commitments.find((each) => each.first.id === mine.first.id);
    if (mine.side === 'first') {
      claim(theirs === undefined || theirs.side === 'second', 'one signs first, the other second');
      const allowed = PAIRS[mine.state] ?? [];
      claim(allowed.includes(theirs?.state ?? 'none'), `${mine.state} against ${theirs?.state ?? 'none'}`);
    } else claim(theirs !== undefined, 'a second signature answers a first');
  }
}

/** Every value a side has shown in its moves: one of two for each signature, and the same one for ever. */
function checkShown({ state, log }: Side): void {
  const answers = new Map<string, string>();
  for (const { id } of state.chain.sent) {
    const { type, re, c, void: v, a, l } = JSON.parse(log.get(id)?.content ?? '{}') as Record<string, string | undefined>;
    if (type !== 'cancel' && type !== 'close' && a === undefined && l === undefined) continue;
    const value = c ?? v ?? a ?? l;
    if (value === undefined) continue;
    claim(!answers.has(value), `the value in ${type} is shown by one move`);
    answers.set(value, re ?? '');
  }
  for (const { secrets } of state.commitments) {
    const [yes, no] = 'c' in secrets ? [secrets.c, secrets.v] : [secrets.a, secrets.l];
    claim(!(answers.has(yes) && answers.has(no)), 'no signer shows both values');
  }
}

/** What holds once everything has arrived: who holds what is known to both. */
export function checkSilent({ sides: [{ state: one, skewS: a }, { state: two, skewS: b }] }: World): void {
  claim(heldBy(one) === heldBy(two), 'both hold the same deals');
  claim(findHead(one)?.agreement === findHead(two)?.agreement, 'both have the same head');
  for (const [mine, theirs] of [
    [one, two],
    [two, one],
  ] as const) {
    checkChain(mine.chain, theirs.chain);
    claim(mine.chain.waiting.length === 0, 'no move waits for another');
    for (const { state, agreement } of mine.commitments)
      if (state === 'agreed') claim(readDeal(mine, agreement) !== undefined, 'each deal can be acted on');
  }
  // Who sees a signature of the far future refuses the offer that carries it, and not that it replaces the one before.
  const areClocksFair = Math.abs(a - b) <= MAX_SKEW_S;
  const isOpen = [one, two].every(
    (state) => state.ended === undefined && findUndecided(state) === undefined && state.pending === undefined,
  );
  if (isOpen && areClocksFair) claim(readPhase(one) === readPhase(two), `both are in one phase (${readPhase(one)}, ${readPhase(two)})`);
}

/** What one has sent the other has received, in order. A receipt or an error that nothing follows is not repeated and may be lost. */
function checkChain({ sent }: Negotiation['chain'], { received }: Negotiation['chain']): void {
  claim(received.length <= sent.length && received.every(({ id }, i) => id === sent[i]?.id), 'both know the same moves');
  claim(
    sent.slice(received.length).every(({ type }) => type === 'receipt' || type === 'error'),
    'every move arrives',
  );
}

function heldBy({ commitments }: Negotiation): string {
  return commitments
    .filter(({ state }) => state === 'agreed' || state === 'closed')
    .map(({ agreement }) => agreement)
    .toSorted()
    .join();
}

/** What holds when every deadline is over as well: nobody waits, and each deal has one proof. */
export function checkEnd(world: World): void {
  checkSilent(world);
  for (const side of world.sides) {
    const { state } = side;
    claim(findUndecided(state) === undefined && listPresigned(state).length === 0 && state.pending === undefined, 'nobody waits for ever');
    claim(state.ended !== undefined || readPhase(state) === 'agreed', 'everything ends');
    checkShown(side);
  }
  const [mine, theirs] = world.sides.map(({ state }) => proofsOf(state));
  claim(mine === theirs, 'both have the same bundles');
}

/** The bundles of what a side holds, each checked. */
function proofsOf(state: Negotiation): string {
  const held = state.commitments.filter((each) => each.state === 'agreed').toSorted((a, b) => (a.agreement < b.agreement ? -1 : 1));
  const bundles = held.map((each) => proveDeal(state, each));
  claim(
    bundles.every((each) => each.state === 'closed'),
    'a held deal is proved to be closed',
  );
  return bundles.map(({ text }) => text).join('');
}

/** A bundle as text, and what it proves. */
export interface Proof {
  readonly text: string;
  readonly state: BundleState;
}

// Schedules that begin with one deal share it, and both sides have one bundle: each is made and checked once.
const exported = new WeakMap<Commitment, Proof>();
const checked = new Map<string, BundleReport>();

/** The bundle of a commitment; throws when it is not valid. */
export function proveDeal(state: Negotiation, commitment: Commitment): Proof {
  const proof = exported.get(commitment) ?? makeProof(state, commitment);
  exported.set(commitment, proof);
  return proof;
}

function makeProof(state: Negotiation, commitment: Commitment): Proof {
  const bundle = exportBundle(state, commitment);
  claim(bundle !== undefined, 'a commitment has its offer');
  const text = encodeBundle(bundle);
  const report = checked.get(text) ?? verifyBundle(text, verify);
  if (checked.size >= 1_000) checked.clear();
  checked.set(text, report);
  claim(report.kind === 'valid', `a bundle is valid${report.kind === 'invalid' ? `: ${report.problem}` : ''}`);
  return { text, state: report.state };
}
