// Conversations about call-offs that count or not, and about a head that is in the way of what is pending.

import { strike } from './dealScenes.ts';
import { buyerLies, forgeAccept, honest } from './lies.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { T0 } from './testKeys.ts';

/** A deal of both, with this framework. */
function frame(stage: Stage, framework: { max_calls?: number; cap_msat?: string }): string {
  stage.open();
  stage.exchange();
  return strike(stage, 'provider', 700, { terms: { framework } });
}

/** The buyer is asked to accept an offer of the provider under this agreement. */
function call(stage: Stage, sats: number, under: string): void {
  const offer = stage.offer('provider', sats, { under });
  stage.exchange();
  stage.accept('buyer', offer);
}

/** The scenes. */
export const FRAMEWORK_SCENES: readonly Scene[] = [
  {
    name: 'call-offs under a framework that was amended count under the new one',
    play: (stage) => {
      const framework = { cap_msat: '1000000' };
      const deal = frame(stage, framework);
      strike(stage, 'provider', 600, { under: deal });
      const amended = strike(stage, 'provider', 750, { amends: deal, terms: { framework } });
      call(stage, 401, amended);
      strike(stage, 'provider', 400, { under: amended });
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed', 'closed', 'closed', 'closed'],
  },
  {
    name: 'a call-off that was given up counts no more',
    play: (stage) => {
      const deal = frame(stage, { max_calls: 1 });
      call(stage, 300, deal);
      stage.deliver('buyer');
      stage.confirm('provider');
      stage.deliver('provider');
      const [close] = stage.take('buyer');
      stage.now = T0 + 3_600 + 86_400;
      const other = stage.offer('provider', 200, { presigned: true, under: deal });
      if (close !== undefined) stage.receive('provider', close);
      stage.exchange();
      stage.accept('buyer', other);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed', 'late', 'closed'], provider: ['closed', 'late', 'closed'] },
  },
  {
    name: 'a framework of no calls',
    play: (stage) => call(stage, 1, frame(stage, { max_calls: 0 })),
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    ...buyerLies,
    name: 'an accept crosses one by the provider, waits though the head is in its way, and cannot be confirmed',
    race: '3',
    play: (stage) => {
      const deal = frame(stage, { max_calls: 1 });
      const plain = stage.offer('provider', 600);
      const amendment = stage.offer('buyer', 650, { amends: deal });
      stage.exchange();
      stage.accept('provider', amendment);
      forgeAccept(stage, plain, {});
      stage.deliver('buyer');
      stage.confirm('provider');
      stage.now += 3_601;
      stage.tick('provider');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed', 'void'] },
    codes: { provider: ['window'] },
  },
];
