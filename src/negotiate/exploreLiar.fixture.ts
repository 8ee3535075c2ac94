// Visits every state into which a liar can bring an honest side with a few moves, and checks each (docs/decisions/0010-explored.md).

import { checkNode, checkStep, claim, proveState } from './exploreChecks.fixture.ts';
import { isLiarValue, listLies, valuesOf } from './exploreLies.fixture.ts';
import { listOwnSteps, type Menu, type OfferPlan } from './exploreMoves.fixture.ts';
import { makeMachine, NAMES, valuesIn, type Edge, type Machine, type Message, type Node, type Place } from './exploreSide.fixture.ts';
import type { MoveBody } from './moveBody.ts';
import type { Commitment, Negotiation } from './negotiation.ts';
import { findDeal, findUndecided, listPresigned } from './slot.ts';
import type { BundleState } from './verifyBundle.ts';

/** One case: an honest side, what it may do, what the liar has in mind. */
export interface LiarCase {
  readonly name: string;
  readonly honest: Place;
  readonly menu: Menu;
  /** The liar's offers, in any order. */
  readonly plans: readonly OfferPlan[];
  readonly instants: readonly number[];
  readonly endsAt: number;
  /** Steps before the exploring begins, each by the beginning of its label. */
  readonly script: readonly string[];
  /** How many moves the liar makes after the script. */
  readonly lies: number;
}

/** What was seen. */
export interface LiarReport {
  readonly name: string;
  readonly states: number;
  readonly steps: number;
  /** States in which the liar has shown both values of one signature. */
  readonly cheats: number;
  /** How many states are new with each move of the liar. */
  readonly layers: readonly number[];
  readonly machine: Machine;
}

/** The most moves that one move of the liar may bring about. */
const MOST_ANSWERS = 5;

/** Explores a case; throws with the shortest trace when something does not hold. */
export function exploreLiar(kase: LiarCase): LiarReport {
  const machine = makeMachine(kase.instants, kase.endsAt, { onNode: checkHonest, onStep: checkLiarStep, isTold: isLiarValue });
  const parents = new Map<number, readonly [from: number, edge: Edge]>();
  let steps = 0;

  function listFree(node: Node): readonly Edge[] {
    return [machine.tick(node), machine.wait(node), ...listOwnSteps(machine, node, kase.menu)].filter((edge) => edge !== undefined);
  }

  function* listLying(node: Node): Generator<Edge> {
    const liar = (1 - node.place) as Place;
    yield machine.fork(node);
    for (const [label, body] of listLies(machine, node, kase.plans)) {
      const edge = machine.receive(node, machine.forge(liar, body, dateOf(machine, node, body)));
      yield { ...edge, label: `${NAMES[liar]} ${label}` };
    }
  }

  function tell(id: number): string {
    const lines: string[] = [];
    for (let at = parents.get(id); at !== undefined; at = parents.get(at[0])) {
      lines.unshift(`  ${at[1].label} → ${at[1].sends.map((message) => machine.tell(message)).join(', ') || '—'}`);
    }
    return lines.join('\n');
  }

  function guard<T>(at: number, visit: () => T): T {
    try {
      return visit();
    } catch (error) {
      throw new Error(`${kase.name}: ${(error as Error).message}\n${tell(at)}`, { cause: error });
    }
  }

  function follow(edges: Iterable<Edge>, from: number, into: number[]): void {
    for (const edge of edges) {
      steps += 1;
      claim(edge.sends.length <= MOST_ANSWERS, `one step brings about ${edge.sends.length} moves`);
      if (parents.has(edge.to) || edge.to === start.id) continue;
      parents.set(edge.to, [from, edge]);
      into.push(edge.to);
    }
  }

  function runScript(): Node {
    let node = machine.begin(kase.honest);
    for (const wanted of kase.script) {
      const edge = [...listFree(node), ...listLying(node)].find(({ label }) => label.startsWith(wanted));
      if (edge === undefined) throw new Error(`${kase.name}: the script has no step "${wanted}"`);
      node = machine.nodes[edge.to] as Node;
    }
    return node;
  }

  const start = runScript();
  let layer = [start.id];
  const layers: number[] = [];
  for (let lies = 0; lies <= kase.lies; lies += 1) {
    // What the honest side and time do costs the liar nothing: the layer grows until it is closed under both.
    for (let i = 0; i < layer.length; i += 1)
      guard(layer[i] as number, () => follow(listFree(machine.nodes[layer[i] as number] as Node), layer[i] as number, layer));
    layers.push(layer.length);
    const next: number[] = [];
    if (lies < kase.lies) for (const id of layer) guard(id, () => follow(listLying(machine.nodes[id] as Node), id, next));
    for (const id of layer) guard(id, () => checkEnd(machine, machine.nodes[id] as Node));
    layer = next;
  }
  const visited = [start.id, ...parents.keys()].map((id) => machine.nodes[id] as Node);
  const cheats = visited.filter(({ state }) => state.cheated === true).length;
  return { name: kase.name, states: visited.length, steps, cheats, layers, machine };
}

