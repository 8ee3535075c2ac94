// A daemon whose key is in a bunker that goes away and comes back: what needs no key goes on, what needs it is done later, nothing is lost.

import { afterEach, describe, expect, it } from 'vitest';
import { checkBundle } from '../src/agent/checkBundle.ts';
import { openDaemon, type Daemon, type DaemonNews } from '../src/agent/daemon/openDaemon.ts';
import { isNegotiateError } from '../src/core/errors.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { startBunker, type TestBunker } from './bunker.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

// Patient where the bunker will answer, since machines are busy.
const bunkerLimits = { answerMs: 20_000, aliveMs: 3_000, lookMs: 200, repeatMs: 20_000, restMs: 500 };
const patience = { timeout: 60_000, interval: 200 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Scene {
  readonly lab: Lab;
  readonly bunker: TestBunker;
  readonly owned: TestAgent;
  readonly peer: TestAgent;
  readonly news: DaemonNews[];
  open(agent: TestAgent): Promise<Daemon>;
  /** Puts the clock of the daemons forward, which goes on by itself as well. */
  advance(seconds: number): void;
}

async function openScene(): Promise<Scene> {
  let aheadS = 0;
  const clock = { now: () => Math.floor(Date.now() / 1_000) + aheadS };
  const lab = await makeLab(clock);
  ends.push(lab.close);
  const bunker = await startBunker(lab.relay.url);
  ends.push(bunker.kill);
  const owned = await lab.makeAgent({ bunkerUrl: bunker.url, bunkerLimits });
  const peer = await lab.makeAgent();
  const news: DaemonNews[] = [];
  const open = async ({ home }: TestAgent): Promise<Daemon> => {
    const onNews = (each: DaemonNews): void => void (home === owned.home && news.push(each));
    const daemon = openDaemon({ home, bunkerLimits, onNews, clock, beatMs: 100 });
    ends.push(() => daemon.stop().catch(() => undefined));
    await daemon.ready;
    return daemon;
  };
  return { lab, bunker, owned, peer, news, open, advance: (seconds) => void (aheadS += seconds) };
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isNegotiateError(error) ? error.code : error === undefined ? undefined : 'other';
}

/** A negotiation that both have. */
async function begin(from: Daemon, to: TestAgent, other: Daemon): Promise<string> {
  const { negotiation } = await from.agent.start({ peer: to.npub, service: 'translation', requirements: 'Two pages.' });
  await expect.poll(() => codeOf(other.agent.status({ nid: negotiation.nid })), patience).toBeUndefined();
  return negotiation.nid;
}

const phaseOf = async ({ agent }: Daemon, nid: string): Promise<string> => (await agent.status({ nid })).phase;

async function reach(nid: string, phase: string, ...daemons: readonly Daemon[]): Promise<void> {
  for (const daemon of daemons) await expect.poll(() => phaseOf(daemon, nid), patience).toBe(phase);
}

describe('a daemon whose key is in a bunker', () => {
  it('closes deals with it, in either part', async () => {
    const { bunker, owned, peer, open } = await openScene();
    const [mine, theirs] = [await open(owned), await open(peer)];
    for (const [offerer, accepter, to] of [[theirs, mine, peer] as const, [mine, theirs, owned] as const]) {
      const nid = await begin(accepter, to, offerer);
      await offerer.agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400 });
      await reach(nid, 'offered', accepter);
      await accepter.agent.accept({ nid });
      await reach(nid, 'agreed', offerer, accepter);
      const { bundle } = await mine.agent.status({ nid });
      expect(checkBundle(bundle ?? '').isDeal).toBe(true);
    }
    expect(new Set(bunker.requests.map(({ client }) => client)).size).toBe(1);
  });

  it.runIf(isWholeLane)(
    'goes on without it, and does all that is due once it is back, after a restart too',
    { timeout: 180_000 },
    async () => {
      const { lab, bunker, owned, peer, news, open, advance } = await openScene();
      const [mine, theirs] = [await open(owned), await open(peer)];
      const [sealed, talk] = [await begin(mine, peer, theirs), await begin(mine, peer, theirs)];
      await mine.agent.offer({ nid: sealed, priceMsat: 700_000n, deliverWithinS: 86_400 });
      await theirs.agent.offer({ nid: talk, priceMsat: 500_000n, deliverWithinS: 86_400 });
      await reach(sealed, 'offered', theirs);
      await reach(talk, 'offered', mine);

      await bunker.kill();
      // An accept comes that only our signature turns into a deal, and somebody knocks.
      await theirs.agent.accept({ nid: sealed });
      const stranger = await lab.makeAgent();
      await stranger.call((agent) => agent.start({ peer: owned.npub, service: 'proofreading', requirements: 'One page.' }));
      await expect.poll(() => news.some(({ signer }) => signer?.code === 'signer/unreachable'), patience).toBe(true);
      expect(await phaseOf(mine, sealed)).not.toBe('agreed');
      // What is signed by the owner's word fails by name and leaves nothing behind.
      expect(await codeOf(mine.agent.accept({ nid: talk }))).toBe('signer/unreachable');
      expect(await phaseOf(mine, talk)).toBe('offered');
      // What needs no key goes on, both ways.
      expect((await mine.agent.send({ nid: talk, text: 'Which variety?' })).isSent).toBe(true);
      const said = async (daemon: Daemon): Promise<string> => JSON.stringify((await daemon.agent.history({ nid: talk })).moves);
      await expect.poll(() => said(theirs), patience).toContain('Which variety?');
      await theirs.agent.send({ nid: talk, text: 'British English.' });
      await expect.poll(() => said(mine), patience).toContain('British English.');

      // The next process finds it all as it was.
      await mine.stop();
      const again = await open(owned);
      expect(await phaseOf(again, talk)).toBe('offered');
      await bunker.start();
      // What has failed for its sake is tried again half a minute after it did.
      const wait = async (): Promise<string> => {
        advance(3);
        return phaseOf(again, sealed);
      };
      await expect.poll(wait, patience).toBe('agreed');
      await reach(sealed, 'agreed', again, theirs);
      await expect
        .poll(async () => (await again.agent.list()).negotiations.map(({ peer: npub }) => npub), patience)
        .toContain(stranger.npub);
      await again.agent.accept({ nid: talk });
      await reach(talk, 'agreed', again, theirs);
      const { moves } = await again.agent.history({ nid: talk });
      expect(moves.filter(({ type }) => type === 'accept')).toHaveLength(1);
    },
  );
});
