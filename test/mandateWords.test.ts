// What the owner's mandate lets an agent tell everybody, and whether a yes, a file or an invoice gets out another way than past it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InputOf } from '../src/agent/api.ts';
import { announce, announceInput } from '../src/agent/announce.ts';
import { callUseCase } from '../src/agent/compose.ts';
import { receiveFileEvent } from '../src/agent/dealFiles.ts';
import { noteRestored, writeRestored } from '../src/agent/restoredNote.ts';
import { beginWork } from '../src/agent/work.ts';
import { ATTESTATION_KIND } from '../src/attest/attestation.ts';
import { sha256Hex } from '../src/core/bytes.ts';
import { ANNOUNCEMENT_KIND } from '../src/discover/announcement.ts';
import { encodeWant } from '../src/negotiate/parcel.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { makeClock } from './agents.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { describeService } from './market.fixture.ts';

const PRICE = 700_000n;
const DISCLOSURE = { terms: ['*'], free_text: true, max_text_chars: 4_000 };
const SELLER = {
  version: 1,
  name: 'sells',
  role: 'seller',
  services: { capabilities: ['upper-case'] },
  peers: { allow: ['*'] },
  issues: [{ term: '/price', reserve: 700_000 }],
  disclosure: DISCLOSURE,
};
const BUYER = {
  ...SELLER,
  name: 'buys',
  role: 'buyer',
  limits: { per_deal_msat: 1_000_000, per_day_msat: 2_000_000, open_msat: 1_500_000 },
  issues: [],
};
const FILE = new TextEncoder().encode('a secret text');

let relay: RunningRelay;
let stage: Stage;
let [buyer, seller]: Party[] = [];
beforeEach(async () => {
  const clock = makeClock();
  relay = await startRelay({ requireAuthForGiftWraps: true, clock });
  stage = await openStage({ clock, relays: [relay.url] });
  [buyer, seller] = [await stage.makeParty(10_000_000n), await stage.makeParty(0n)];
});
afterEach(async () => {
  await stage.close();
  await relay.close();
});

const both = (): [Party, Party] => {
  if (buyer === undefined || seller === undefined) throw new Error('no agents');
  return [buyer, seller];
};

async function setPolicy(party: Party, document: object, changes: object = {}): Promise<void> {
  const result = await party.call('setPolicy', { text: JSON.stringify({ ...document, ...changes }) });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ text }) => text).join(' '));
}

const refusal = (code: string, reasons: string): object => ({ code, details: { reasons: expect.stringContaining(reasons) as string } });
const publicBy = ({ context: { pubkey } }: Party, kind: number): readonly string[] =>
  relay.storedEvents().flatMap((event) => (event.kind === kind && event.pubkey === pubkey ? [event.content] : []));
const services = (changes: object = {}): InputOf<'announce'> => ({ services: [describeService(changes)] as never });

