// Conversations of two honest sides in which time decides, moves are lost or repeated, and negotiations end.

import type { Scene } from './scenes.ts';
import { T0 } from './testKeys.ts';

const END_OF_WINDOW = T0 + 3_600;
const GRACE = 120;

/** The scenes. */
export const TIME_SCENES: readonly Scene[] = [
  {
    name: 'a confirm of the last second arrives in the grace and is closed',
    race: '7',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.now = END_OF_WINDOW;
      stage.confirm('provider');
      stage.now += GRACE;
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'a confirm that arrives after the grace gets the cancel again',
    race: '7',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.now = END_OF_WINDOW;
      stage.confirm('provider');
      const late = stage.take('provider');
      stage.now += GRACE + 1;
      stage.tick('buyer');
      stage.take('buyer');
      for (const rumor of late) stage.receive('buyer', rumor);
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: ['void'],
  },
  {
    name: 'accept, confirm and close in the last second of an offer',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.now = END_OF_WINDOW;
      stage.accept('buyer', id);
      stage.exchange();
      stage.confirm('provider');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'an accept that nobody confirms',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.now = END_OF_WINDOW + 1;
      stage.tick('provider');
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'an accept that its receiver declines',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.make('provider', { type: 'decline', code: 'busy' });
      stage.exchange();
      stage.make('provider', { type: 'decline', code: 'busy' });
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'an accept that is lost is void after the grace',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.take('buyer');
      stage.now = END_OF_WINDOW + GRACE;
      stage.tick('buyer');
      stage.now += 1;
      stage.tick('buyer');
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'a presigned offer that nobody accepts is void after the grace',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      stage.now = END_OF_WINDOW + 1;
      stage.accept('buyer', id);
      stage.now = END_OF_WINDOW + GRACE + 1;
      stage.tick('provider');
      stage.exchange();
      stage.accept('buyer', id);
    },
    phases: ['open', 'open'],
    bundles: { buyer: [], provider: ['void'] },
  },
  {
    name: 'a presigned offer that the peer declines is void at once',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700, { presigned: true });
      stage.offer('provider', 600, { presigned: true });
      stage.exchange();
      stage.make('buyer', { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: false, code: 'too-dear' } });
      stage.exchange();
    },
    phases: ['open', 'open'],
    bundles: { buyer: [], provider: ['void'] },
  },
  {
    name: 'a presigned offer for longer than its reader commits is accepted later only',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700, { presigned: true, expiresAt: T0 + 86_400 });
      stage.exchange();
      stage.accept('buyer', id);
      stage.now = T0 + 86_400 - 7_200;
      stage.accept('buyer', id);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'a close that arrives when the second signer has given up is refused as late',
    race: '8',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.confirm('provider');
      stage.deliver('provider');
      const [close] = stage.take('buyer');
      stage.now = END_OF_WINDOW + 86_400;
      stage.tick('provider');
      if (close !== undefined) stage.receive('provider', close);
      if (close !== undefined) stage.receive('provider', close);
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: ['late'],
  },
  {
    name: 'a close that arrives before the second signer gives up makes the deal',
    race: '8',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.confirm('provider');
      stage.deliver('provider');
      stage.now = END_OF_WINDOW + 86_399;
      stage.tick('provider');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'every move arrives twice',
    race: '9',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      const twice = (from: 'buyer' | 'provider', to: 'buyer' | 'provider') => {
        for (const rumor of stage.take(from)) {
          stage.receive(to, rumor);
          stage.receive(to, rumor);
        }
      };
      twice('provider', 'buyer');
      stage.accept('buyer', id);
      twice('buyer', 'provider');
      stage.confirm('provider');
      twice('provider', 'buyer');
      twice('buyer', 'provider');
      twice('provider', 'buyer');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'a move is lost, asked for and sent again',
    race: '10',
    play: (stage) => {
      stage.open();
      stage.exchange();
      stage.say('provider', 'One moment.');
      const id = stage.offer('provider', 700);
      stage.take('provider', 1);
      stage.deliver('provider');
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.confirm('provider');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'moves arrive in the reverse order',
    race: '10',
    play: (stage) => {
      stage.open();
      stage.exchange();
      stage.say('provider', 'One moment.');
      stage.say('provider', 'Here it is.');
      stage.offer('provider', 700);
      for (const rumor of stage.take('provider').toReversed()) stage.receive('buyer', rumor);
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: [],
  },
  {
    name: 'each misses a move of the other',
    race: '10',
    play: (stage) => {
      stage.open();
      stage.exchange();
      for (const role of ['buyer', 'provider'] as const) {
        stage.say(role, 'Lost.');
        stage.say(role, 'Found.');
        stage.take(role, 1);
      }
      stage.exchange();
    },
    phases: ['open', 'open'],
    bundles: [],
  },
  {
    name: 'a bare cancel crosses an accept: the end waits for the signature',
    race: '11',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.make('provider', { type: 'cancel' });
      stage.accept('buyer', id);
      stage.deliver('provider');
      stage.exchange();
      stage.say('buyer', 'Too late.');
    },
    phases: ['cancelled', 'cancelled'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'a final reject ends it, and takes a presigned offer along',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.offer('buyer', 100, { presigned: true });
      stage.exchange();
      stage.make('buyer', { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: true, code: 'not-selected' } });
      stage.exchange();
    },
    phases: ['rejected', 'rejected'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'the end of the opening passes',
    play: (stage) => {
      stage.open({ expires_at: T0 + 100 });
      stage.exchange();
      stage.offer('provider', 700);
      stage.exchange();
      stage.now = T0 + 100;
      stage.say('buyer', 'In the last second.');
      stage.now += 1;
      stage.tick('buyer');
      stage.tick('provider');
    },
    phases: ['expired', 'expired'],
    bundles: [],
  },
  {
    name: 'the end of the opening passes while an accept is out: the side that has signed waits for its answer',
    play: (stage) => {
      stage.open({ expires_at: T0 + 100 });
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.now = T0 + 101;
      stage.say('buyer', 'Well?');
      stage.tick('provider');
      stage.exchange();
      stage.tick('buyer');
    },
    phases: ['expired', 'expired'],
    bundles: { buyer: ['void'], provider: [] },
    codes: { provider: ['closed'] },
  },
  {
    name: 'the end of the opening passes after a deal',
    play: (stage) => {
      stage.open({ expires_at: T0 + 100 });
      stage.exchange();
      const id = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.now = T0 + 101;
      stage.say('buyer', 'How is it going?');
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
  },
  {
    name: 'an accept and a presigned offer are void after the same grace, the accept first',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.offer('buyer', 500, { presigned: true });
      stage.exchange();
      stage.accept('buyer', id);
      stage.take('buyer');
      stage.now = END_OF_WINDOW + GRACE + 1;
      stage.tick('buyer');
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void', 'void'], provider: [] },
  },
  {
    name: 'an accept that waits is not answered because another offer is withdrawn, but because a new one is made',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const old = stage.offer('provider', 800);
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.deliver('buyer');
      stage.make('provider', { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: old } });
      stage.offer('provider', 750);
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
    codes: { provider: ['superseded'] },
  },
  {
    name: 'an offer that is accepted again makes the same agreement, which is settled by the later signature',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.make('provider', { type: 'decline', code: 'busy' });
      stage.exchange();
      stage.accept('buyer', id);
      stage.exchange();
      stage.confirm('provider');
      stage.exchange();
      const [one, other] = stage.stateOf('buyer').commitments;
      if (one === undefined || one.agreement !== other?.agreement) throw new Error('the agreement is the same');
      stage.make('buyer', { type: 'settle', body: { v: 1, type: 'dispute', agreement: one.agreement, code: 'not-delivered' } });
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['void', 'closed'], provider: ['closed'] },
  },
  {
    name: 'an unknown feature that is critical, beside one that is not',
    play: (stage) => {
      stage.open({ features: ['nice', 'needed!'] });
      stage.exchange();
    },
    phases: ['failed', 'failed'],
    bundles: [],
  },
  {
    name: 'two clocks: the accept seems to be signed too far ahead',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.now = T0 + 601;
      stage.accept('buyer', id);
      stage.now = T0;
      stage.deliver('buyer');
      stage.now = T0 + 602;
      stage.exchange();
    },
    phases: ['offered', 'offered'],
    bundles: { buyer: ['void'], provider: [] },
  },
];
