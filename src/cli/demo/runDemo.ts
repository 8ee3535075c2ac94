// `demo`: a relay and two agents, each a process of its own, from first contact to a signed agreement; then what others could see.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBundle } from '../../agent/checkBundle.ts';
import { parseSats } from '../../core/money.ts';
import { NegotiateError } from '../../core/errors.ts';
import { startRelay, type RunningRelay } from '../../relay/startRelay.ts';
import type { CommonOptions } from '../io.ts';
import { startDemoAgent, type DemoEvent, type Outcome } from './demoProcess.ts';
import { eavesdrop } from './eavesdrop.ts';
import { findLeaks, listSecrets } from './findLeaks.ts';
import { createReporter, type Reporter } from './report.ts';

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
  // Gift wraps only for their addressee, as a careful relay does it.
  const relay = await startRelay({ requireAuthForGiftWraps: true });
  const reporter = createReporter(options.json === true);
  try {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST_MS)]);
    return await play({ relay, folder, limits, signal, reporter });
  } finally {
    stop.abort();
    process.removeListener('SIGINT', abort).removeListener('SIGTERM', abort);
    await relay.close();
    for (const role of ['buyer', 'seller']) rmSync(join(folder, role), { recursive: true, force: true });
  }
}

interface Scene {
  readonly relay: RunningRelay;
  readonly folder: string;
  /** In whole sats. */
  readonly limits: { readonly buyer: bigint; readonly seller: bigint };
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

async function play(scene: Scene): Promise<number> {
  const { relay, folder, limits, signal, reporter } = scene;
  reporter.begin(relay.url, limits);
  const begin = (role: 'buyer' | 'seller', more: readonly string[]) => {
    const args = ['--role', role, '--home', join(folder, role), '--relay', relay.url, '--limit', String(limits[role]), ...more];
    return startDemoAgent(args, (move: Extract<DemoEvent, { event: 'move' }>) => reporter.move(role, move), signal);
  };
  const seller = begin('seller', []);
  const sellerNpub = await seller.npub;
  reporter.agent('seller', sellerNpub);
  const buyer = begin('buyer', ['--peer', sellerNpub]);
  const buyerNpub = await buyer.npub;
  reporter.agent('buyer', buyerNpub);
  const outcomes = await Promise.all([buyer.outcome, seller.outcome]);
  const isPrivate = checkPrivacy(scene, outcomes);
  const isSound = conclude(scene, outcomes, { buyer: buyerNpub, provider: sellerNpub });
  return isPrivate && isSound ? 0 : EXIT_FAILED;
}

/** Searches everything the relay stored for anything the two said, agreed or signed. */
function checkPrivacy({ relay, reporter }: Scene, outcomes: readonly Outcome[]): boolean {
  const stored = JSON.stringify(relay.storedEvents());
  const secrets = outcomes.flatMap(({ secrets: { ids, texts, terms }, agreement, bundle }) => [
    ...ids,
    ...texts,
    ...listSecrets(terms),
    ...(agreement === undefined ? [] : [agreement]),
    ...(bundle === undefined ? [] : listSecrets(signedParts(bundle))),
  ]);
  const leaks = findLeaks(stored, secrets);
  reporter.eavesdropper(eavesdrop(relay.storedEvents()));
  reporter.privacy(new Set(secrets).size, Buffer.byteLength(stored), leaks.length);
  return leaks.length === 0;
}

// The public keys in a bundle are public; what is signed, and the signatures, are not.
function signedParts(bundle: string): unknown {
  const { first, second, terms } = JSON.parse(bundle) as Record<'first' | 'second' | 'terms', Record<string, unknown>>;
  return { terms, first: first['sig'], second: second['sig'] };
}

function conclude(
  scene: Scene,
  [mine, theirs]: readonly Outcome[],
  parties: { readonly buyer: string; readonly provider: string },
): boolean {
  const { relay, folder, reporter } = scene;
  const relayEvents = relay.storedEvents().length;
  if (mine?.bundle === undefined && theirs?.bundle === undefined) {
    reporter.noDeal(mine?.phase ?? '', relayEvents);
    return mine?.phase === theirs?.phase;
  }
  const bundle = join(folder, 'bundle.json');
  writeFileSync(bundle, mine?.bundle ?? '', { mode: 0o600 });
  const check = checkBundle(mine?.bundle ?? '');
  const isSame = mine?.bundle === theirs?.bundle && mine?.agreement === theirs?.agreement && mine?.agreement === check.agreement;
  const areParties = check.buyer === parties.buyer && check.provider === parties.provider;
  if (!isSame || !check.isDeal || !areParties) {
    reporter.broken('The two agreements differ, or a signature is wrong.');
    return false;
  }
  reporter.agreed({ agreement: check.agreement ?? '', ...parties, bundle, relayEvents }, check);
  return true;
}

function readLimit(text: string): bigint {
  const amountMsat = parseSats(text);
  if (amountMsat >= 1_000n && amountMsat % 1_000n === 0n) return amountMsat / 1_000n;
  throw new NegotiateError('input/invalid', 'The demo deals in whole sats, at least 1. Give another limit.');
}
