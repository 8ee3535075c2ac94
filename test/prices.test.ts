// Prices of every model on their whole way: offered, accepted, closed, bundled, verified, and reckoned up; and what jobs do with them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBundle } from '../src/agent/checkBundle.ts';
import { checkOwed } from '../src/agent/checkOwed.ts';
import { EXAMPLES, type Model } from '../src/negotiate/price.fixture.ts';
import { formatPrice } from '../src/negotiate/priceWords.ts';
import type { Terms } from '../src/negotiate/terms.ts';
import type { Usage } from '../src/negotiate/usage.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { openStage } from './bank.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { describeService } from './market.fixture.ts';

const USED: readonly (readonly [Model, Usage, bigint])[] = [
  ['fixed', {}, 700_000n],
  ['per_unit', { units: 1_500_000 }, 2_750_000n],
  ['subscription', { periods: [100, 150] }, 11_000_000n],
  ['prepaid', { units: 7 }, 10_000_000n],
  ['milestones', { milestones: ['Draft'] }, 300_000n],
];

const termsOf = (model: Model): Terms => ({
  service: { capability: 'translation' },
  scope: { summary: 'Translate what comes in.' },
  price: EXAMPLES[model],
  penalties: [{ metric: 'late_s', over: 3_600, credit_msat: '50000' }],
});

