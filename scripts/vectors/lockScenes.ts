// Conversations about locks that are new or not, and about a signature whose start-by no time can hold.

import { begin, forgePresigned, honest, providerLies, secretsOf } from './lies.ts';
import type { Scene } from './scenes.ts';
import { draw } from './testKeys.ts';

const LATEST = 253_402_300_799;

/** The scenes. */
export const LOCK_SCENES: readonly Scene[] = [
  {
    ...providerLies,
    name: 'the locks of presigned offers that were refused are still new',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const first = forgePresigned(stage, 'provider', 701);
      forgePresigned(stage, 'provider', 702);
      forgePresigned(stage, 'provider', 703, { role: 'acceptor' });
      stage.forge('provider', { v: 1, type: 'cancel', re: first.id, void: draw(`v of ${draw('c 701')}`) });
      forgePresigned(stage, 'provider', 704, { close: draw('c 702') });
      forgePresigned(stage, 'provider', 705, { close: draw('c 703') });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'offered'),
    bundles: [],
    codes: { buyer: ['busy', 'invalid', 'busy'] },
  },
  {
    name: 'own signatures with locks that are not new, or are the same',
    play: (stage) => {
      const plain = begin(stage);
      stage.accept('buyer', plain);
      stage.exchange();
      stage.make('provider', { type: 'decline', code: 'busy' });
      stage.exchange();
      const { c, v } = secretsOf(stage, 'buyer');
      const each = (values: readonly [string, string][], sign: () => void): void => {
        for (const [yes, no] of values) {
          stage.locks = { yes, no };
          sign();
        }
      };
      const fresh = draw('fresh');
      const shown = [[fresh, v], [fresh, fresh]] satisfies [string, string][];
      const own = [[c, fresh], ...shown] satisfies [string, string][];
      each(own, () => stage.accept('buyer', plain));
      each(own, () => stage.offer('buyer', 500, { presigned: true }));
      const quote = stage.offer('buyer', 400, { presigned: true });
      stage.exchange();
      each(shown, () => stage.accept('provider', quote));
      stage.accept('buyer', plain);
      stage.deliver('buyer');
      each(shown, () => stage.confirm('provider'));
      stage.confirm('provider');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['void', 'void', 'closed'], provider: ['closed'] },
  },
  {
    ...providerLies,
    name: 'a presigned offer whose start-by would be after all time is not due',
    play: (stage) => {
      stage.open();
      stage.exchange();
      stage.offer('buyer', 500, { presigned: true, expiresAt: LATEST - 86_399 });
      forgePresigned(stage, 'provider', 701, { expiresAt: LATEST - 86_399 });
      forgePresigned(stage, 'provider', 702, { expiresAt: LATEST - 86_400 });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'offered'),
    bundles: [],
    codes: { buyer: ['invalid'] },
  },
];
