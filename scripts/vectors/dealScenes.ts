// Conversations of two honest sides that lead to a deal: plain, presigned, with alternatives, amended, called off, settled.

import { makeCompletionTemplate, type CompletionEvent } from '../../src/negotiate/completion.ts';
import { hashFiles } from '../../src/negotiate/files.ts';
import type { Role } from '../../src/negotiate/agreement.ts';
import type { SettlementMove } from '../../src/negotiate/settlement.ts';
import type { Scene } from './scenes.ts';
import type { OfferOptions, Stage } from './stage.ts';
import { draw, otherOf, sign, T0 } from './testKeys.ts';

const OUTPUT = [{ name: 'out.txt', sha256: draw('out'), size: 3 }];
const INPUTS = [
  { name: 'b.txt', sha256: draw('b'), size: 2 },
  { name: 'a.txt', sha256: draw('a'), size: 1 },
];

/** Offers, accepts, confirms and closes; returns the agreement's hash. */
export function strike(stage: Stage, by: Role, sats: number, options: OfferOptions = {}): string {
  const id = stage.offer(by, sats, options);
  stage.exchange();
  stage.accept(otherOf(by), id);
  stage.exchange();
  if (options.presigned !== true) stage.confirm(by);
  stage.exchange();
  return stage.stateOf(by).commitments.findLast(({ offer }) => offer === id)?.agreement ?? '';
}

function settle(stage: Stage, role: Role, body: SettlementMove): void {
  stage.make(role, { type: 'settle', body });
  stage.exchange();
}

function complete(stage: Stage, role: Role, agreement: string): void {
  const signed = sign(role, makeCompletionTemplate({ agreement, role, files: hashFiles(OUTPUT) }, stage.now));
  settle(stage, role, { v: 1, type: 'completion', agreement, signature: signed as unknown as CompletionEvent });
}

function pay(stage: Stage, agreement: string): void {
  const event = (role: Role, kind: number): never =>
    sign(role, { kind, created_at: stage.now, tags: [['-'], ['x', agreement]], content: '' }) as never;
  const payterms = { v: 1, type: 'payterms', agreement, terms: event('provider', 4394), request: 'lnbcrt1', salt: draw('salt') } as const;
  // Before its time, then in its time, then once more.
  stage.make('buyer', { type: 'settle', body: { v: 1, type: 'funded', agreement, funded: event('buyer', 4395) } });
  settle(stage, 'provider', payterms);
  stage.make('provider', { type: 'settle', body: { ...payterms, request: 'lnbcrt2' } });
  settle(stage, 'buyer', { v: 1, type: 'funded', agreement, funded: event('buyer', 4395), proof: draw('preimage') });
}