describe('an announcement', () => {
  it('goes out within the policy, and below the least that is taken nowhere, with the rule and advice', async () => {
    const [, mine] = both();
    await setPolicy(mine, SELLER);
    const signer = async (): Promise<never> => {
      throw new Error('asked to sign');
    };
    const cheap = announceInput.parse(services({ list_sats: '699.999', min_sats: '1' }));
    const refused = announce({ ...mine.context, signer }, cheap);
    await expect(refused).rejects.toMatchObject({
      ...refusal('mandate/denied', 'reserve (issues[0].reserve)'),
      message: expect.stringMatching(/service 1 of the file .*reserve \(issues\[0\]\.reserve\).*list_sats/) as string,
    });
    await expect(mine.call('announce', services({ capabilities: ['upper-case', 'weapons'] }))).rejects.toMatchObject(
      refusal('mandate/denied', 'service (services.capabilities)'),
    );
    // One that is refused keeps the others back.
    const two = [describeService(), describeService({ id: 'other', capabilities: ['weapons'] })];
    await expect(mine.call('announce', { services: two as never })).rejects.toMatchObject({ details: { place: 2 } });
    expect(publicBy(mine, ANNOUNCEMENT_KIND)).toEqual([]);
    expect((await mine.call('announce', {})).services).toEqual([]);
    await mine.call('announce', services({ list_sats: '700', min_sats: '1' }));
    expect(publicBy(mine, ANNOUNCEMENT_KIND)).toHaveLength(1);
  });

  it('is refused to one that buys, that may not talk, or whose policy is for named peers or has ended', async () => {
    const [theirs, mine] = both();
    const cases: readonly [object, object, string][] = [
      [BUYER, {}, 'role (role)'],
      [SELLER, { disclosure: { ...DISCLOSURE, free_text: false } }, 'free-text (disclosure.free_text)'],
      [SELLER, { disclosure: { ...DISCLOSURE, public: [] } }, 'not-public (disclosure.public)'],
      [SELLER, { peers: { allow: [theirs.npub] } }, 'peer-not-allowed (peers.allow)'],
      [SELLER, { valid_until: new Date((stage.clock.now() - 10) * 1_000).toISOString() }, 'expired (valid_until)'],
    ];
    for (const [document, changes, reasons] of cases) {
      await setPolicy(mine, document, changes);
      await expect(mine.call('announce', services())).rejects.toMatchObject(refusal('mandate/denied', reasons));
    }
    expect(publicBy(mine, ANNOUNCEMENT_KIND)).toEqual([]);
    await setPolicy(mine, SELLER, { peers: { allow: [theirs.npub] }, disclosure: { ...DISCLOSURE, public: ['announcement'] } });
    await mine.call('announce', services());
    expect(publicBy(mine, ANNOUNCEMENT_KIND)).toHaveLength(1);
  });

  it('waits for a yes to exactly this text, counts as one move, and is repeated by nobody in vain', async () => {
    const [, mine] = both();
    const asked = refusal('mandate/approval-needed', 'publication (approval.when)');
    const two = { services: [describeService(), describeService({ id: 'other', capabilities: ['upper-case.2'] })] as never };
    await setPolicy(mine, SELLER, {
      services: { capabilities: ['upper-case*'] },
      approval: { when: ['publication'] },
      rate: { moves_per_minute: 2, moves_per_hour: 2 },
    });
    await expect(mine.call('announce', two)).rejects.toMatchObject(asked);
    // Both are asked about at once.
    const { asks = [] } = await mine.call('showPolicy', {});
    expect(asks.map(({ what, service }) => `${what} ${service}`)).toEqual(['announcement upper', 'announcement other']);
    for (const { digest } of asks) expect(await mine.call('approve', { what: digest.slice(0, 12) })).toMatchObject({ isDone: false });
    await expect(mine.call('announce', services({ description: 'Other words.' }))).rejects.toMatchObject(asked);
    await mine.call('announce', two);
    expect(publicBy(mine, ANNOUNCEMENT_KIND)).toHaveLength(2);
    // What stands as it is is not announced again, and not asked about.
    expect((await mine.call('announce', two)).announced).toEqual([]);
    await mine.call('announce', { ...services({ description: 'Other words.' }), isApproved: true });
    const third = mine.call('announce', { ...services({ description: 'Third.' }), isApproved: true });
    await expect(third).rejects.toMatchObject({ details: { reasons: expect.stringContaining('rate-minute') as string, passes: true } });
  });

  it('that stands against a policy is shown as such, not told to other relays, and can always be taken back', async () => {
    const [, mine] = both();
    await mine.call('announce', services({ list_sats: '650', min_sats: '600' }));
    await setPolicy(mine, SELLER);
    const { services: standing } = await mine.call('announce', {});
    expect(standing).toMatchObject([{ service: 'upper', against: 'reserve (issues[0].reserve)' }]);
    const other = await startRelay({ clock: stage.clock });
    try {
      expect(await mine.call('changeRelays', { add: [other.url] })).toMatchObject({ withheld: 1, published: { waiting: 0 } });
      expect(other.storedEvents().filter(({ kind }) => kind === ANNOUNCEMENT_KIND)).toEqual([]);
      await setPolicy(mine, SELLER, { issues: [], approval: { when: ['publication'] } });
      expect(await mine.call('changeRelays', { publish: true })).not.toHaveProperty('withheld');
      expect(other.storedEvents().filter(({ kind }) => kind === ANNOUNCEMENT_KIND)).toHaveLength(1);
      await setPolicy(mine, SELLER, { valid_until: new Date((stage.clock.now() - 10) * 1_000).toISOString() });
      expect(await mine.call('announce', { withdraw: ['upper'] })).toMatchObject({ withdrawn: ['upper'], services: [] });
    } finally {
      await other.close();
    }
  });
});

