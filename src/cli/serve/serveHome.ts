// Runs the daemon of one home until it is stopped, with its socket, its services and its news.

import type { Agent, InputOf } from '../../agent/api.ts';
import type { HomeKey } from '../../agent/composeHome.ts';
import type { Log } from '../../agent/daemon/log.ts';
import { openDaemon, type Daemon, type DaemonNews, type DaemonOptions } from '../../agent/daemon/openDaemon.ts';
import { connectAgent } from '../../agent/rpc/connectAgent.ts';
import { serveSocket } from '../../agent/rpc/serveSocket.ts';
import { loadModules } from '../../agent/strategies/openStrategy.ts';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { describeApproval } from '../io.ts';
import { retryLater } from '../jobs/retryLater.ts';
import { createTeller } from '../jobs/tellJobs.ts';
import { pause } from '../jobs/untilStopped.ts';
import { shortNpub } from '../render.ts';
import type { HomePlan } from './planHomes.ts';
import { readServices } from './readServices.ts';
import type { Voice } from './voice.ts';

/** How to run it. `signal` stops it. */
export interface ServeHomeOptions {
  readonly plan: HomePlan;
  readonly isJson: boolean;
  readonly voice: Voice;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Finds what opens it, when it is its turn to be asked for. */
  readonly findKey: (plan: HomePlan) => Promise<HomeKey | undefined>;
}

type Services = NonNullable<InputOf<'pursue'>['services']>;

const LOCK_TRIES = 15;
const LOCK_PAUSE_MS = 200;

/** Resolves when it has ended in order. Throws what it could not start with, or ended with. */
export async function serveHome(options: ServeHomeOptions): Promise<void> {
  const { plan, voice, log, signal, findKey } = options;
  const { home, relays } = plan;
  const services = plan.config === undefined ? [] : readServices(plan.config);
  await loadModules(services);
  await refuseSecond(home);
  const key = await findKey(plan);
  const teller = createOwnerTeller(options);
  const onApprovalUrl = (url: string): void => voice.remark(describeApproval(url));
  const onNews = (news: DaemonNews): void => teller(daemon.agent, news);
  const daemon = await openWhenFree({ home, key, relays, onApprovalUrl, log, onNews }, signal);
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
    void daemon.stop().catch(() => undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const socket = await serveSocket(daemon, home, { onStop: stop, log });
    daemon.attach(socket.close);
    await Promise.race([begin(daemon, services, options, stopping.signal), daemon.ended]);
    await daemon.ended;
  } finally {
    signal.removeEventListener('abort', stop);
    await daemon.stop();
  }
}

/** What holds the home may also be a command that is over in a moment: then waiting for it is right. */
async function refuseSecond(home: string): Promise<void> {
  const running = await connectAgent(home);
  await running?.agent.close();
  if (running !== undefined)
    throw new NegotiateError('home/locked', 'A serve runs on this home already. Stop it with: agent-negotiate stop');
}

/** The other homes of the process go on while one is waited for. */
async function openWhenFree(options: DaemonOptions, signal: AbortSignal): Promise<Daemon> {
  for (let tries = 1; ; tries += 1) {
    try {
      return openDaemon({ ...options, lockWaitMs: 0 });
    } catch (error) {
      const isLocked = isNegotiateError(error) && error.code === 'home/locked';
      if (!isLocked || tries >= LOCK_TRIES || signal.aborted) throw error;
      await pause(LOCK_PAUSE_MS, signal);
    }
  }
}

async function begin(daemon: Daemon, services: Services, { isJson, voice }: ServeHomeOptions, signal: AbortSignal): Promise<void> {
  const { agent } = daemon;
  const startedMs = performance.now();
  if (services.length > 0) {
    const sold = await keepTrying(() => announce(daemon, services), signal, voice);
    if (sold === undefined) return;
    const { ids, balance, isTestMoney } = sold;
    const { npub } = await agent.whoami();
    if (isJson) voice.json({ event: 'ready', npub, services: ids, balance, testMoney: isTestMoney });
    else voice.lines([`Serving ${ids.join(', ')} as ${npub}`, `Wallet: ${balance}`, 'Stop with Ctrl-C.']);
    return;
  }
  await daemon.ready;
  if (signal.aborted) return;
  const { npub } = await agent.whoami();
  const ms = Math.round(performance.now() - startedMs);
  if (isJson) voice.json({ event: 'ready', npub, services: [], ms });
  else voice.lines([`Running as ${npub}`, 'Stop with Ctrl-C.']);
}

async function announce({ agent, sell }: Daemon, services: Services) {
  // Without a wallet nothing can be sold: better to say so before anything is announced.
  const { balance, isTestMoney } = await agent.wallet();
  const announced = await agent.announce({ services });
  await sell(services);
  return { ids: announced.services.map(({ service }) => service), balance, isTestMoney };
}

/** What may go well later is tried until it does: relays, and the wallet's, may come back after us. */
async function keepTrying<T>(work: () => Promise<T>, signal: AbortSignal, voice: Voice): Promise<T | undefined> {
  for (;;) {
    const done = await retryLater(work(), signal, voice.remark);
    if (done !== undefined || signal.aborted) return done;
  }
}

function createOwnerTeller({ isJson, voice }: ServeHomeOptions): (agent: Agent, news: DaemonNews) => void {
  const teller = createTeller(isJson, voice);
  const invited = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  return (agent, { jobs, problems, invites, signer }) => {
    teller.problems(problems, signer);
    // One after the other, or the lines of one job would mix.
    last = last.then(() => teller.jobs(agent, jobs)).catch(() => undefined);
    for (const npub of invites.filter((each) => !invited.has(each))) {
      invited.add(npub);
      voice.remark(
        `${shortNpub(npub)} would like to open a channel. Let it in with: agent-negotiate invites --allow ${npub} (or strangers in general: invites anyone)`,
      );
    }
  };
}
