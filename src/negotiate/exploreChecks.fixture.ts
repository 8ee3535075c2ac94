// What must hold in every explored state, of each side alone and of both together (docs/decisions/0010-explored.md).

import { encodeBundle } from './bundle.ts';
import { ceilingOf } from './ceiling.ts';
import { exportBundle } from './exportBundle.ts';
import { actOn } from './exploreMoves.fixture.ts';
import { T0, valuesIn, verify, type Edge, type Message, type Node } from './exploreSide.fixture.ts';
import { findOffer, type Commitment, type Negotiation } from './negotiation.ts';
import { readPhase } from './phase.ts';
import { parseMsat } from '../core/money.ts';
import { findDeal, findHead, findHeld, findUndecided, isPresigned, listPresigned, termsOf } from './slot.ts';
import { transition } from './transition.ts';
import { verifyBundle, type ValidBundle } from './verifyBundle.ts';

/** Throws an error that names what does not hold. */
export function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken: ${what}`);
}

/** What holds of one side in each state, whoever the other is. */
export function checkNode(node: Node): void {
  const { state, shown } = node;
  const out = state.commitments.filter((each) => isOut(each));
  claim(out.length <= 1, 'at most one signature waits in a slot');
  claim(listPresigned(state).length <= 1, 'at most one presigned offer stands');
  claim(state.ended === undefined || findHeld(state) === undefined, 'what has ended holds nothing');
  claim(
    state.ended === undefined || (listPresigned(state).length === 0 && state.pending === undefined),
    'what has ended waits for nothing',
  );
  checkHeld(state);
  for (const each of state.commitments) {
    checkReveals(each, shown);
    // Acting is refused until both hold the deal, and allowed from then on.
    const acted = transition(state, { kind: 'issue', draft: actOn(each.agreement), now: T0 });
    const isHeld = state.commitments.some(({ agreement, state: kept }) => agreement === each.agreement && kept === 'agreed');
    const isFree = state.ended === undefined && state.settlements === undefined;
    if (!isHeld) claim(acted.kind === 'refused', 'nobody acts before the deal');
    else if (isFree) claim(acted.kind === 'moved', 'who holds a deal can act on it');
  }
}

function isOut(each: Commitment): boolean {
  return each.state === 'sealing' || each.state === 'closed' || (each.state === 'undecided' && !isPresigned(each));
}

function checkHeld(state: Negotiation): void {
  const held = state.commitments.filter((each) => each.state === 'agreed' || each.state === 'closed');
  claim(new Set(held.map(({ offer }) => offer)).size === held.length, 'an offer has at most one outcome');
  const bases = held.filter((each) => findOffer(state, each.offer)?.under === undefined);
  const amended = bases.map((each) => findOffer(state, each.offer)?.amends);
  claim(new Set(amended).size === amended.length, 'one deal, and no deal is amended twice');
  const isChained = amended.every((each) => each === undefined || bases.some(({ agreement }) => agreement === each));
  claim(isChained, 'what is amended is held');
  checkCap(state);
}

/** Call-offs that are closed, or may still become so, together keep the cap. */
function checkCap(state: Negotiation): void {
  const calls = state.commitments.filter((each) => {
    const isLive = isOut(each) || each.state === 'agreed';
    return isLive && findOffer(state, each.offer)?.under !== undefined;
  });
  for (const under of new Set(calls.map(({ offer }) => findOffer(state, offer)?.under))) {
    const base = state.commitments.find(({ agreement, state: kept }) => agreement === under && (kept === 'agreed' || kept === 'closed'));
    const framework = base === undefined ? undefined : termsIn(state, base)?.framework;
    claim(framework !== undefined, 'a call-off has its framework');
    const its = calls.filter(({ offer }) => findOffer(state, offer)?.under === under);
    const cost = its.reduce((sum, each) => sum + (ceilingOf(termsIn(state, each)?.price as never) ?? 0n), 0n);
    claim(framework.cap_msat === undefined || cost <= parseMsat(framework.cap_msat), 'the cap is kept');
    claim(its.length <= (framework.max_calls ?? Infinity), 'the number of call-offs is kept');
  }
}

function termsIn(state: Negotiation, { offer: id, alternative }: Commitment): ReturnType<typeof termsOf> {
  const offer = findOffer(state, id);
  return offer === undefined ? undefined : termsOf(offer, alternative);
}

function checkReveals({ state, side, reveals, secrets }: Commitment, shown: readonly string[]): void {
  const [yes, no] = 'c' in secrets ? [secrets.c, secrets.v] : [secrets.a, secrets.l];
  const [isYes, isNo] = [shown.includes(yes), shown.includes(no)];
  claim(!(isYes && isNo), 'a signer reveals one of its two values');
  const own = side === 'first' ? [reveals.c, reveals.v] : [reveals.a, reveals.l];
  claim(isYes === (own[0] !== undefined) && isNo === (own[1] !== undefined), 'what was revealed is remembered');
  const isDecided = state !== 'undecided' && state !== 'sealing' && state !== 'given-up';
  if (!isDecided) claim(!isYes && !isNo, 'what is undecided is not revealed');
  if (state === 'agreed') claim(reveals.c !== undefined && reveals.a !== undefined, 'a held deal is closed and acknowledged');
  // Whoever has said yes holds on to it: nobody else can have a whole bundle of what this side thinks is free.
  if (side === 'first' && isYes)
    claim(state === 'closed' || state === 'agreed' || reveals.l !== undefined, 'what was closed is not let go');
  if (side === 'second' && isYes) claim(state === 'agreed', 'what was acknowledged is held');
}

/** What holds of each step: a deal is never undone, and a reveal is made once. */
export function checkStep(before: Node, after: Node, edge: Edge, sent: readonly Message[]): void {
  for (const each of before.state.commitments) {
    const next = after.state.commitments.find(({ firstMove, first }) => firstMove === each.firstMove && first.id === each.first.id);
    claim(next !== undefined, 'a commitment is never forgotten');
    if (each.state === 'agreed') claim(next.state === 'agreed', `a deal is never undone (${edge.label})`);
  }
  for (const value of sent.flatMap(({ body }) => valuesIn(body))) claim(!before.shown.includes(value), 'a value is revealed by one move');
}

// What the second signer may be in while the first signer is in the state on the left; `none` has not signed.
const PAIRS: Readonly<Record<string, readonly string[]>> = {
  undecided: ['none', 'sealing', 'given-up'],
  closed: ['sealing', 'given-up', 'agreed', 'late'],
  agreed: ['agreed'],
  cancelled: ['none', 'sealing', 'given-up', 'cancelled'],
  late: ['late'],
};

/** What holds between two honest sides at every moment, whatever is still on its way. */
export function checkPair(a: Node, b: Node): void {
  for (const [mine, theirs] of [
    [a.state, b.state],
    [b.state, a.state],
  ] as const) {
    claim(mine.cheated === undefined && mine.chain.equivocation === undefined, 'nobody is taken for a cheat');
    for (const each of mine.commitments) {
      const other = theirs.commitments.find(({ first }) => first.id === each.first.id);
      if (each.side === 'second') claim(other?.side === 'first', 'a second signature answers a first');
      else claim(isAllowed(each, other), `${each.state} against ${other?.state ?? 'none'}`);
    }
  }
}

function isAllowed(first: Commitment, second: Commitment | undefined): boolean {
  const isSame = second === undefined || (second.agreement === first.agreement && second.offer === first.offer && second.side === 'second');
  return isSame && (PAIRS[first.state] ?? []).includes(second?.state ?? 'none');
}

/** What holds while nothing is on its way, whatever the owners may still do. */
export function checkQuiet(a: Node, b: Node): void {
  claim(findHead(a.state)?.agreement === findHead(b.state)?.agreement, 'both have the same head');
  claim(heldBy(a.state) === heldBy(b.state), 'both hold the same deals');
  const isOpen = [a, b].every(
    ({ state }) => state.ended === undefined && state.pending === undefined && findUndecided(state) === undefined,
  );
  if (isOpen) claim(readPhase(a.state) === readPhase(b.state), `both are in one phase (${readPhase(a.state)}, ${readPhase(b.state)})`);
  if (isOpen) claim(openIn(a.state) === openIn(b.state), 'both have the same offers on the table');
}

function heldBy({ commitments }: Negotiation): string {
  const held = commitments.filter(({ state }) => state === 'agreed' || state === 'closed');
  return held
    .map(({ agreement }) => agreement)
    .toSorted()
    .join();
}

function openIn({ offers }: Negotiation): string {
  const open = offers.filter(({ status }) => status === 'open');
  return open
    .map(({ id }) => id)
    .toSorted()
    .join();
}

/** What holds at the end of all clocks with nothing on its way; returns how it ended. */
export function checkTerminal(a: Node, b: Node): string {
  checkQuiet(a, b);
  for (const { state } of [a, b]) {
    const isIdle = findUndecided(state) === undefined && listPresigned(state).length === 0 && state.pending === undefined;
    claim(isIdle, 'no signature is left undecided');
    claim(state.ended !== undefined || findDeal(state) !== undefined, 'every negotiation ends');
  }
  claim(bundlesOf(a.state) === bundlesOf(b.state), 'both have the same bundles');
  return [a, b].map(({ state }) => describeEnd(state)).join(' | ');
}

function describeEnd(state: Negotiation): string {
  const deals = state.commitments.filter((each) => each.state === 'agreed');
  return deals.length === 0 ? readPhase(state) : `agreed ${deals.length}`;
}

function bundlesOf(state: Negotiation): string {
  const deals = state.commitments.filter((each) => each.state === 'agreed');
  return deals
    .map((each) => proveState(state, each, 'closed').text)
    .toSorted()
    .join('');
}

/** A bundle as text, and what it proves. */
export interface Proof {
  readonly text: string;
  readonly report: ValidBundle;
}

// What a commitment can be proved to be depends on its signatures and reveals alone: each is exported and checked once.
const proven = new Map<string, Proof>();

/** The bundle of a commitment; throws when it is not valid, or proves something else. */
export function proveState(state: Negotiation, commitment: Commitment, expected: string): Proof {
  const { first, second, alternative, reveals } = commitment;
  // Each side exports its own: that the two are equal is one of the claims.
  const key = [state.me, first.id, second?.id, alternative, reveals.c, reveals.v, reveals.a, reveals.l].join();
  const proof = proven.get(key) ?? prove(state, commitment);
  proven.set(key, proof);
  claim(proof.report.state === expected, `a bundle proves ${expected}, not ${proof.report.state}`);
  return proof;
}

function prove(state: Negotiation, commitment: Commitment): Proof {
  const bundle = exportBundle(state, commitment);
  claim(bundle !== undefined, 'a commitment has its offer');
  const text = encodeBundle(bundle);
  const report = verifyBundle(text, verify);
  claim(report.kind === 'valid', `a bundle is valid${report.kind === 'invalid' ? `: ${report.problem}` : ''}`);
  return { text, report };
}
