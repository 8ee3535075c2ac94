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
import type { DemoRole } from './report.ts';
import { CONTRACT, GRANT } from './script.ts';
import type { Stage } from './stage.ts';

const POLL_MS = 50;

/** Compares the two bundles, checks one, keeps it, and tells. False when anything is wrong. */
export async function tellAgreed(stage: Stage, nid: string): Promise<boolean> {
  const { folder, npubs, relay, reporter } = stage;
  const mine = await withHome(stage, 'buyer', (agent) => agent.status({ nid }));
  const theirs = await readAgreed(stage, nid);
  const check = checkBundle(mine.bundle ?? '');
  const isSame =
    mine.bundle === theirs.bundle && mine.agreement?.hash === theirs.agreement?.hash && mine.agreement?.hash === check.agreement;
  const areParties = check.buyer === npubs.buyer && check.provider === npubs.seller;
  if (!isSame || !check.isDeal || !areParties) {
    reporter.broken('The two agreements differ, or a signature is wrong.');
    return false;
  }
  const bundle = join(folder, 'bundle.json');
  writeFileSync(bundle, mine.bundle ?? '', { mode: 0o600 });
  const facts = { agreement: check.agreement ?? '', buyer: npubs.buyer, provider: npubs.seller, bundle };
  reporter.agreed({ ...facts, relayEvents: relay.storedEvents().length }, check);
  return true;
}

/** The seller's side, once it holds the deal too: who signs first waits for the other's acknowledgement. */
async function readAgreed(stage: Stage, nid: string): Promise<Status> {
  for (;;) {
    const status = await withHome(stage, 'seller', (agent) => agent.status({ nid }));
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
  const leaks = await checkPrivacy(stage, nid, isCompleted);
  const isPaid = checkMoney(stage, isCompleted ? parseSats(String(price).split(' ')[0] ?? '') : 0n);
  const [buyer = 0n, seller = 0n] = [...stage.sandbox.ledger().accounts.values()];
  reporter.done({
    outcome,
    ...(result === undefined ? {} : { result }),
    ...(typeof attestation === 'string' ? { attestation } : {}),
    balances: { buyer: formatSats(buyer), seller: formatSats(seller) },
    leaks: leaks.length,
  });
  return isPaid && leaks.length === 0;
}

async function readPhase(stage: Stage, nid: string): Promise<string> {
  return (await withHome(stage, 'buyer', (agent) => agent.status({ nid }))).phase;
}

/** The buyer paid the price, once; no money was made or lost. */
function checkMoney({ sandbox, reporter }: Stage, priceMsat: bigint): boolean {
  const [buyer, seller] = [...sandbox.ledger().accounts.values()];
  const isRight = sandbox.isConserved() && buyer === satToMsat(GRANT) - priceMsat && seller === priceMsat;
  if (!isRight) reporter.broken('The money is not where it belongs.');
  return isRight;
}

/** Looks for every secret of the deal in everything that the relay stored or passed on; returns what the ones found are about. */
async function checkPrivacy(stage: Stage, nid: string, isCompleted: boolean): Promise<readonly string[]> {
  const { relay, listener, sandbox, walletUrls, reporter } = stage;
  const secrets: readonly Secret[] = [
    ...(await withHome(stage, 'buyer', (agent) => collectSecrets(agent, nid))),
    ...(await withHome(stage, 'seller', (agent) => collectSecrets(agent, nid))),
    ...(isCompleted ? await withHome(stage, 'buyer', (agent) => collectResult(agent, nid)) : []),
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

async function withHome<T>({ folder }: Stage, role: DemoRole, read: (agent: Agent) => Promise<T>): Promise<T> {
  const agent = await openAgent({ home: join(folder, role), mode: 'read' });
  try {
    return await read(agent);
  } finally {
    await agent.close();
  }
}
