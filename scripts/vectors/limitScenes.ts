// Conversations up to the limits of a chain: section 6.

import { strike } from './dealScenes.ts';
import { begin, buyerLies, honest } from './lies.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw } from './testKeys.ts';

const NONE = draw('none');
const ask = { v: 1, type: 'ask', text: 'x' } as const;
/** A move that is answered: whoever applies it says so. */
const telling = { v: 1, type: 'reject', offer: NONE, final: false, code: 'no' } as const;
const lastOf = (stage: Stage): string => stage.stateOf('provider').chain.sent.at(-1)?.id ?? '';

/** The provider asks so many times; of a dishonest buyer it hears that all is seen. */
function askOften(stage: Stage, count: number): void {
  for (let asked = 1; asked <= count; asked += 1) {
    stage.say('provider', 'x');
    if (asked % 60 !== 0 && asked !== count) continue;
    stage.take('provider');
    stage.forge('buyer', { v: 1, type: 'receipt', upto: 999 }, { seen: lastOf(stage) });
    stage.deliver('buyer');
  }
}

/** The scenes. */
export const LIMIT_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'a confirm is refused when fewer than sixteen moves are left',
    play: (stage) => {
      const id = begin(stage);
      stage.accept('buyer', id);
      stage.deliver('buyer');
      askOften(stage, 184);
      stage.confirm('provider');
      stage.make('provider', { type: 'decline', code: 'busy' });
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['busy'] },
  },
  {
    ...buyerLies,
    name: 'a move whose seen names nothing counts like any other',
    play: (stage) => {
      begin(stage);
      for (let count = 0; count < 198; count += 1) stage.forge('buyer', ask);
      stage.forge('buyer', ask, { seen: NONE });
      stage.forge('buyer', telling);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['seen', 'limit'] },
  },
  {
    name: 'the limit comes before what has been made already',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const agreement = strike(stage, 'provider', 700);
      const deliver = (): string => stage.make('provider', { type: 'settle', body: { v: 1, type: 'deliver', agreement, files: [{ name: 'a', sha256: NONE, size: 1 }] } });
      deliver();
      stage.exchange();
      deliver();
      while (stage.stateOf('provider').chain.sent.length - stage.stateOf('provider').chain.seenCount < 64) stage.say('provider', 'x');
      deliver();
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    ...buyerLies,
    name: 'a chain of a thousand: no receipt for a gap is made beyond it, other exempt moves are',
    play: (stage) => {
      begin(stage);
      const first = stage.forge('buyer', ask);
      const second = stage.forge('buyer', telling, { seen: lastOf(stage) });
      stage.take('buyer');
      while (stage.stateOf('provider').chain.sent.length < 1_000) stage.receive('provider', second);
      stage.receive('provider', second);
      stage.receive('provider', first);
      stage.forge('buyer', ask, { seen: lastOf(stage) });
      stage.deliver('buyer');
      stage.tick('provider');
      stage.say('provider', 'x');
      stage.make('provider', { type: 'cancel' });
    },
    phases: honest('provider', 'cancelled'),
    bundles: [],
    codes: { provider: ['unknown-offer'] },
  },
];