/** The scenes. */
export const DEAL_SCENES: readonly Scene[] = [
  {
    name: 'a plain deal',
    play: (stage) => {
      stage.open();
      stage.exchange();
      strike(stage, 'provider', 700);
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'a plain deal on an offer of the buyer, opened by the provider',
    options: { opener: 'provider' },
    play: (stage) => {
      stage.open();
      stage.exchange();
      strike(stage, 'buyer', 650);
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'a presigned offer of the provider',
    play: (stage) => {
      stage.open();
      stage.exchange();
      strike(stage, 'provider', 700, { presigned: true });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'a presigned offer of the buyer',
    play: (stage) => {
      stage.open();
      stage.exchange();
      strike(stage, 'buyer', 650, { presigned: true });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'the second of three alternatives',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700, { alternatives: [800, 900, 1_000] });
      stage.exchange();
      stage.accept('buyer', id, 2);
      stage.exchange();
      stage.confirm('provider');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'haggling: questions, counters, a refusal that is not final, a withdrawal',
    play: (stage) => {
      stage.open();
      stage.say('buyer', 'Can you do it by Friday?');
      stage.exchange();
      const dear = stage.offer('provider', 900);
      stage.exchange();
      stage.make('buyer', { type: 'reject', body: { v: 1, type: 'reject', offer: dear, final: false, code: 'too-dear' } });
      stage.offer('buyer', 600);
      stage.exchange();
      const back = stage.offer('provider', 800);
      stage.make('provider', { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: back } });
      stage.exchange();
      strike(stage, 'provider', 700);
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'an amendment, then one of it that is signed in advance',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const deal = strike(stage, 'provider', 700);
      const amended = strike(stage, 'buyer', 800, { amends: deal });
      strike(stage, 'provider', 850, { amends: amended, presigned: true });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed', 'closed', 'closed'],
  },
  {
    name: 'an amendment of what was amended meanwhile is stale',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const deal = strike(stage, 'provider', 700);
      stage.offer('buyer', 650, { amends: deal, presigned: true });
      strike(stage, 'provider', 800, { amends: deal });
      const old = stage.offer('provider', 900, { amends: deal });
      stage.exchange();
      stage.accept('buyer', old);
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed', 'void', 'closed'], provider: ['closed', 'closed'] },
  },
  {
    name: 'an amendment that nobody confirms, and one refused as late, leave the deal',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const deal = strike(stage, 'provider', 700);
      const id = stage.offer('provider', 900, { amends: deal });
      stage.exchange();
      stage.accept('buyer', id);
      stage.deliver('buyer');
      stage.now = T0 + 3_601;
      stage.tick('provider');
      stage.exchange();
      const again = stage.offer('provider', 950, { amends: deal });
      stage.exchange();
      stage.accept('buyer', again);
      stage.exchange();
      stage.confirm('provider');
      stage.deliver('provider');
      const [close] = stage.take('buyer');
      stage.now += 3_600 + 86_400;
      stage.tick('provider');
      if (close !== undefined) stage.receive('provider', close);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed', 'void', 'late'], provider: ['closed', 'late'] },
  },
  {
    name: 'a framework with call-offs up to its cap',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const framework = { max_calls: 3, cap_msat: '1000000', ends_at: T0 + 5_000 };
      const deal = strike(stage, 'provider', 700, { terms: { framework } });
      strike(stage, 'provider', 400, { under: deal });
      strike(stage, 'buyer', 500, { under: deal, presigned: true });
      const dear = stage.offer('provider', 101, { under: deal });
      stage.exchange();
      stage.accept('buyer', dear);
      strike(stage, 'provider', 100, { under: deal });
      const fourth = stage.offer('provider', 0, { under: deal });
      stage.exchange();
      stage.accept('buyer', fourth);
      stage.now = T0 + 5_001;
      const late = stage.offer('provider', 1, { under: deal });
      stage.exchange();
      stage.accept('buyer', late);
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed', 'closed', 'closed', 'closed'],
  },
  {
    name: 'settlement: inputs, payment, delivery, both completions',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const agreement = strike(stage, 'provider', 700, { terms: { scope: { summary: 'Translate it.', inputs: INPUTS } } });
      stage.make('provider', { type: 'settle', body: { v: 1, type: 'deliver', agreement, files: OUTPUT } });
      settle(stage, 'buyer', { v: 1, type: 'input', agreement, files: INPUTS.toReversed() });
      pay(stage, agreement);
      settle(stage, 'provider', { v: 1, type: 'deliver', agreement, files: OUTPUT });
      complete(stage, 'provider', agreement);
      complete(stage, 'buyer', agreement);
      complete(stage, 'provider', agreement);
      stage.make('buyer', { type: 'settle', body: { v: 1, type: 'dispute', agreement, code: 'too-late' } });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'settlement that ends in a dispute',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const agreement = strike(stage, 'provider', 700);
      settle(stage, 'buyer', { v: 1, type: 'dispute', agreement, code: 'not-delivered', text: 'Nothing came.' });
      stage.make('provider', { type: 'settle', body: { v: 1, type: 'deliver', agreement, files: OUTPUT } });
      settle(stage, 'buyer', { v: 1, type: 'dispute', agreement, code: 'not-delivered', text: 'Nothing came.' });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
];
