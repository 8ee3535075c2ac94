// What one call of the command costs from a standing start: CPU time and memory of the process, beside a Node that does nothing.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createAgent, openAgent } from '../src/agent/compose.ts';
import type { Agent } from '../src/agent/api.ts';
import { readSends } from '../src/agent/sendCount.ts';
import { readSetting } from '../src/agent/settings.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { databasePath } from '../src/store/home.ts';
import { openSentinel } from '../src/store/sentinel.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { buildCopy, ROOT } from './builtCopy.ts';
import { measureChild, median, type ChildCost, type Metric } from './measure.ts';
import { SEND } from './needs.ts';
import { sumUp, timePrimitives } from './primitives.ts';

const ROUNDS = 9;
// A Node that does nothing: the floor of every command.
const BARE = 'node';

/** A command to measure: its arguments for Node, and what it must do beyond starting, in milliseconds of primitives. */
interface Command {
  readonly name: string;
  readonly args: (home: string) => readonly string[];
  readonly floorMs: number;
}

interface Prepared {
  /** Home of an agent with one agreed and one open negotiation. */
  readonly home: string;
  readonly agreed: string;
  readonly open: string;
}

/** Runs the bench `cold-start`. The relay that `send` publishes to runs in this process, so its work is not counted. */
export async function run(): Promise<readonly Metric[]> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-'));
  const relay = await startRelay({ requireAuthForGiftWraps: true });
  try {
    const prepared = await prepareHome(folder, relay.url);
    const built = buildCopy(mkdtempSync(join(folder, 'built-')));
    const sendMs = sumUp(SEND, await timePrimitives());
    const commands = [
      { name: BARE, args: () => ['-e', '0'], floorMs: 0 },
      ...listCommands('checkout', join(ROOT, 'bin', 'agent-negotiate.js'), prepared, sendMs),
      ...listCommands('installed', built, prepared, sendMs),
    ];
    const storedBefore = relay.storedEvents().length;
    const costs = await measureCommands(commands, prepared.home);
    // Two commands send, once in each round.
    const missing = 2 * (ROUNDS + 1) - (relay.storedEvents().length - storedBefore);
    if (missing !== 0) throw new Error(`The figures of send count for nothing: ${missing} messages did not reach the relay.`);
    return report(commands, costs);
  } finally {
    await relay.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function listCommands(where: string, bin: string, { agreed, open }: Prepared, sendMs: number): readonly Command[] {
  return [
    { name: `help (${where})`, args: () => [bin, '--help'], floorMs: 0 },
    { name: `status (${where})`, args: (home) => [bin, 'status', agreed, '--home', home], floorMs: 0 },
    { name: `send (${where})`, args: (home) => [bin, 'send', open, 'Which language variant?', '--home', home], floorMs: sendMs },
  ];
}

/** Measures all commands in turn, round after round, so that noise meets them alike; the first round only warms the disk and compiles. */
async function measureCommands(commands: readonly Command[], home: string): Promise<ReadonlyMap<string, readonly ChildCost[]>> {
  const costs = new Map(commands.map(({ name }): [string, ChildCost[]] => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, args } of commands) {
      const cost = await measureIn(home, args);
      if (round > 0) costs.get(name)?.push(cost);
    }
  }
  return costs;
}

// Each run finds the home as it was prepared: what one has sent must not lie in the way of the next.
async function measureIn(home: string, args: Command['args']): Promise<ChildCost> {
  const copy = mkdtempSync(`${home}-`);
  try {
    cpSync(home, copy, { recursive: true });
    vouchFor(copy);
    // Beside the copies, so that only the first round finds nothing compiled.
    return await measureChild(args(copy), { XDG_CACHE_HOME: join(dirname(home), 'cache') });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Says at the second place of a copy that it is as it was left: else it would first look for what it has lost. */
function vouchFor(home: string): void {
  const store = openSqliteStore(databasePath(home));
  const sent = readSends(store);
  openSentinel(home, readSetting(store, 'pubkey')).write({ floor: sent, mark: sent });
  store.close();
}

function report(commands: readonly Command[], costs: ReadonlyMap<string, readonly ChildCost[]>): readonly Metric[] {
  const middle = (name: string, read: (cost: ChildCost) => number): number => median((costs.get(name) ?? []).map(read));
  const floor = { cpuMs: middle(BARE, ({ cpuMs }) => cpuMs), rssMib: middle(BARE, ({ rssMib }) => rssMib) };
  const times = commands.map(({ name, floorMs }): Metric => {
    return {
      metric: name,
      value: middle(name, ({ cpuMs }) => cpuMs),
      unit: 'ms',
      ...(name === BARE ? {} : { floor: floor.cpuMs + floorMs }),
    };
  });
  const memory = commands.map(({ name }): Metric => {
    return {
      metric: `${name} memory`,
      value: middle(name, ({ rssMib }) => rssMib),
      unit: 'MiB',
      ...(name === BARE ? {} : { floor: floor.rssMib }),
    };
  });
  return [...times, ...memory];
}

/** Two agents make one deal and leave one negotiation open; the buyer's home is the one to measure in. */
async function prepareHome(folder: string, relay: string): Promise<Prepared> {
  const [home, other] = [join(folder, 'buyer'), join(folder, 'seller')];
  const [, { npub }] = [await createBenchHome(home, relay), await createBenchHome(other, relay)];
  const [buyer, seller] = [await openAgent({ home }), await openAgent({ home: other })];
  try {
    const agreed = await start(buyer, npub);
    await seller.sync();
    await seller.offer({ nid: agreed, priceMsat: 700_000n, deliverWithinS: 86_400 });
    await buyer.sync();
    await buyer.accept({ nid: agreed });
    for (const agent of [seller, buyer, seller, buyer]) await agent.sync();
    const open = await start(buyer, npub);
    const { phase } = await buyer.status({ nid: agreed });
    if (phase !== 'agreed') throw new Error(`The deal of the bench was not made: it stands at ${phase}.`);
    return { home, agreed, open };
  } finally {
    await buyer.close();
    await seller.close();
  }
}

async function createBenchHome(home: string, relay: string): Promise<{ readonly npub: string }> {
  return createAgent({ home, relays: [relay], invites: 'anyone' });
}

async function start(buyer: Agent, peer: string): Promise<string> {
  const requirements = 'A confidential contract of 12 pages, German to English, by a sworn translator.';
  return (await buyer.start({ peer, service: 'translation', requirements })).negotiation.nid;
}
