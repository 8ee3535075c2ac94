// What an owner is told while his mandate holds something back: what it waits for, why, for how much, and what to do.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutputOf } from '../src/agent/api.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { describeService } from './market.fixture.ts';

const PRICE = 700_000n;
const DOCUMENT = {
  version: 1,
  name: 'test',
  role: 'buyer',
  services: { capabilities: ['upper-case'] },
  peers: { allow: ['*'] },
  limits: { per_deal_msat: 1_000_000, per_day_msat: 2_000_000, open_msat: 1_500_000 },
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 4_000 },
};
const services = [describeService()];

let stage: Stage;
let [buyer, seller]: Party[] = [];
beforeEach(async () => {
  stage = await openStage();
  [buyer, seller] = [await stage.makeParty(10_000_000n), await stage.makeParty(0n)];
});
afterEach(() => stage.close());

const both = (): [Party, Party] => {
  if (buyer === undefined || seller === undefined) throw new Error('no agents');
  return [buyer, seller];
};

async function setPolicy(party: Party, changes: object): Promise<void> {
  const result = await party.call('setPolicy', { text: JSON.stringify({ ...DOCUMENT, ...changes }) });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ text }) => text).join(' '));
}

const problemsOf = async (party: Party, nid: string): Promise<OutputOf<'pursue'>['problems']> =>
  (await party.call('pursue', { nid })).problems;

/** A job whose second bid the seller has accepted, over an offer of its own that is dearer and still open. */
async function bidIsAccepted(changes: object): Promise<string> {
  const [mine, theirs] = both();
  await theirs.call('announce', { services });
  const order = { find: 'upper-case', peer: theirs.npub, about: 'Large letters.', maxMsat: 890_000n, bidMsat: 600_000n };
  const { nid } = (await mine.call('buy', order)).job;
  await theirs.call('sync', {});
  await theirs.call('offer', { nid, priceMsat: 900_000n });
  await mine.call('pursue', { nid });
  await setPolicy(mine, changes);
  await theirs.call('sync', {});
  await theirs.call('accept', { nid });
  return nid;
}

describe('a second signature that waits', () => {
  it('for the owner’s yes says so wherever he looks, with the price and the command', async () => {
    const [mine] = both();
    const nid = await bidIsAccepted({ approval: { when: ['signature'] } });
    const [problem] = await problemsOf(mine, nid);
    const asked = (await mine.call('showPolicy', {})).asks?.[0];
    expect(problem).toMatchObject({
      nid,
      code: 'mandate/approval-needed',
      reasons: 'signature (approval.when)',
      ask: { digest: asked?.digest, what: 'confirm', msat: 600_000n },
    });
    expect(problem?.message).toContain(`agent-negotiate approve ${asked?.digest.slice(0, 12)}`);
    const asks = [{ digest: asked?.digest, what: 'confirm', msat: 600_000n }];
    expect(await mine.call('status', { nid })).toMatchObject({ asks, offers: [{ status: 'open' }, { by: 'me' }] });
    expect((await mine.call('list', {})).negotiations).toMatchObject([{ asks }]);
    expect((await mine.call('jobs', {})).jobs).toMatchObject([{ asks }]);
    expect((await mine.call('pursue', { nid })).jobs).toMatchObject([{ asks }]);
    await mine.call('approve', { what: nid });
    expect(await problemsOf(mine, nid)).toEqual([]);
    expect(await mine.call('status', { nid })).not.toHaveProperty('asks');
  });

  it('for its pace says so, and from when on it is given', async () => {
    const [mine] = both();
    const nid = await bidIsAccepted({ rate: { moves_per_minute: 1, moves_per_hour: 10 } });
    await mine.call('send', { nid, text: 'Hello?' });
    const [problem] = await problemsOf(mine, nid);
    expect(problem).toMatchObject({
      code: 'mandate/denied',
      reasons: expect.stringContaining('rate-minute (rate.moves_per_minute)') as string,
    });
    expect(problem?.message).toMatch(/^Not now/);
    const until = (problem?.retryAt ?? 0) - stage.clock.now();
    expect(until).toBeGreaterThan(0);
    expect(await mine.call('status', { nid })).toMatchObject({ confirmBy: expect.any(Number) as number });
    stage.clock.advance(until);
    expect(await problemsOf(mine, nid)).toEqual([]);
  });
});