let lab: Lab;
let folder: string;
let [buyer, seller]: TestAgent[] = [];
beforeAll(async () => {
  lab = await makeLab();
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-prices-'));
  [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
});
afterAll(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A deal by hand on terms of the seller; the bundle that both hold. */
async function deal(model: Model): Promise<string> {
  if (buyer === undefined || seller === undefined) throw new Error('no agents');
  const { npub } = seller;
  const { nid } = (await buyer.call((agent) => agent.start({ peer: npub, service: 'translation', requirements: 'Texts.' }))).negotiation;
  await seller.call((agent) => agent.sync());
  await seller.call((agent) => agent.offer({ nid, terms: termsOf(model) }));
  await buyer.call((agent) => agent.sync());
  // 900 sats is what the milestones come to: still no fixed price.
  for (const priceMsat of [900_000n, 2_000n])
    await expect(buyer.call((agent) => agent.accept({ nid, priceMsat }))).rejects.toMatchObject({ details: { reason: 'price' } });
  await buyer.call((agent) => agent.accept({ nid, ...(model === 'fixed' ? { priceMsat: 700_000n } : {}) }));
  for (const side of [seller, buyer, seller, buyer]) await side.call((agent) => agent.sync());
  const [mine, theirs] = [await buyer.call((agent) => agent.status({ nid })), await seller.call((agent) => agent.status({ nid }))];
  expect([mine.phase, theirs.phase]).toEqual(['agreed', 'agreed']);
  expect(mine.bundle).toBe(theirs.bundle);
  expect(mine.agreement?.price).toBe(formatPrice(EXAMPLES[model]));
  return mine.bundle ?? '';
}

describe('a price of any model', () => {
  it.each(USED)('(%s) is offered, accepted, closed, bundled, verified and reckoned up', async (model, usage, baseMsat) => {
    const bundle = await deal(model);
    expect(checkBundle(bundle)).toMatchObject({ state: 'closed', isDeal: true, price: formatPrice(EXAMPLES[model]) });
    const measured = { ...usage, measures: { late_s: 4_000 } };
    expect(checkOwed(bundle, measured)).toMatchObject({ state: 'closed', baseMsat, creditsMsat: 50_000n, owedMsat: baseMsat - 50_000n });
    if (model !== 'subscription') return;
    const [file, use] = [join(folder, 'deal.json'), join(folder, 'usage.json')];
    writeFileSync(file, bundle);
    writeFileSync(use, JSON.stringify(measured));
    const told = await runCli(['owed', file, '--usage', use]);
    expect([told.code, told.stderr]).toEqual([0, '']);
    expect(told.stdout.split('\n')).toEqual([
      'OWED: 10950 sats',
      expect.stringMatching(/^ {2}agreement {2}[0-9a-f]{64}$/),
      `  price      ${formatPrice(EXAMPLES.subscription)}`,
      '  charged    11000 sats',
      '  credits    50 sats',
      '  at most    108000 sats, whatever is used',
      '',
      'Made of',
      '       5000 sats  period 1',
      '       5000 sats  period 2',
      '       1000 sats  period 2, above the 100 included: 50 page, 50 at 20 sats per page',
      '        -50 sats  back, since late_s is 4000, over 3600',
      '',
    ]);
    const asJson = await runCli(['owed', file, '--usage', '-', '--json'], { stdin: JSON.stringify(measured) });
    expect(asJson.code).toBe(0);
    expect(asJson.json()).toMatchObject({ owedMsat: '10950000', baseMsat: '11000000', creditsMsat: '50000', ceilingMsat: '108000000' });
    await refuseOnTheCommandLine(file, use, bundle);
  });
});

async function refuseOnTheCommandLine(file: string, use: string, bundle: string): Promise<void> {
  const lacking = await runCli(['owed', file, '--json']);
  expect([lacking.code, lacking.json()]).toMatchObject([65, { state: 'closed', problem: { code: 'missing-measure' } }]);
  const spoilt = await runCli(['owed', '-', '--usage', use], { stdin: bundle.replace('"amount_msat":"5000000"', '"amount_msat":"1"') });
  expect(spoilt.code).toBe(65);
  expect(spoilt.stdout).toMatch(/^NO ANSWER \(bundle: invalid\)\n/);
  for (const args of [['owed'], ['owed', '-', '--usage', '-'], ['owed', file, '--usage', file]]) expect((await runCli(args)).code).toBe(64);
  expect((await runCli(['owed', file, '--usage', join(folder, 'nothing')])).code).toBe(66);
}

describe('a job', () => {
  it('takes no price but a fixed one, on either side, and says so', async () => {
    const stage = await openStage();
    try {
      const [customer, provider] = [await stage.makeParty(10_000_000n), await stage.makeParty(0n)];
      const services = [describeService({ timeout_s: 2 })];
      await provider.call('announce', { services });
      const about = 'Large letters.';
      const { job } = await customer.call('buy', { find: 'upper-case', peer: provider.npub, about, inputs: [], maxMsat: 750_000n });
      await provider.call('sync', {});
      const asked = {
        service: { capability: 'upper-case' },
        scope: { summary: about },
        payment: { rail: 'sandbox', when: 'before' as const },
      };
      await provider.call('offer', { nid: job.nid, terms: { ...asked, price: EXAMPLES.per_unit } });
      await customer.call('pursue', { nid: job.nid });
      const { moves } = await customer.call('history', { nid: job.nid });
      expect(moves.findLast(({ by, type }) => by === 'me' && type === 'reject')).toMatchObject({ code: 'terms', text: '/price' });
      expect((await customer.call('jobs', { nid: job.nid })).jobs[0]).toMatchObject({ outcome: 'no-deal' });

      const started = await customer.call('start', { peer: provider.npub, service: 'upper-case', requirements: about });
      const { nid } = started.negotiation;
      await customer.call('offer', { nid, terms: { ...asked, price: EXAMPLES.prepaid } });
      await provider.call('pursue', { services: services as never });
      const answers = (await provider.call('history', { nid })).moves.filter(({ by, type }) => by === 'me' && type !== 'receipt');
      expect(answers.map(({ type, price }) => `${type} ${price}`)).toEqual(['offer 700 sats']);
    } finally {
      await stage.close();
    }
  });

  it('does no work for a deal that its owner made at another price, and tells the owner alone', async () => {
    const stage = await openStage();
    try {
      const [customer, provider] = [await stage.makeParty(0n), await stage.makeParty(0n)];
      const services = [describeService({ timeout_s: 2 })];
      const started = await customer.call('start', { peer: provider.npub, service: 'upper-case', requirements: 'Large letters.' });
      const { nid } = started.negotiation;
      const terms = { service: { capability: 'upper-case' }, scope: { summary: 'x' }, price: EXAMPLES.milestones };
      await customer.call('offer', { nid, terms });
      await provider.call('sync', {});
      await provider.call('accept', { nid });
      for (const side of [customer, provider, customer, provider]) await side.call('sync', {});
      const { problems } = await provider.call('pursue', { services: services as never });
      expect(problems).toMatchObject([{ nid, code: 'negotiation/refused' }]);
      expect(provider.context.background.size).toBe(0);
      await customer.call('sync', {});
      expect((await customer.call('history', { nid })).moves.filter(({ type }) => type === 'dispute')).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
