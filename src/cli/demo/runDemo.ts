// `demo`: a relay, a wallet service with test money, a buyer and its sellers go through all seven steps; then what others could see of it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAgent, openAgent, openSandbox } from '../../agent/compose.ts';
import { parseSats, satToMsat } from '../../core/money.ts';
import { NegotiateError } from '../../core/errors.ts';
import { startRelay } from '../../relay/startRelay.ts';
import type { CommonOptions } from '../io.ts';
import { programUrl } from '../../core/programUrl.ts';
import { concludeDemo } from './concludeDemo.ts';
import { startAgentProcess, type DemoProcess } from './demoProcess.ts';
import { listenIn } from './eavesdrop.ts';
import { createReporter } from './report.ts';
import {
  ABOUT,
  ANSWER,
  BUYER_TACTICS,
  CAPABILITY,
  castSellers,
  CONTRACT,
  GRANT,
  MOST_SELLERS,
  OPENING_BID,
  QUESTION,
  writePolicy,
  type SellerPart,
} from './script.ts';
import type { Actor, Seller, Stage } from './stage.ts';
import { createStoryteller } from './storyteller.ts';

const LONGEST_MS = 90_000;
const EXIT_FAILED = 1;

/** Options of `demo`. */
export interface DemoOptions extends CommonOptions {
  readonly buyerMax: string;
  readonly sellerMin: string;
  readonly ask: string;
}

/** Runs the demo. The exit code is 1 when anything is not as it must be; that no deal is made at these prices is no failure. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const [most, parts] = [readLimit(options.buyerMax), castSellers(readCount(options.ask), readLimit(options.sellerMin))];
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-demo-'));
  mkdirSync(placeOf(folder), { mode: 0o700 });
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST_MS)]);
  // Gift wraps only for their addressee, as a careful relay does it.
  const relay = await startRelay({ requireAuthForGiftWraps: true });
  try {
    return await withStage({ relay, folder, most, signal, reporter: createReporter(options.json === true) }, parts, play);
  } finally {
    stop.abort();
    process.removeListener('SIGINT', abort).removeListener('SIGTERM', abort);
    await relay.close();
    rmSync(placeOf(folder), { recursive: true, force: true });
  }
}

/** What goes when the demo is over: homes, and what the agents are given. */
const placeOf = (folder: string): string => join(folder, 'stage');

type Place = Pick<Stage, 'relay' | 'folder' | 'most' | 'signal' | 'reporter'>;

async function withStage(place: Place, parts: readonly SellerPart[], run: (stage: Stage) => Promise<number>): Promise<number> {
  const { relay, folder, most, reporter } = place;
  const sandbox = await openSandbox({ relay: relay.url });
  const listener = await listenIn(relay.url);
  try {
    reporter.begin(relay.url, most, parts);
    const walletUrls: string[] = [];
    const makeActor = async (name: string, grant: bigint, policy: string | undefined): Promise<Actor> => {
      const [home, walletUrl] = [join(placeOf(folder), name.replace(' ', '-')), await sandbox.createWallet(satToMsat(grant))];
      walletUrls.push(walletUrl);
      return { name, home, npub: await makeAgent(home, relay.url, walletUrl, policy) };
    };
    const areLeftAlone = parts.length > 1;
    const buyer = await makeActor('buyer', GRANT, areLeftAlone ? writePolicy('buyer', most) : undefined);
    const sellers: Seller[] = [];
    for (const part of parts) {
      sellers.push({ ...(await makeActor(part.name, 0n, areLeftAlone ? writePolicy('seller', part.least) : undefined)), part });
    }
    for (const { name, npub } of [...sellers, buyer]) reporter.agent(name, npub);
    return await run({ ...place, sandbox, listener, buyer, sellers, walletUrls });
  } finally {
    listener.close();
    await sandbox.close();
  }
}

async function makeAgent(home: string, relay: string, walletUrl: string, policy: string | undefined): Promise<string> {
  const { npub } = await createAgent({ home, relays: [relay], invites: 'anyone' });
  const agent = await openAgent({ home });
  try {
    await agent.connectWallet({ url: walletUrl });
    if (policy !== undefined) await agent.setPolicy({ text: policy });
  } finally {
    await agent.close();
  }
  return npub;
}

async function play(stage: Stage): Promise<number> {
  const { folder, signal, sellers } = stage;
  writeFileSync(contractOf(stage), CONTRACT, { mode: 0o600 });
  const storyteller = createStoryteller(stage);
  const place = { stateFolder: join(placeOf(folder), 'state'), signal };
  const serving = sellers.map(({ name, home, part }) => {
    const config = `${home}.services.json`;
    writeFileSync(config, JSON.stringify(describeService(part)), { mode: 0o600 });
    return startAgentProcess(['serve', '--home', home, '--config', config], (line) => storyteller.hear(name, line), place);
  });
  await Promise.all(serving.map(({ line }) => line('ready')));
  const buyer = startAgentProcess(['deal', ...dealArguments(stage)], (line) => storyteller.hear('buyer', line), place);
  const done = await buyer.line('done');
  await endAll(buyer, serving);
  const isTold = await storyteller.finish();
  const isSound = await concludeDemo(stage, done);
  return isTold && isSound ? 0 : EXIT_FAILED;
}

const contractOf = ({ folder }: Stage): string => join(placeOf(folder), 'contract.txt');

async function endAll(buyer: DemoProcess, serving: readonly DemoProcess[]): Promise<void> {
  await buyer.ended;
  for (const { stop } of serving) stop();
  await Promise.all(serving.map(({ ended }) => ended));
}

/** A seller's services, as `serve` takes them. */
function describeService({ list, least, strategy }: SellerPart): unknown {
  const program = fileURLToPath(programUrl(import.meta.url, './translate'));
  return {
    services: [
      {
        id: 'translate-de-en',
        name: 'Confidential translation, German to English',
        description: 'Runs on one machine without a network. Prices can be negotiated.',
        capabilities: [CAPABILITY],
        list_sats: list.toString(),
        min_sats: least.toString(),
        ...(strategy === undefined ? { question: QUESTION } : { strategy, rounds: BUYER_TACTICS.rounds }),
        command: [process.execPath, '--disable-warning=ExperimentalWarning', program],
        result: 'translation.txt',
        output: 'A plain text file.',
        retention_s: 0,
      },
    ],
  };
}

function dealArguments(stage: Stage): readonly string[] {
  const { folder, buyer, most, sellers } = stage;
  const areSeveral = sellers.length > 1;
  const opening = areSeveral ? BUYER_TACTICS.bid : OPENING_BID;
  const words = ['--find', CAPABILITY, '--about', ABOUT, '--input', contractOf(stage)];
  const prices = ['--max', most.toString(), '--bid', (most < opening ? most : opening).toString()];
  const bargaining = areSeveral
    ? ['--ask', String(sellers.length), '--strategy', BUYER_TACTICS.strategy, '--rounds', String(BUYER_TACTICS.rounds)]
    : ['--answer', ANSWER];
  return ['--home', buyer.home, ...words, ...prices, ...bargaining, '--attest', '--out', folder, '--wait', '80s'];
}

function readLimit(text: string): bigint {
  const amountMsat = parseSats(text);
  if (amountMsat >= 1_000n && amountMsat % 1_000n === 0n) return amountMsat / 1_000n;
  throw new NegotiateError('input/invalid', 'The demo deals in whole sats, at least 1. Give another limit.');
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_SELLERS) return count;
  throw new NegotiateError('input/invalid', `The buyer of the demo asks 1 to ${MOST_SELLERS} sellers. Give another number.`);
}
