// A daemon whose machine sleeps: what came and what fell due meanwhile is caught up by itself.

import { describe, expect, it } from 'vitest';
import { nextDeadline } from '../src/agent/daemon/dueTimes.ts';
import { createLog } from '../src/agent/daemon/log.ts';
import { openDaemon } from '../src/agent/daemon/openDaemon.ts';
import { readState } from '../src/agent/negotiationState.ts';
import { transition } from '../src/negotiate/transition.ts';
import { databasePath } from '../src/store/home.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeClock, makeLab } from './agents.fixture.ts';

const DAY_S = 86_400;

describe('a daemon', () => {
  it('that has slept for three days catches up by itself', async () => {
    const clock = makeClock();
    const lab = await makeLab(clock);
    const [buyer, seller] = await Promise.all([lab.makeAgent(), lab.makeAgent()]);
    const requirements = 'Twelve pages.';
    const begin = async (lifeS: number): Promise<string> => {
      const { negotiation } = await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements, lifeS }));
      return negotiation.nid;
    };
    const [short, long] = [await begin(DAY_S), await begin(7 * DAY_S)];
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid: long, priceMsat: 700_000n, deliverWithinS: DAY_S, lifeS: 4 * DAY_S }));
    const events: string[] = [];
    const log = createLog((line) => events.push((JSON.parse(line) as { event: string }).event));
    const daemon = openDaemon({ home: seller.home, clock, beatMs: 50, log });
    try {
      await daemon.ready;
      expect((await daemon.agent.status({ nid: short })).phase).not.toBe('expired');
      // While it sleeps, the buyer accepts: the window has to be kept by whoever wakes up in it.
      clock.advance(3 * DAY_S);
      await buyer.call((agent) => agent.sync());
      await buyer.call((agent) => agent.accept({ nid: long }));
      await expect.poll(async () => (await daemon.agent.status({ nid: short })).phase).toBe('expired');
      await expect
        .poll(async () => {
          await buyer.call((agent) => agent.sync());
          return (await daemon.agent.status({ nid: long })).phase;
        })
        .toBe('agreed');
      expect(events).toContain('woke');
    } finally {
      await daemon.stop();
      await lab.close();
    }
  });

  it('misses no deadline between two due times', async () => {
    const clock = makeClock();
    const lab = await makeLab(clock);
    const [buyer, seller] = await Promise.all([lab.makeAgent(), lab.makeAgent()]);
    const { negotiation } = await buyer.call((agent) =>
      agent.start({ peer: seller.npub, service: 'translation', requirements: 'One page.' }),
    );
    const { nid } = negotiation;
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: DAY_S }));
    await buyer.call((agent) => agent.sync());
    await buyer.call((agent) => agent.accept({ nid }));
    await seller.call((agent) => agent.sync());
    try {
      let deadlines = 0;
      for (const { home } of [buyer, seller]) {
        const store = openSqliteStore(databasePath(home));
        const record = store.findNegotiation(nid);
        store.close();
        if (record === undefined) throw new Error('there is no negotiation');
        const flushed = transition(readState(record), { kind: 'tick', now: clock.now() });
        let state = flushed.kind === 'moved' ? flushed.state : readState(record);
        for (let now = clock.now(), next = nextDeadline(state, now); next !== Infinity; now = next, next = nextDeadline(state, now)) {
          // One second before a deadline nothing is due; at it something may be.
          expect(transition(state, { kind: 'tick', now: next - 1 }).kind).toBe('unchanged');
          const done = transition(state, { kind: 'tick', now: next });
          if (done.kind === 'moved') state = done.state;
          deadlines += 1;
        }
        expect(transition(state, { kind: 'tick', now: clock.now() + 400 * DAY_S }).kind).toBe('unchanged');
      }
      expect(deadlines).toBeGreaterThan(2);
    } finally {
      await lab.close();
    }
  });
});