describe('a second signature that is refused', () => {
  it('is declined without a reason, and its owner told the reason', async () => {
    const [mine, theirs] = both();
    const nid = await bidIsAccepted({ limits: { ...DOCUMENT.limits, per_deal_msat: 100_000 } });
    const problems = await problemsOf(mine, nid);
    expect(problems).toMatchObject([{ code: 'mandate/denied', reasons: 'above-deal (limits.per_deal_msat)' }]);
    expect(problems[0]?.message).not.toContain('100');
    await setPolicy(mine, {});
    await theirs.call('sync', {});
    await theirs.call('accept', { nid });
    expect(await problemsOf(mine, nid)).toEqual([]);
  });
});

describe('a question to the owner', () => {
  it('comes back at once to who has not been told, and not again', async () => {
    const [mine] = both();
    const nid = await bidIsAccepted({ approval: { when: ['signature'] } });
    await mine.call('pursue', { nid });
    const { problems } = await mine.call('pursue', { nid, waitS: 3_600, known: [] });
    expect(problems).toMatchObject([{ code: 'mandate/approval-needed' }]);
  });

  it('that was overtaken is not shown: the offer has gone', async () => {
    const [mine, theirs] = both();
    await setPolicy(mine, { approval: { when: ['signature'] } });
    const { negotiation } = await mine.call('start', { peer: theirs.npub, service: 'upper-case', requirements: 'Large letters.' });
    const { nid } = negotiation;
    await theirs.call('sync', {});
    await theirs.call('offer', { nid, priceMsat: PRICE });
    await mine.call('sync', {});
    await expect(mine.call('accept', { nid })).rejects.toMatchObject({
      message: expect.stringContaining('signature (approval.when)') as string,
    });
    expect(await mine.call('status', { nid })).toMatchObject({ asks: [{ what: 'accept', msat: PRICE }] });
    await theirs.call('withdraw', { nid });
    await mine.call('sync', {});
    expect(await mine.call('status', { nid })).not.toHaveProperty('asks');
    expect((await mine.call('showPolicy', {})).asks).toHaveLength(1);
  });

  it('in a request keeps nothing else from going on; where there is nothing else, that is told', async () => {
    const [mine, theirs] = both();
    await setPolicy(mine, { approval: { when: ['signature'] } });
    const request = { peers: [theirs.npub], service: 'upper-case', requirements: 'Two pages.', maxMsat: 900_000n, collectS: 0 };
    const rfq = await mine.call('startRfq', request);
    const nid = rfq.asked[0]?.nid ?? '';
    expect(await mine.call('advanceRfq', {})).toMatchObject({ isForOwner: false, problems: [] });
    await theirs.call('sync', {});
    await theirs.call('offer', { nid, priceMsat: PRICE });
    await mine.call('sync', {});
    const report = await mine.call('advanceRfq', { waitS: 3_600, known: [] });
    expect(report).toMatchObject({ isForOwner: true, problems: [{ nid, ask: { what: 'accept', msat: PRICE } }] });
    await mine.call('approve', { what: nid });
    expect(await mine.call('advanceRfq', {})).toMatchObject({ isForOwner: false, rfqs: [{ state: 'signing' }] });
  });
});

describe('a refusal', () => {
  it('says whether it is for now, why, and for how long', async () => {
    const [mine, theirs] = both();
    const { negotiation } = await mine.call('start', { peer: theirs.npub, service: 'upper-case', requirements: 'Large letters.' });
    const { nid } = negotiation;
    await setPolicy(mine, { rate: { moves_per_minute: 2, moves_per_hour: 10 } });
    for (const text of ['One?', 'Two?']) {
      await mine.call('send', { nid, text });
      stage.clock.advance(20);
    }
    const retryAt = stage.clock.now() + 20;
    const until = new Date(retryAt * 1_000).toISOString().slice(11, 19);
    await expect(mine.call('send', { nid, text: 'Three?' })).rejects.toMatchObject({
      code: 'mandate/denied',
      message: expect.stringMatching(new RegExp(`^Not now.*rate-minute \\(rate\\.moves_per_minute\\).*${until} UTC`)) as string,
      details: { retryAt, passes: true },
    });
    stage.clock.advance(20);
    await mine.call('send', { nid, text: 'Three?' });
    await setPolicy(mine, { disclosure: { ...DOCUMENT.disclosure, free_text: false } });
    await expect(mine.call('send', { nid, text: 'Four?' })).rejects.toMatchObject({
      message: expect.stringMatching(/^Your policy does not allow this.*free-text \(disclosure\.free_text\)/) as string,
      details: expect.not.objectContaining({ passes: true }) as object,
    });
  });
});
