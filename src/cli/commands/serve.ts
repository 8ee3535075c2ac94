// `serve`: the daemon of an agent, which sells the services of a configuration file if there is one; started again, it goes on.

import { z } from 'zod';
import type { Agent, InputOf } from '../../agent/api.ts';
import { createLog, LOG_LEVELS, NO_LOG, type LogLevel } from '../../agent/daemon/log.ts';
import { openDaemon, type Daemon, type DaemonNews } from '../../agent/daemon/openDaemon.ts';
import { connectAgent } from '../../agent/rpc/connectAgent.ts';
import { serveSocket } from '../../agent/rpc/serveSocket.ts';
import { NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { findHomeKey } from '../homeKey.ts';
import { onApprovalUrl, printJson, printLines, printRemark, readFileOrStdin, type CommonOptions } from '../io.ts';
import { retryLater } from '../jobs/retryLater.ts';
import { createTeller } from '../jobs/tellJobs.ts';
import { untilStopped } from '../jobs/untilStopped.ts';
import { parseJsonText } from '../parseValues.ts';
import { shortNpub } from '../render.ts';

/** Options of `serve`. */
export interface ServeOptions extends CommonOptions {
  readonly config?: string;
  readonly log?: true | string;
}

type Services = NonNullable<InputOf<'pursue'>['services']>;

const configSchema = z.strictObject({ services: z.array(z.record(z.string(), z.unknown())).min(1) });

/** Reads a configuration file. The services in it are checked where they are used. Throws `input/…`. */
export function readConfig(path: string): Services {
  const parsed = configSchema.safeParse(parseJsonText(readFileOrStdin(path)));
  if (parsed.success) return parsed.data.services as Services;
  throw new NegotiateError('input/invalid', 'The configuration must be {"services": [ … ]}. See docs/serve.md.');
}

/** Serves until SIGINT, SIGTERM or `stop`; a second signal ends it at once. */
export async function runServe(options: ServeOptions): Promise<void> {
  const services = options.config === undefined ? [] : readConfig(options.config);
  await untilStopped(async (signal) => {
    const home = findHome(options.home);
    const log = options.log === undefined ? NO_LOG : createLog((line) => process.stderr.write(line), readLevel(options.log));
    await refuseSecond(home);
    const teller = createOwnerTeller(options);
    const key = await findHomeKey(home, options);
    const relays = options.relay ?? [];
    const daemon = openDaemon({ home, key, relays, onApprovalUrl, log, onNews: (news) => teller(daemon.agent, news) });
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
      await daemon.stop();
    }
  });
}

/** What holds the home may also be a command that is over in a moment: then waiting for it is right. */
async function refuseSecond(home: string): Promise<void> {
  const running = await connectAgent(home);
  await running?.agent.close();
  if (running !== undefined)
    throw new NegotiateError('home/locked', 'A serve runs on this home already. Stop it with: agent-negotiate stop');
}

function readLevel(level: true | string): LogLevel {
  const known = LOG_LEVELS.find((each) => each === (level === true ? 'info' : level));
  if (known !== undefined) return known;
  throw new NegotiateError('input/invalid', `Expected --log with one of: ${LOG_LEVELS.join(', ')}.`);
}

async function begin(daemon: Daemon, services: Services, options: ServeOptions, signal: AbortSignal): Promise<void> {
  const { agent } = daemon;
  const startedMs = performance.now();
  if (services.length > 0) {
    const sold = await keepTrying(() => announce(daemon, services), signal);
    if (sold === undefined) return;
    const { ids, balance, isTestMoney } = sold;
    const { npub } = await agent.whoami();
    if (options.json === true) printJson({ event: 'ready', npub, services: ids, balance, testMoney: isTestMoney });
    else printLines([`Serving ${ids.join(', ')} as ${npub}`, `Wallet: ${balance}`, 'Stop with Ctrl-C.']);
    return;
  }
  await daemon.ready;
  if (signal.aborted) return;
  const { npub } = await agent.whoami();
  const ms = Math.round(performance.now() - startedMs);
  if (options.json === true) printJson({ event: 'ready', npub, services: [], ms });
  else printLines([`Running as ${npub}`, 'Stop with Ctrl-C.']);
}

async function announce({ agent, sell }: Daemon, services: Services) {
  // Without a wallet nothing can be sold: better to say so before anything is announced.
  const { balance, isTestMoney } = await agent.wallet();
  const announced = await agent.announce({ services });
  await sell(services);
  return { ids: announced.services.map(({ service }) => service), balance, isTestMoney };
}

/** What may go well later is tried until it does: relays, and the wallet's, may come back after us. */
async function keepTrying<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  for (;;) {
    const done = await retryLater(work(), signal);
    if (done !== undefined || signal.aborted) return done;
  }
}

function createOwnerTeller(options: ServeOptions): (agent: Agent, news: DaemonNews) => void {
  const teller = createTeller(options.json === true);
  const invited = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  return (agent, { jobs, problems, invites, signer }) => {
    teller.problems(problems, signer);
    // One after the other, or the lines of one job would mix.
    last = last.then(() => teller.jobs(agent, jobs)).catch(() => undefined);
    for (const npub of invites.filter((each) => !invited.has(each))) {
      invited.add(npub);
      printRemark(
        `${shortNpub(npub)} would like to open a channel. Let it in with: agent-negotiate invites --allow ${npub} (or strangers in general: invites anyone)`,
      );
    }
  };
}