describe('after a deal', () => {
  const sold = [describeService({ timeout_s: 5 })];

  async function order(): Promise<string> {
    const [mine, theirs] = both();
    const wanted = { find: 'upper-case', peer: theirs.npub, about: 'Large letters.', maxMsat: 750_000n, bidMsat: PRICE, mayAttest: true };
    const inputs = [{ name: 'input-1.txt', data: FILE }];
    return (await mine.call('buy', { ...wanted, inputs })).job.nid;
  }

  /** Until the purchase has come so far, or for some rounds. */
  async function play(nid: string, phase: string, rounds = 14): Promise<readonly string[]> {
    const [mine, theirs] = both();
    const problems: string[] = [];
    for (let round = 0; round < rounds && (await mine.call('status', { nid })).phase !== phase; round += 1) {
      problems.push(...(await theirs.call('pursue', { services: sold as never })).problems.map(({ code }) => code));
      await Promise.all([...theirs.context.background.values()].map(({ ended }) => ended));
      problems.push(...(await mine.call('pursue', { nid })).problems.map(({ code }) => code));
      stage.clock.advance(3);
    }
    return [...new Set(problems)];
  }

  const settlementOf = async (party: Party, nid: string): Promise<string | undefined> =>
    (await party.call('jobs', {})).jobs.find((job) => job.nid === nid)?.phase;

  it('nobody who is shut out gets a piece of a file once more, an invoice or a signature', async () => {
    const [mine, theirs] = both();
    const nid = await order();
    await play(nid, 'agreed');
    await mine.call('pursue', { nid });
    await theirs.call('sync', {});
    const want = (): Promise<number> => pieces(mine, theirs);
    await setPolicy(mine, BUYER);
    expect(await want()).toBe(1);
    await setPolicy(mine, BUYER, { peers: { allow: ['*'], deny: [theirs.npub] } });
    expect(await want()).toBe(0);

    await setPolicy(theirs, SELLER, { peers: { allow: ['*'], deny: [mine.npub] } });
    let invoices = 0;
    const rail = { ...theirs.wallet.rail, makeInvoice: async () => `${(invoices += 1)}` };
    const pursue = (): Promise<unknown> =>
      callUseCase({ ...theirs.context, rail: async () => rail }, 'pursue', { services: sold }) as Promise<unknown>;
    await pursue();
    await Promise.all([...theirs.context.background.values()].map(({ ended }) => ended));
    expect(await pursue()).toMatchObject({ problems: [{ nid, code: 'mandate/denied' }] });
    expect(invoices).toBe(0);
  });

  async function pieces(from: Party, to: Party): Promise<number> {
    const work = beginWork(from.context);
    await receiveFileEvent(work, to.context.pubkey, encodeWant(to.context.pubkey, { sha256: sha256Hex(FILE), parts: [0] }, work.now));
    return work.changes.filter(({ kind }) => kind === 'queue').length;
  }

  it('an attestation is published where the policy says so, and asked about where it says that', async () => {
    const [mine] = both();
    await setPolicy(mine, BUYER, { approval: { when: ['publication'] } });
    const nid = await order();
    expect(await play(nid, 'never', 14)).toEqual(['mandate/approval-needed']);
    expect(publicBy(mine, ATTESTATION_KIND)).toEqual([]);
    expect(await mine.call('approve', { what: nid })).toMatchObject({ approved: { what: 'attest' } });
    await mine.call('pursue', { nid });
    expect(publicBy(mine, ATTESTATION_KIND)).toHaveLength(1);
  });

  it('no attestation is made that the policy refuses, and nothing waits for one', async () => {
    const [mine] = both();
    await setPolicy(mine, BUYER, { disclosure: { ...DISCLOSURE, public: [] } });
    const nid = await order();
    expect(await play(nid, 'never', 12)).toEqual([]);
    expect(await settlementOf(mine, nid)).toBe('completed');
    expect((await mine.call('jobs', {})).jobs).toMatchObject([{ nid, isOver: true }]);
    expect(publicBy(mine, ATTESTATION_KIND)).toEqual([]);
  });

  it('a change of a paid deal counts with what the deal has cost so far', async () => {
    const [mine, theirs] = both();
    await setPolicy(mine, BUYER);
    const nid = await order();
    for (let round = 0; round < 14 && mine.wallet.payCalls() === 0; round += 1) await play(nid, 'never', 1);
    const amend = async (priceMsat: bigint): Promise<unknown> => {
      await theirs.call('offer', { nid, priceMsat, to: 'amend' });
      await mine.call('sync', {});
      return mine.call('accept', { nid });
    };
    await expect(amend(300_001n)).rejects.toMatchObject(refusal('mandate/denied', 'above-deal (limits.per_deal_msat)'));
    await amend(300_000n);
  });

  it('an order that failed is not repeated under another policy that wants to be asked first', async () => {
    const [mine] = both();
    await setPolicy(mine, BUYER);
    const nid = await order();
    mine.wallet.faults.pay = { kind: 'failed', reason: 'insufficient-balance' };
    for (let round = 0; round < 12 && mine.wallet.payCalls() === 0; round += 1) await play(nid, 'never', 1);
    expect(mine.wallet.payCalls()).toBe(1);
    await setPolicy(mine, BUYER, { approval: { when: ['payment'] } });
    delete mine.wallet.faults.pay;
    stage.clock.advance(30);
    expect(await play(nid, 'never', 3)).toEqual(['mandate/approval-needed']);
    expect(mine.wallet.payCalls()).toBe(1);
    await mine.call('approve', { what: nid });
    await play(nid, 'never', 3);
    expect(mine.wallet.payCalls()).toBe(2);
    expect(await mine.call('showPolicy', {})).toMatchObject({ asks: [], heldMsat: 0n });
  });
});

