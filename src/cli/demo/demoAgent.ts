// One agent of the demo, a process of its own: it uses the public API and nothing else, and tells the demo on stdout what it does.

import { parseArgs } from 'node:util';
import { createAgent, openAgent, parseSats, satToMsat, type Agent } from '../../index.ts';
import { decideAsBuyer, decideAsSeller, REQUIREMENTS, type Decision, type Situation } from './decide.ts';

const SERVICE = 'translation';
const STEP_WAIT_S = 5;
const LONGEST_S = 60;
const DELIVER_WITHIN_S = 86_400;
const NOTICES = new Set(['receipt', 'error']);

interface Settings {
  readonly role: 'buyer' | 'seller';
  readonly home: string;
  readonly relay: string;
  /** In sats. */
  readonly limit: bigint;
  /** The seller's npub, for the buyer. */
  readonly peer?: string;
}

async function main(): Promise<void> {
  const settings = readSettings();
  const { home, relay, role } = settings;
  const { npub } = await createAgent({ home, relays: [relay], invites: 'anyone' });
  tell({ event: 'ready', role, npub });
  const agent = await openAgent({ home });
  try {
    await negotiate(agent, settings);
  } finally {
    await agent.close();
  }
}

async function negotiate(agent: Agent, { role, limit, peer }: Settings): Promise<void> {
  const told = new Set<string>();
  if (peer !== undefined) await agent.start({ peer, service: SERVICE, requirements: REQUIREMENTS });
  const endsAt = performance.now() + LONGEST_S * 1_000;
  while (performance.now() < endsAt) {
    const nid = (await agent.list()).negotiations[0]?.nid;
    if (nid !== undefined) {
      const situation = await look(agent, nid, limit, told);
      if (await isOver(agent, nid)) return;
      const decision = role === 'buyer' ? decideAsBuyer(situation) : decideAsSeller(situation);
      await act(agent, nid, decision);
      if (decision.kind !== 'wait') continue;
    }
    await agent.sync({ waitS: STEP_WAIT_S });
  }
  throw new Error('the negotiation did not end in time');
}

/** The situation; own moves that were not told yet are told. */
async function look(agent: Agent, nid: string, limit: bigint, told: Set<string>): Promise<Situation> {
  const { moves } = await agent.history({ nid });
  const shown = moves.filter(({ type }) => !NOTICES.has(type));
  for (const move of shown.filter(({ by, id }) => by === 'me' && !told.has(id))) {
    told.add(move.id);
    const { type, text, price, lines } = move;
    tell({ event: 'move', type, text, price, lines });
  }
  return { limit, moves: shown.map(({ by, type, price }) => ({ by, type, ...(price === undefined ? {} : { sats: readSats(price) }) })) };
}

async function act(agent: Agent, nid: string, decision: Decision): Promise<void> {
  switch (decision.kind) {
    case 'wait':
      return;
    case 'say':
      await agent.send({ nid, text: decision.text });
      return;
    case 'offer':
      await agent.offer({ nid, priceMsat: satToMsat(decision.sats), deliverWithinS: DELIVER_WITHIN_S, output: 'A plain text file.' });
      return;
    case 'accept':
      await agent.accept({ nid, priceMsat: satToMsat(decision.sats) });
      return;
    case 'reject':
      await agent.reject({ nid, text: decision.text });
      return;
    default:
      decision satisfies never;
  }
}

/** True when the negotiation is decided and the peer has been told; the outcome is told then. */
async function isOver(agent: Agent, nid: string): Promise<boolean> {
  const { phase, unsent, agreement, bundle, offers } = await agent.status({ nid });
  const isDecided = phase === 'agreed' || phase === 'rejected' || phase === 'cancelled' || phase === 'expired';
  if (!isDecided || unsent > 0) return false;
  const { moves } = await agent.history({ nid });
  const secrets = {
    ids: [nid, ...moves.map(({ id }) => id)],
    texts: moves.flatMap(({ text }) => text ?? []),
    terms: offers.map(({ terms }) => terms),
  };
  tell({ event: 'outcome', phase, agreement: agreement?.hash, bundle, secrets });
  return true;
}

function readSats(price: string): bigint {
  return parseSats(price.split(' ')[0] ?? '') / 1_000n;
}

function readSettings(): Settings {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({ options: { role: string, home: string, relay: string, limit: string, peer: string } });
  const { role, home = '', relay = '', limit = '', peer } = values;
  return { role: role === 'buyer' ? 'buyer' : 'seller', home, relay, limit: BigInt(limit), ...(peer === undefined ? {} : { peer }) };
}

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

await main();
