// The demo's own checks: the same deal on both sides, the money where it belongs, and nothing private in what the relay saw.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../agent/api.ts';
import { checkBundle } from '../../agent/checkBundle.ts';
import { openAgent } from '../../agent/compose.ts';
import type { Status } from '../../agent/status.ts';
import { formatSats, parseSats, satToMsat } from '../../core/money.ts';
import { collectPayments, collectResult, collectSecrets, type Secret } from './collectSecrets.ts';
import type { DemoLine } from './demoProcess.ts';
import { eavesdrop, type SeenEvent } from './eavesdrop.ts';
import { findLeaks } from './findLeaks.ts';
import { CONTRACT, GRANT } from './script.ts';
import type { Actor, Seller, Stage } from './stage.ts';

const POLL_MS = 50;

/** Compares the two bundles, checks one, keeps it, and tells. False when anything is wrong. */
export async function tellAgreed(stage: Stage, nid: string): Promise<boolean> {
  const { folder, buyer, relay, reporter } = stage;
  const mine = await withHome(buyer, (agent) => agent.status({ nid }));
  const seller = stage.sellers.find(({ npub }) => npub === mine.peer);
  const theirs = seller === undefined ? undefined : await readAgreed(stage, seller, nid);
  const check = checkBundle(mine.bundle ?? '');
  const isSame =
    mine.bundle === theirs?.bundle && mine.agreement?.hash === theirs?.agreement?.hash && mine.agreement?.hash === check.agreement;
  const areParties = check.buyer === buyer.npub && check.provider === seller?.npub;
  if (seller === undefined || !isSame || !check.isDeal || !areParties) {
    reporter.broken('The two agreements differ, or a signature is wrong.');
    return false;
  }
  const bundle = join(folder, 'bundle.json');
  writeFileSync(bundle, mine.bundle ?? '', { mode: 0o600 });
  const facts = { agreement: check.agreement ?? '', buyer: buyer.npub, provider: seller.npub, bundle };
  reporter.agreed({ ...facts, relayEvents: relay.storedEvents().length }, check);
  return true;
}

/** The seller's side, once it holds the deal too: who signs first waits for the other's acknowledgement. */
async function readAgreed(stage: Stage, seller: Seller, nid: string): Promise<Status> {
  for (;;) {
    const status = await withHome(seller, (agent) => agent.status({ nid }));
    if (status.phase === 'agreed' || stage.signal.aborted) return status;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Checks how it ended and tells. False when anything is wrong. */
export async function concludeDemo(stage: Stage, done: DemoLine): Promise<boolean> {
  const { reporter, relay } = stage;
  const { outcome, nid = '', files, price, attestation } = done;
  const isCompleted = outcome === 'completed';
  if (!isCompleted && outcome !== 'no-deal') {
    reporter.broken('The deal did not end well.');
    return false;
  }
  const result = isCompleted && Array.isArray(files) ? String(files[0]) : undefined;
  if (result !== undefined) reporter.result(CONTRACT, readFileSync(result, 'utf8'));
  if (!isCompleted) reporter.noDeal(await readPhase(stage, nid), relay.storedEvents().length);
  const leaks = await checkPrivacy(stage, isCompleted ? nid : undefined);
  const provider = isCompleted ? (await withHome(stage.buyer, (agent) => agent.status({ nid }))).peer : undefined;
  const isPaid = checkMoney(stage, provider, isCompleted ? parseSats(String(price).split(' ')[0] ?? '') : 0n);
  const names = [stage.buyer, ...stage.sellers].map(({ name }) => name);
  const balances = [...stage.sandbox.ledger().accounts.values()].map((amount, i) => [names[i] ?? '', formatSats(amount)] as const);
  reporter.done({
    outcome,
    ...(result === undefined ? {} : { result }),
    ...(typeof attestation === 'string' ? { attestation } : {}),
    balances: Object.fromEntries(balances),
    leaks: leaks.length,
  });
  return isPaid && leaks.length === 0;
}

async function readPhase(stage: Stage, nid: string): Promise<string> {
  return (await withHome(stage.buyer, (agent) => agent.status({ nid }))).phase;
}

/** The buyer paid the price, once, to its provider (npub) and nobody else; no money was made or lost. */
function checkMoney({ sandbox, sellers, reporter }: Stage, provider: string | undefined, priceMsat: bigint): boolean {
  const [buyer, ...others] = [...sandbox.ledger().accounts.values()];
  const areRight = sellers.every(({ npub }, i) => others[i] === (npub === provider ? priceMsat : 0n));
  const isRight = sandbox.isConserved() && buyer === satToMsat(GRANT) - priceMsat && areRight;
  if (!isRight) reporter.broken('The money is not where it belongs.');
  return isRight;
}

/** Looks for every secret of all negotiations in everything that the relay stored or passed on; returns what the ones found are about. */
async function checkPrivacy(stage: Stage, completed: string | undefined): Promise<readonly string[]> {
  const { relay, listener, sandbox, walletUrls, reporter, buyer, sellers } = stage;
  const secrets: readonly Secret[] = [
    ...(await Promise.all([buyer, ...sellers].map((actor) => withHome(actor, collectAll)))).flat(),
    ...(completed === undefined ? [] : await withHome(buyer, (agent) => collectResult(agent, completed))),
    ...collectPayments(sandbox, walletUrls),
  ];
  const seen = new Map<string, SeenEvent>([...relay.storedEvents(), ...listener.heard()].map((event) => [event.id, event as SeenEvent]));
  const text = JSON.stringify([...seen.values()]);
  const texts = [...new Set(secrets.map((secret) => secret.text))];
  const found = new Set(findLeaks(text, texts));
  const leaks = secrets.filter((secret) => found.has(secret.text)).map(({ what }) => what);
  reporter.eavesdropper(eavesdrop([...seen.values()]));
  reporter.privacy(texts.length, Buffer.byteLength(text), leaks);
  return leaks;
}

/** The secrets of all negotiations of an agent. */
async function collectAll(agent: Agent): Promise<readonly Secret[]> {
  const { negotiations } = await agent.list();
  return (await Promise.all(negotiations.map(({ nid }) => collectSecrets(agent, nid)))).flat();
}

async function withHome<T>({ home }: Actor, read: (agent: Agent) => Promise<T>): Promise<T> {
  const agent = await openAgent({ home, mode: 'read' });
  try {
    return await read(agent);
  } finally {
    await agent.close();
  }
}