describe('a yes', () => {
  async function asked(): Promise<string> {
    const [mine, theirs] = both();
    const { negotiation } = await mine.call('start', { peer: theirs.npub, service: 'upper-case', requirements: 'Two pages.' });
    await theirs.call('sync', {});
    await theirs.call('offer', { nid: negotiation.nid, priceMsat: PRICE, lifeS: 5 * 86_400 });
    await mine.call('sync', {});
    await setPolicy(mine, BUYER, { approval: { when: ['signature'] } });
    await expect(mine.call('accept', { nid: negotiation.nid })).rejects.toMatchObject({ code: 'mandate/approval-needed' });
    await mine.call('approve', { what: negotiation.nid });
    return negotiation.nid;
  }

  it('is forgotten after a day though nothing happened meanwhile, and does not come back with the clock', async () => {
    const [mine] = both();
    const nid = await asked();
    const needed = { code: 'mandate/approval-needed' };
    stage.clock.advance(86_400);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(needed);
    await mine.call('approve', { what: nid });
    stage.clock.advance(-86_400);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(needed);
    await mine.call('approve', { what: nid });
    stage.clock.advance(86_399);
    await mine.call('accept', { nid });
  });

  it('from before a home was restored may have been used, and counts no more; nor is anything promised then without another one', async () => {
    const [mine] = both();
    const nid = await asked();
    const { store } = mine.context;
    const now = stage.clock.now();
    store.save([writeRestored({ ...noteRestored(store, now, now), doubtful: [], rejoin: [] })]);
    stage.clock.advance(1);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/approval-needed', 'signature'));
    await setPolicy(mine, BUYER);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/approval-needed', 'restored (limits.per_day_msat)'));
    await mine.call('approve', { what: nid });
    await mine.call('accept', { nid });
  });
});
