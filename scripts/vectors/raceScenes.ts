// Conversations of two honest sides whose moves cross: rows 1 to 6 of the race table.

import type { Scene } from './scenes.ts';
import { T0 } from './testKeys.ts';

const END_OF_WINDOW = T0 + 3_600;

/** The scenes. */
export const RACE_SCENES: readonly Scene[] = [
  {
    name: 'a counter crosses an accept of the older offer',
    race: '1',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const old = stage.offer('provider', 700);
      stage.exchange();
      stage.offer('provider', 750);
      stage.accept('buyer', old);
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'both counter at once, and one is accepted',
    race: '2',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const mine = stage.offer('buyer', 600);
      stage.offer('provider', 800);
      stage.exchange();
      stage.accept('provider', mine);
      stage.exchange();
      stage.confirm('buyer');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'both accept at once: the accept by the buyer goes on',
    race: '3',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const one = stage.offer('buyer', 600);
      const two = stage.offer('provider', 800);
      stage.exchange();
      stage.accept('buyer', two);
      stage.accept('provider', one);
      const [fromBuyer, fromProvider] = [stage.take('buyer'), stage.take('provider')];
      for (const rumor of fromBuyer) stage.receive('provider', rumor);
      for (const rumor of fromProvider) stage.receive('buyer', rumor);
      stage.confirm('provider');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed'], provider: ['void', 'closed'] },
  },
  {
    name: 'a presigned offer is accepted while its maker has an accept out',
    race: '4a',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      const cheap = stage.offer('buyer', 600);
      stage.exchange();
      stage.accept('provider', cheap);
      stage.accept('buyer', quote);
      const [fromBuyer, fromProvider] = [stage.take('buyer'), stage.take('provider')];
      for (const rumor of fromBuyer) stage.receive('provider', rumor);
      for (const rumor of fromProvider) stage.receive('buyer', rumor);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed'], provider: ['closed', 'void'] },
  },
  {
    name: 'each accepts the other’s presigned offer at once',
    race: '4c',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      const mine = stage.offer('buyer', 650, { presigned: true });
      stage.exchange();
      stage.accept('buyer', quote);
      stage.accept('provider', mine);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed', 'void'], provider: ['void', 'closed'] },
  },
  {
    name: 'a withdrawal crosses an accept',
    race: '5',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.make('provider', { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: id } });
      stage.accept('buyer', id);
      stage.exchange();
    },
    phases: ['open', 'open'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'a withdrawal while an accept waits to be confirmed',
    race: '5',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.make('provider', { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: id } });
      stage.exchange();
    },
    phases: ['open', 'open'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'an accept arrives when the offer has expired',
    race: '5',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.now = END_OF_WINDOW;
      stage.accept('buyer', id);
      stage.now += 1;
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'a cancel of a presigned offer crosses its accept',
    race: '6',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      stage.make('provider', { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: id } });
      stage.make('provider', { type: 'cancel', offer: id });
      stage.accept('buyer', id);
      stage.exchange();
      stage.make('provider', { type: 'cancel', offer: id });
    },
    phases: ['open', 'open'],
    bundles: ['void'],
  },
];