/** A signature that is sent again comes in a move of its own, with an id of its own. */
function dateOf(machine: Machine, { state, level }: Node, body: MoveBody): number {
  const sent = body.type === 'accept' ? state.commitments.filter(({ first }) => first.id === body.signature.id).length : 0;
  return (machine.instants[level] as number) + sent;
}

const PROOFS: Readonly<Record<Commitment['state'], readonly BundleState[]>> = {
  undecided: ['signed-not-closed'],
  sealing: ['signed-not-closed'],
  'given-up': ['signed-not-closed'],
  closed: ['closed-not-acknowledged'],
  agreed: ['closed'],
  cancelled: ['void'],
  late: ['late'],
};

/** What holds of an honest side against anybody: its own rules, and proof of whatever it was told. */
function checkHonest(node: Node): void {
  checkNode(node);
  checkTold(node);
  for (const each of node.state.commitments) {
    const cheats = listCheats(each);
    const expected = cheats.length > 0 ? (['cheated'] as const) : PROOFS[each.state];
    const { report } = proveState(node.state, each, expected[0] as string);
    claim(
      report.cheats.every((role) => role !== node.state.role),
      'the honest side is never named as the cheat',
    );
    if (cheats.length > 0) claim(node.state.cheated === true && report.cheats.length === 1, 'both values of one signature name the cheat');
  }
}

/** Whatever the liar has shown of one first signature counts together, by whichever moves it has come. */
function checkTold({ state, told }: Node): void {
  for (const each of state.commitments) {
    if (each.side !== 'second') continue;
    const values = valuesOf(each.first.id);
    if (values === undefined || !told.includes(values.no)) continue;
    claim(each.state !== 'sealing', 'no second signature waits for a first that is void');
    claim(each.state !== 'agreed' || state.cheated === true, 'a deal about a first signature that was void names the cheat');
  }
}

/** The values of the other side that make it a cheat together. */
function listCheats({ side, reveals: { c, v, a, l } }: Commitment): readonly string[] {
  const [yes, no] = side === 'first' ? [a, l] : [c, v];
  return yes !== undefined && no !== undefined ? [yes, no] : [];
}

/** What the liar has shown of a signature that the honest side has built on is kept, and what was kept stays. */
function checkLiarStep(before: Node, after: Node, edge: Edge, sent: readonly Message[], got?: Message): void {
  checkStep(before, after, edge, sent);
  for (const each of before.state.commitments) {
    const next = after.state.commitments.find(({ first, firstMove }) => first.id === each.first.id && firstMove === each.firstMove);
    for (const name of ['c', 'v', 'a', 'l'] as const) {
      claim(each.reveals[name] === undefined || next?.reveals[name] === each.reveals[name], 'what was shown stays known');
    }
    if (got !== undefined && next !== undefined) checkKept(next, got);
  }
}

function checkKept(each: Commitment, { body }: Message): void {
  const signature = each.side === 'first' ? each.second : each.first;
  const values = signature === undefined ? undefined : valuesOf(signature.id);
  const shown = valuesIn(body).filter((value) => value === values?.yes || value === values?.no);
  // A close of another agreement, or one that names another move, is no close of this one.
  if (body.type === 'close' && (each.side !== 'second' || body.agreement !== each.agreement || body.re !== each.secondMove)) return;
  const kept: readonly (string | undefined)[] = Object.values(each.reveals);
  for (const value of shown) claim(kept.includes(value), 'a value that was shown is kept as evidence');
}

/** Left alone, the honest side is free in the end, or holds a deal, or has closed one that the liar does not acknowledge. */
function checkEnd(machine: Machine, start: Node): void {
  let node = start;
  for (let edge = machine.tick(node) ?? machine.wait(node); edge !== undefined; edge = machine.tick(node) ?? machine.wait(node)) {
    node = machine.nodes[edge.to] as Node;
  }
  const { state } = node;
  claim(listPresigned(state).length === 0 && state.pending === undefined, 'no offer or accept waits for ever');
  const held = findUndecided(state);
  claim(held === undefined || held.state === 'closed', `a liar leaves nothing ${held?.state ?? ''} for ever`);
  claim(held !== undefined || findDeal(state) !== undefined || isOver(state), 'without a deal it ends');
}

function isOver({ ended }: Negotiation): boolean {
  return ended !== undefined;
}
