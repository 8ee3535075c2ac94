// Conversations of a side that has seen the other cheat: it makes no new commitment, and still decides what is signed.

import { begin, buyerLies, equivocate, forgeSecond, honest, providerLies } from './lies.ts';
import type { Scene } from './scenes.ts';
import { draw } from './testKeys.ts';

/** The scenes. */
export const FROZEN_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'a side that is frozen closes its presigned offer when it is accepted',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      equivocate(stage, 'buyer');
      forgeSecond(stage, quote);
      stage.deliver('buyer');
      stage.forge('buyer', { v: 1, type: 'receipt', upto: 9, a: draw('forged a') });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: [] },
  },
  {
    ...providerLies,
    name: 'a side that is frozen closes its accept when it is confirmed',
    play: (stage) => {
      const id = begin(stage);
      stage.accept('buyer', id);
      stage.deliver('buyer');
      equivocate(stage, 'provider');
      stage.confirm('provider');
      stage.deliver('provider');
    },
    phases: honest('buyer', 'frozen'),
    bundles: { buyer: ['closed-not-acknowledged'] },
    codes: { buyer: [] },
  },
  {
    ...buyerLies,
    name: 'an accept that waits when its receiver is frozen: it is not confirmed, and answered when its window is over',
    play: (stage) => {
      const id = begin(stage);
      stage.accept('buyer', id);
      stage.deliver('buyer');
      equivocate(stage, 'buyer');
      stage.confirm('provider');
      stage.now += 3_601;
      stage.tick('provider');
    },
    phases: honest('provider', 'frozen'),
    bundles: [],
    codes: { provider: ['window'] },
  },
];
