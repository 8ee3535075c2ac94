// Conversations in which a side asks for own moves that it must not make: each is refused for the first reason of the table in section 13.5.

import { begin, buyerLies, equivocate, forgeAccept, honest } from './lies.ts';
import { strike } from './dealScenes.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, T0 } from './testKeys.ts';
import type { Role } from '../../src/negotiate/agreement.ts';

const NONE = draw('none');
const reject = (stage: Stage, role: Role, offer: string, final = false) =>
  stage.make(role, { type: 'reject', body: { v: 1, type: 'reject', offer, final, code: 'no' } });
const withdraw = (stage: Stage, role: Role, offer: string) => stage.make(role, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer } });

/** The scenes. */
export const REFUSAL_SCENES: readonly Scene[] = [
  {
    name: 'own moves about offers that are not there, over or of the other side',
    play: (stage) => {
      const plain = begin(stage);
      const quote = stage.offer('buyer', 500, { presigned: true });
      stage.exchange();
      stage.offer('provider', 650, { expiresAt: stage.now });
      stage.offer('buyer', 400, { expiresAt: stage.now, presigned: true });
      stage.offer('buyer', 400, { presigned: true, amends: NONE });
      stage.accept('provider', plain);
      stage.accept('buyer', NONE);
      stage.accept('buyer', plain, 1);
      stage.accept('provider', quote, 1);
      for (const offer of [NONE, quote, plain]) stage.make('provider', { type: 'cancel', offer });
      withdraw(stage, 'provider', quote);
      withdraw(stage, 'buyer', quote);
      reject(stage, 'provider', plain);
      stage.confirm('provider', NONE);
      stage.make('buyer', { type: 'cancel', offer: quote });
      stage.offer('buyer', 450, { presigned: true, amends: NONE });
      stage.exchange();
      stage.now = T0 + 3_601;
      stage.accept('buyer', plain);
      stage.offer('provider', 650);
      stage.exchange();
      stage.accept('buyer', plain);
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'own moves while an accept is out',
    play: (stage) => {
      const plain = begin(stage);
      stage.accept('buyer', plain);
      stage.accept('buyer', plain);
      reject(stage, 'buyer', plain);
      stage.make('buyer', { type: 'cancel' });
      const second = stage.offer('provider', 650, { expiresAt: T0 + 10 });
      stage.deliver('provider');
      stage.accept('buyer', plain);
      stage.accept('buyer', second);
      reject(stage, 'buyer', second, true);
      const third = stage.offer('provider', 640, { expiresAt: T0 + 10 });
      stage.deliver('provider');
      stage.accept('buyer', second);
      stage.offer('buyer', 300, { presigned: true });
      stage.now += 11;
      stage.accept('buyer', third);
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'own moves while an accept of the other side waits, and when it is confirmed',
    play: (stage) => {
      const plain = begin(stage);
      const quote = stage.offer('buyer', 500, { presigned: true, expiresAt: T0 + 86_400 });
      const amendment = stage.offer('buyer', 500, { amends: NONE, expiresAt: T0 + 86_400 });
      stage.exchange();
      stage.accept('provider', quote);
      stage.accept('buyer', plain);
      stage.deliver('buyer');
      stage.accept('provider', quote);
      stage.accept('provider', amendment);
      stage.offer('provider', 600, { presigned: true });
      stage.confirm('provider', NONE);
      stage.confirm('provider');
      withdraw(stage, 'provider', plain);
      stage.make('provider', { type: 'cancel' });
      stage.confirm('provider', NONE);
      stage.exchange();
      reject(stage, 'buyer', plain, true);
      stage.make('buyer', { type: 'cancel', offer: quote });
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['void', 'closed'], provider: ['closed'] },
  },
  {
    name: 'an accepted presigned offer is cancelled by neither side',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      stage.accept('buyer', quote);
      stage.make('buyer', { type: 'cancel', offer: quote });
      stage.exchange();
      stage.make('provider', { type: 'cancel', offer: quote });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'own offers and accepts that do not fit the head',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const framework = { max_calls: 2, cap_msat: '1000000', ends_at: T0 + 50 };
      const deal = strike(stage, 'provider', 700, { terms: { framework } });
      const presigned = true;
      stage.offer('buyer', 500, { presigned, under: NONE });
      stage.offer('buyer', 500, { presigned });
      stage.offer('buyer', 1_001, { presigned, under: deal });
      stage.offer('buyer', 500, { presigned, under: deal, terms: { framework: { max_calls: 1 } } });
      const accept = (offer: string, alternative?: number) => {
        stage.exchange();
        stage.accept('provider', offer, alternative);
      };
      accept(stage.offer('buyer', 500));
      accept(stage.offer('buyer', 500, { under: NONE }));
      accept(stage.offer('buyer', 501, { amends: NONE, presigned: false, expiresAt: T0 + 86_400 }));
      accept(stage.offer('buyer', 502, { under: deal, alternatives: [1_002] }), 1);
      accept(stage.offer('buyer', 503, { under: deal, terms: { framework: { max_calls: 1 } } }));
      accept(stage.offer('buyer', 504, { under: deal, presigned, expiresAt: T0 + 86_400 }));
      accept(stage.offer('buyer', 505, { under: deal }));
      for (const sats of [506, 400]) {
        const offer = stage.offer('buyer', sats, { under: deal });
        stage.deliver('buyer');
        stage.accept('provider', offer);
      }
      stage.exchange();
      stage.now = T0 + 50;
      const last = stage.offer('buyer', 300, { under: deal });
      accept(last);
      stage.deliver('provider');
      stage.now = T0 + 51;
      stage.confirm('buyer');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed', 'signed-not-closed'], provider: ['closed', 'void', 'signed-not-closed'] },
  },
  {
    ...buyerLies,
    name: 'own moves of a side that is frozen, then at the end',
    play: (stage) => {
      const plain = begin(stage);
      const other = stage.offer('buyer', 600);
      stage.deliver('buyer');
      equivocate(stage, 'buyer');
      stage.accept('provider', other);
      stage.confirm('provider', NONE);
      stage.offer('provider', 600, { presigned: true, expiresAt: stage.now });
      stage.offer('provider', 600, { expiresAt: stage.now });
      stage.say('provider', 'So that was that.');
      withdraw(stage, 'provider', plain);
      reject(stage, 'provider', other, true);
      stage.accept('provider', other);
      stage.confirm('provider', NONE);
      withdraw(stage, 'provider', NONE);
      stage.make('provider', { type: 'cancel', offer: NONE });
      stage.make('provider', { type: 'decline', code: 'busy' });
      stage.make('provider', { type: 'settle', body: { v: 1, type: 'dispute', agreement: NONE, code: 'no' } });
      forgeAccept(stage, plain, {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'frozen'),
    bundles: [],
    codes: { provider: ['frozen'] },
  },
  {
    ...buyerLies,
    name: 'a call-off in an alternative that is not there does not fit the framework',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const deal = strike(stage, 'provider', 700, { terms: { framework: { max_calls: 1 } } });
      const offer = stage.offer('provider', 400, { under: deal });
      forgeAccept(stage, offer, { alternative: 1 });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: ['framework'] },
  },
  {
    ...buyerLies,
    name: 'an offer that is not open is withdrawn: it stays what it was',
    play: (stage) => {
      const first = begin(stage);
      const second = stage.offer('provider', 650);
      withdraw(stage, 'provider', first);
      stage.exchange();
      forgeAccept(stage, first, {});
      stage.forge('buyer', { v: 1, type: 'reject', offer: second, final: false, code: 'no' });
      stage.deliver('buyer');
      withdraw(stage, 'provider', second);
      withdraw(stage, 'provider', second);
      forgeAccept(stage, second, {});
      stage.deliver('buyer');
      const third = stage.offer('provider', 600);
      withdraw(stage, 'provider', third);
      stage.deliver('provider');
      stage.forge('buyer', { v: 1, type: 'reject', offer: third, final: false, code: 'no' });
      forgeAccept(stage, third, {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'open'),
    bundles: [],
    codes: { provider: ['superseded', 'rejected', 'withdrawn'] },
  },
  {
    name: 'an offer of the other side that is not open is withdrawn or rejected: it stays what it was',
    play: (stage) => {
      const first = begin(stage);
      const second = stage.offer('provider', 650);
      withdraw(stage, 'provider', first);
      stage.exchange();
      reject(stage, 'buyer', first);
      stage.accept('buyer', first);
      reject(stage, 'buyer', second);
      withdraw(stage, 'provider', second);
      stage.exchange();
      stage.accept('buyer', second);
    },
    phases: ['open', 'open'],
    bundles: [],
  },
];
