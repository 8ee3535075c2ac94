// `demo`: a relay, a wallet service with test money and two agents go through all seven steps; then what others could see of it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { ABOUT, ANSWER, CAPABILITY, CONTRACT, GRANT, LIST_PRICE, OPENING_BID, QUESTION } from './script.ts';
import type { Stage } from './stage.ts';
import { createStoryteller } from './storyteller.ts';

const LONGEST_MS = 90_000;
const EXIT_FAILED = 1;

/** Options of `demo`. */
export interface DemoOptions extends CommonOptions {
  readonly buyerMax: string;
  readonly sellerMin: string;
}

/** Runs the demo. The exit code is 1 when anything is not as it must be; that no deal is made at these prices is no failure. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const limits = { buyer: readLimit(options.buyerMax), seller: readLimit(options.sellerMin) };
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-demo-'));
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST_MS)]);
  // Gift wraps only for their addressee, as a careful relay does it.
  const relay = await startRelay({ requireAuthForGiftWraps: true });
  try {
    return await withStage({ relay, folder, limits, signal, reporter: createReporter(options.json === true) }, play);
  } finally {
    stop.abort();
    process.removeListener('SIGINT', abort).removeListener('SIGTERM', abort);
    await relay.close();
    for (const leftover of ['buyer', 'seller', 'state', 'services.json', 'contract.txt'])
      rmSync(join(folder, leftover), { recursive: true, force: true });
  }
}

type Place = Pick<Stage, 'relay' | 'folder' | 'limits' | 'signal' | 'reporter'>;

async function withStage(place: Place, run: (stage: Stage) => Promise<number>): Promise<number> {
  const { relay, folder, limits, reporter } = place;
  const sandbox = await openSandbox({ relay: relay.url });
  const listener = await listenIn(relay.url);
  try {
    reporter.begin(relay.url, limits);
    const walletUrls = [await sandbox.createWallet(satToMsat(GRANT)), await sandbox.createWallet(0n)];
    const buyer = await makeAgent(join(folder, 'buyer'), relay.url, walletUrls[0] ?? '');
    const seller = await makeAgent(join(folder, 'seller'), relay.url, walletUrls[1] ?? '');
    reporter.agent('seller', seller);
    reporter.agent('buyer', buyer);
    return await run({ ...place, sandbox, listener, npubs: { buyer, seller }, walletUrls });
  } finally {
    listener.close();
    await sandbox.close();
  }
}

async function makeAgent(home: string, relay: string, walletUrl: string): Promise<string> {
  const { npub } = await createAgent({ home, relays: [relay], invites: 'anyone' });
  const agent = await openAgent({ home });
  try {
    await agent.connectWallet({ url: walletUrl });
  } finally {
    await agent.close();
  }
  return npub;
}

async function play(stage: Stage): Promise<number> {
  const { folder, signal } = stage;
  writeFileSync(join(folder, 'contract.txt'), CONTRACT, { mode: 0o600 });
  writeFileSync(join(folder, 'services.json'), JSON.stringify(describeService(stage)), { mode: 0o600 });
  const storyteller = createStoryteller(stage);
  const place = { stateFolder: join(folder, 'state'), signal };
  const seller = startAgentProcess(
    ['serve', '--home', join(folder, 'seller'), '--config', join(folder, 'services.json')],
    (line) => storyteller.hear('seller', line),
    place,
  );
  await seller.line('ready');
  const buyer = startAgentProcess(['deal', ...dealArguments(stage)], (line) => storyteller.hear('buyer', line), place);
  const done = await buyer.line('done');
  await endAll([buyer, seller]);
  const isTold = await storyteller.finish();
  const isSound = await concludeDemo(stage, done);
  return isTold && isSound ? 0 : EXIT_FAILED;
}

async function endAll([buyer, seller]: readonly DemoProcess[]): Promise<void> {
  await buyer?.ended;
  seller?.stop();
  await seller?.ended;
}

/** The seller's services, as `serve` takes them. */
function describeService({ limits }: Stage): unknown {
  const program = fileURLToPath(programUrl(import.meta.url, './translate'));
  const list = limits.seller > LIST_PRICE ? limits.seller : LIST_PRICE;
  return {
    services: [
      {
        id: 'translate-de-en',
        name: 'Confidential translation, German to English',
        description: 'Runs on one machine without a network. Prices can be negotiated.',
        capabilities: [CAPABILITY],
        list_sats: list.toString(),
        min_sats: limits.seller.toString(),
        question: QUESTION,
        command: [process.execPath, '--disable-warning=ExperimentalWarning', program],
        result: 'translation.txt',
        output: 'A plain text file.',
        retention_s: 0,
      },
    ],
  };
}

function dealArguments({ folder, limits }: Stage): readonly string[] {
  const bid = limits.buyer < OPENING_BID ? limits.buyer : OPENING_BID;
  const words = ['--find', CAPABILITY, '--about', ABOUT, '--answer', ANSWER, '--input', join(folder, 'contract.txt')];
  const prices = ['--max', limits.buyer.toString(), '--bid', bid.toString()];
  return ['--home', join(folder, 'buyer'), ...words, ...prices, '--attest', '--out', folder, '--wait', '80s'];
}

function readLimit(text: string): bigint {
  const amountMsat = parseSats(text);
  if (amountMsat >= 1_000n && amountMsat % 1_000n === 0n) return amountMsat / 1_000n;
  throw new NegotiateError('input/invalid', 'The demo deals in whole sats, at least 1. Give another limit.');
}
