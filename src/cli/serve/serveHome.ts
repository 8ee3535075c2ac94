// Runs the daemon of one home until it is stopped, with its socket, its services and its news.

import type { Agent, InputOf } from '../../agent/api.ts';
import type { HomeKey } from '../../agent/composeHome.ts';
import type { Log } from '../../agent/daemon/log.ts';
import { openDaemon, type Daemon, type DaemonNews, type DaemonOptions } from '../../agent/daemon/openDaemon.ts';
import { checkServices } from '../../agent/jobs/checkServices.ts';
import { listBelowPolicy } from '../../agent/jobs/listBelowPolicy.ts';
import { servicesSchema } from '../../agent/jobs/service.ts';
import { isMandateError, mayYetBeAllowed } from '../../agent/mandate/mandateError.ts';
import { readMandateFile } from '../../agent/mandate/readMandateFile.ts';
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
// The owner is asked; whoever he is, it takes him a while.
const ASK_AGAIN_MS = 5_000;

/** Resolves when it has ended in order. Throws what it could not start with, or ended with. */
export async function serveHome(options: ServeHomeOptions): Promise<void> {
  const { plan, voice, log, signal, findKey } = options;
  const { home, relays } = plan;
  const services = plan.config === undefined ? [] : readServices(plan.config);
  checkServices(services);
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
    await remarkPrices(agent, services, voice);
    const sold = await keepTrying(() => announceAndSell(daemon, services), signal, voice);
    if (sold === undefined) return;
    const { balance, isTestMoney, obstacle } = sold;
    const ids = services.map(({ id }) => String(id));
    const { npub } = await agent.whoami();
    if (isJson) voice.json({ event: 'ready', npub, services: ids, balance, testMoney: isTestMoney });
    else voice.lines([`Serving ${ids.join(', ')} as ${npub}`, `Wallet: ${balance}`, 'Stop with Ctrl-C.']);
    if (obstacle !== undefined) await announceLater(daemon, services, obstacle, voice, signal);
    return;
  }
  await daemon.ready;
  if (signal.aborted) return;
  const { npub } = await agent.whoami();
  const ms = Math.round(performance.now() - startedMs);
  if (isJson) voice.json({ event: 'ready', npub, services: [], ms });
  else voice.lines([`Running as ${npub}`, 'Stop with Ctrl-C.']);
}

/** Says which prices the owner's policy overrules; they are no fault, since it is kept to. */
async function remarkPrices(agent: Agent, services: Services, voice: Voice): Promise<void> {
  const { text } = await agent.showPolicy();
  const checked = servicesSchema.safeParse(services);
  const file = text === undefined ? undefined : readMandateFile(text);
  // What is wrong with the services is told where they are announced.
  if (!checked.success || file?.kind !== 'ok') return;
  for (const { service, fields } of listBelowPolicy(checked.data, file.mandate)) {
    voice.remark(`${service}: ${fields.join(' and ')} below what your policy agrees to. The policy's reserve is the least that is taken.`);
  }
}

/** `obstacle` says what the owner's policy waits for before it lets the services be announced; they are sold all the same. */
async function announceAndSell({ agent, sell }: Daemon, services: Services) {
  // Without a wallet nothing can be sold: better to say so before anything is announced.
  const { balance, isTestMoney } = await agent.wallet();
  const obstacle = await announce(agent, services);
  await sell(services);
  return { balance, isTestMoney, obstacle };
}

/** Returns why it may not be done yet; undefined once it is done. Throws what will not pass. */
async function announce(agent: Agent, services: Services): Promise<string | undefined> {
  try {
    await agent.announce({ services });
    return undefined;
  } catch (error) {
    if (!isNegotiateError(error) || !mayYetBeAllowed(error)) throw error;
    return error.message;
  }
}

/** Announces as soon as the owner's yes is there, or its hour; sales go on meanwhile. */
async function announceLater({ agent }: Daemon, services: Services, first: string, voice: Voice, signal: AbortSignal): Promise<void> {
  let told: string | undefined;
  let obstacle: string | undefined = first;
  while (obstacle !== undefined && !signal.aborted) {
    if (obstacle !== told) voice.remark(`Not announced yet, but sold: ${obstacle}`);
    told = obstacle;
    await pause(ASK_AGAIN_MS, signal);
    if (!signal.aborted) obstacle = await announceAgain(agent, services);
  }
}

/** By now another policy may be in force, or the key out of reach: it is tried again all the same. */
async function announceAgain(agent: Agent, services: Services): Promise<string | undefined> {
  try {
    return await announce(agent, services);
  } catch (error) {
    if (isNegotiateError(error) && (error.retryable || isMandateError(error))) return error.message;
    throw error;
  }
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
