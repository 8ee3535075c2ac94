// `serve`: sells the services of a configuration file until it is stopped; started again, it goes on where it stopped.

import { z } from 'zod';
import type { Agent, InputOf } from '../../agent/api.ts';
import { openAgent } from '../../agent/compose.ts';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { onApprovalUrl, printJson, printLines, printRemark, readFileOrStdin, type CommonOptions } from '../io.ts';
import { createTeller } from '../jobs/tellJobs.ts';
import { pause, untilStopped } from '../jobs/untilStopped.ts';
import { parseJsonText } from '../parseValues.ts';
import { shortNpub } from '../render.ts';

/** Options of `serve`. */
export interface ServeOptions extends CommonOptions {
  readonly config?: string;
}

type Services = NonNullable<InputOf<'pursue'>['services']>;

const ROUND_S = 30;
const AFTER_FAULT_MS = 5_000;

const configSchema = z.strictObject({ services: z.array(z.record(z.string(), z.unknown())).min(1) });

/** Reads a configuration file. The services in it are checked where they are used. Throws `input/…`. */
export function readConfig(path: string | undefined): Services {
  if (path === undefined) throw new NegotiateError('input/invalid', 'Name the file with your services: --config FILE');
  const parsed = configSchema.safeParse(parseJsonText(readFileOrStdin(path)));
  if (parsed.success) return parsed.data.services as Services;
  throw new NegotiateError('input/invalid', 'The configuration must be {"services": [ … ]}. See docs/serve.md.');
}

/** Serves until SIGINT or SIGTERM. */
export async function runServe(options: ServeOptions): Promise<void> {
  const services = readConfig(options.config);
  await untilStopped(async (signal) => {
    const agent = await openAgent({ home: findHome(options.home), relays: options.relay ?? [], onApprovalUrl });
    signal.addEventListener('abort', () => void agent.close(), { once: true });
    try {
      await begin(agent, services, options);
      await serve(agent, services, options, signal);
    } finally {
      await agent.close();
    }
  });
}

async function begin(agent: Agent, services: Services, options: ServeOptions): Promise<void> {
  // Without a wallet nothing can be sold: better to say so before anything is announced.
  const { balance, isTestMoney } = await agent.wallet();
  const announced = await agent.announce({ services });
  const { npub } = await agent.whoami();
  const ids = announced.services.map(({ service }) => service);
  if (options.json === true) printJson({ event: 'ready', npub, services: ids, balance, testMoney: isTestMoney });
  else printLines([`Serving ${ids.join(', ')} as ${npub}`, `Wallet: ${balance}`, 'Stop with Ctrl-C.']);
}

async function serve(agent: Agent, services: Services, options: ServeOptions, signal: AbortSignal): Promise<void> {
  const teller = createTeller(options.json === true);
  const invited = new Set<string>();
  while (!signal.aborted) {
    try {
      const { jobs, problems, invites, signer } = await agent.pursue({ services, waitS: ROUND_S });
      teller.problems(problems, signer);
      await teller.jobs(agent, jobs);
      for (const npub of invites.filter((each) => !invited.has(each))) {
        invited.add(npub);
        printRemark(
          `${shortNpub(npub)} would like to open a channel. To let buyers in without asking, make the agent with --invites anyone.`,
        );
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isNegotiateError(error) || !error.retryable) throw error;
      printRemark(error.message);
      await pause(AFTER_FAULT_MS, signal);
    }
  }
}
