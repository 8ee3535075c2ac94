// Visits every state that two honest sides can reach with a given menu, breadth first, and checks each (docs/decisions/0010-explored.md).

import { checkNode, checkPair, checkQuiet, checkStep, checkTerminal } from './exploreChecks.fixture.ts';
import { listOwnSteps, type Menu } from './exploreMoves.fixture.ts';
import { makeMachine, T0, type Edge, type Machine, type Node, type Place } from './exploreSide.fixture.ts';

/** One case to explore. */
export interface Case {
  readonly name: string;
  readonly menu: Menu;
  /** The instants of each side's clock, unix seconds. */
  readonly instants: readonly number[];
  /** When the negotiation itself expires. */
  readonly endsAt: number;
  /** How many instants one clock may be ahead of the other; absent: any number. */
  readonly lag?: number;
  /** What both have done before, all of it delivered. */
  readonly prepare?: (machine: Machine, sides: readonly [Node, Node]) => readonly [Node, Node];
}

/** What an exploration has seen. */
export interface Report {
  readonly name: string;
  readonly states: number;
  readonly steps: number;
  readonly sideStates: number;
  readonly terminals: number;
  /** How many terminal states have each pair of outcomes. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly machine: Machine;
}

/** All queues are kept once as well: the number of a queue stands for its moves, oldest first. */
interface Queues {
  readonly lists: (readonly number[])[];
  readonly add: (queue: number, moves: readonly number[]) => number;
  readonly rest: (queue: number) => number;
}

const HALF = 67_108_864; // 2^26: two halves are one exact number
const QUEUE = 1_048_576;

/** Explores a case to its end; throws with the shortest trace when something does not hold, or when it has more states than `limit`. */
export function explore(kase: Case, limit = 8_000_000): Report {
  const machine = makeMachine(kase.instants, kase.endsAt, { onNode: checkNode, onStep: checkStep });
  const queues = makeQueues();
  const halves: (readonly [node: number, queue: number])[] = [];
  const halfIds = new Map<number, number>();
  const worlds: number[] = [];
  const parents: number[] = [];
  const ids = new Map<number, number>();
  const own: (readonly Edge[])[] = [];
  const pairs = new Set<number>();
  let steps = 0;

  const nodeOf = (half: number): Node => machine.nodes[(halves[half] as readonly [number, number])[0]] as Node;
  const queueOf = (half: number): number => (halves[half] as readonly [number, number])[1];
  const split = (world: number): readonly [number, number] => [Math.floor(world / HALF), world % HALF];
  const join = (place: Place, mine: number, other: number): number => (place === 0 ? mine * HALF + other : other * HALF + mine);

  function addHalf(node: number, queue: number): number {
    const key = node * QUEUE + queue;
    const known = halfIds.get(key);
    if (known !== undefined) return known;
    halves.push([node, queue]);
    halfIds.set(key, halves.length - 1);
    return halves.length - 1;
  }

  /** The world after a step of one side, whose other side is (or has become) `other`. */
  function after(place: Place, edge: Edge, queue: number, other: number): number {
    return join(place, addHalf(edge.to, queues.add(queue, edge.sends)), other);
  }

  function deliverTo(place: Place, mine: number, other: number): number | undefined {
    const incoming = queueOf(other);
    const message = queues.lists[incoming]?.[0];
    if (message === undefined) return undefined;
    const sender = addHalf(nodeOf(other).id, queues.rest(incoming));
    return after(place, machine.receive(nodeOf(mine), message), queueOf(mine), sender);
  }

  function wait(place: Place, mine: number, other: number): number | undefined {
    const isAhead = nodeOf(mine).level - nodeOf(other).level >= (kase.lag ?? Infinity);
    const edge = isAhead ? undefined : machine.wait(nodeOf(mine));
    return edge === undefined ? undefined : after(place, edge, queueOf(mine), other);
  }

  function tick(place: Place, mine: number, other: number): number | undefined {
    const edge = machine.tick(nodeOf(mine));
    return edge === undefined ? undefined : after(place, edge, queueOf(mine), other);
  }

  /** Every step from a world: deliveries and time first, then what the owners may do. */
  function* stepsFrom(world: number): Generator<number> {
    const [a, b] = split(world);
    for (const [place, mine, other] of [
      [0, a, b],
      [1, b, a],
    ] as const) {
      for (const next of [deliverTo(place, mine, other), tick(place, mine, other), wait(place, mine, other)])
        if (next !== undefined) yield next;
      const node = nodeOf(mine);
      for (const edge of (own[node.id] ??= listOwnSteps(machine, node, kase.menu))) yield after(place, edge, queueOf(mine), other);
    }
  }

  /** The step that time and the network alone make: everything is delivered before a clock goes on, the slower one first. */
  function settleOnce(world: number): number | undefined {
    const [a, b] = split(world);
    const delivered = deliverTo(1, b, a) ?? deliverTo(0, a, b) ?? tick(0, a, b) ?? tick(1, b, a);
    if (delivered !== undefined) return delivered;
    return nodeOf(a).level <= nodeOf(b).level ? (wait(0, a, b) ?? wait(1, b, a)) : (wait(1, b, a) ?? wait(0, a, b));
  }

  function check(world: number): void {
    const [a, b] = split(world);
    const pair = nodeOf(a).id * HALF + nodeOf(b).id;
    if (!pairs.has(pair)) {
      checkPair(nodeOf(a), nodeOf(b));
      pairs.add(pair);
    }
    if (queueOf(a) === 0 && queueOf(b) === 0) checkQuiet(nodeOf(a), nodeOf(b));
  }

  function add(world: number, parent: number): void {
    if (ids.has(world)) return;
    ids.set(world, worlds.length);
    worlds.push(world);
    parents.push(parent);
    check(world);
  }

  function tell(index: number): string {
    const path: number[] = [];
    for (let at = index; at >= 0; at = parents[at] as number) path.unshift(at);
    return path
      .slice(1)
      .map((at, i) => `  ${describe(worlds[path[i] as number] as number, worlds[at] as number)}`)
      .join('\n');
  }

  function describe(from: number, to: number): string {
    const [a, b] = split(from);
    for (const [place, mine, other] of [
      [0, a, b],
      [1, b, a],
    ] as const) {
      const node = nodeOf(mine);
      const name = place === 0 ? 'buyer' : 'provider';
      const message = queues.lists[queueOf(other)]?.[0];
      const waited = machine.wait(node);
      const known: (readonly [Edge | undefined, number | undefined])[] = [
        [message === undefined ? undefined : machine.receive(node, message), deliverTo(place, mine, other)],
        [machine.tick(node), tick(place, mine, other)],
        [waited, waited === undefined ? undefined : after(place, waited, queueOf(mine), other)],
        ...(own[node.id] ?? []).map((edge) => [edge, after(place, edge, queueOf(mine), other)] as const),
      ];
      const found = known.find(([, world]) => world === to)?.[0];
      if (found !== undefined)
        return `${name} ${found.label.replace(/^(buyer|provider) /, '')} → ${found.sends.map((id) => machine.tell(id)).join(', ') || '—'}`;
    }
    return '?';
  }

  function run(): ReadonlyMap<string, number> {
    for (let at = 0; at < worlds.length; at += 1) {
      if (worlds.length > limit) throw new Error(`more than ${limit} states`);
      try {
        for (const next of stepsFrom(worlds[at] as number)) {
          steps += 1;
          add(next, at);
        }
      } catch (error) {
        const last = worlds.length - 1;
        const isNew = parents[last] === at;
        throw new Error(`${kase.name}: ${(error as Error).message}\n${tell(isNew ? last : at)}`, { cause: error });
      }
    }
    return settleAll();
  }

  /** From every world, time and the network alone lead to an end in which all is well. */
  function settleAll(): ReadonlyMap<string, number> {
    const outcomes = new Map<string, number>();
    const isSettled = new Uint8Array(worlds.length);
    for (let start = 0; start < worlds.length; start += 1) {
      const path: number[] = [];
      for (let at: number | undefined = start; at !== undefined && isSettled[at] !== 2;) {
        if (isSettled[at] === 1) throw new Error(`${kase.name}: broken: they never fall silent\n${tell(at)}`);
        isSettled[at] = 1;
        path.push(at);
        const next = settleOnce(worlds[at] as number);
        if (next === undefined) conclude(at, outcomes);
        at = next === undefined ? undefined : (ids.get(next) as number);
      }
      for (const at of path) isSettled[at] = 2;
    }
    return outcomes;
  }

  function conclude(at: number, outcomes: Map<string, number>): void {
    const [a, b] = split(worlds[at] as number);
    try {
      const outcome = checkTerminal(nodeOf(a), nodeOf(b));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      throw new Error(`${kase.name}: ${(error as Error).message}\n${tell(at)}`, { cause: error });
    }
  }

  const begun = [machine.begin(0), machine.begin(1)] as const;
  const [first, second] = kase.prepare?.(machine, begun) ?? begun;
  add(addHalf(first.id, 0) * HALF + addHalf(second.id, 0), -1);
  const outcomes = run();
  const terminals = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  return { name: kase.name, states: worlds.length, steps, sideStates: machine.nodes.length, terminals, outcomes, machine };
}

function makeQueues(): Queues {
  const lists: (readonly number[])[] = [[]];
  const ids = new Map<string, number>([['', 0]]);
  const intern = (list: readonly number[]): number => {
    const key = list.join();
    const known = ids.get(key);
    if (known !== undefined) return known;
    lists.push(list);
    ids.set(key, lists.length - 1);
    return lists.length - 1;
  };
  return {
    lists,
    add: (queue, moves) => (moves.length === 0 ? queue : intern([...(lists[queue] as readonly number[]), ...moves])),
    rest: (queue) => intern((lists[queue] as readonly number[]).slice(1)),
  };
}

/** The first window of every explored case ends here, unix seconds. */
export const WINDOW_ENDS = T0 + 3_600;
