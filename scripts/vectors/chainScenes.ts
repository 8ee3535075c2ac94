// Conversations about order, loss, repetition, equivocation and the limits of a chain: section 6.

import { begin, buyerLies, forgeAccept, forgeContent, honest } from './lies.ts';
import type { MoveBody } from '../../src/negotiate/moveBody.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, T0 } from './testKeys.ts';

const ask = (text: string): MoveBody => ({ v: 1, type: 'ask', text });
/** A move that is answered: whoever applies it says so. */
const telling = (name: string): MoveBody => ({ v: 1, type: 'reject', offer: draw(name), final: false, code: 'no' });
const seqOf = (stage: Stage): number => stage.stateOf('buyer').chain.sent.length + 1;
const openOf = (stage: Stage) => [...stage.events.values()][0] ?? stage.forge('buyer', ask('never'));

/** The buyer asks until it has made so many moves, and the provider sees them in lots. */
function askUntil(stage: Stage, count: number): void {
  while (stage.stateOf('buyer').chain.sent.length < count) {
    stage.say('buyer', 'x');
    if (stage.sides.buyer.outbox.length === 60) stage.exchange();
  }
}

/** The scenes. */
export const CHAIN_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'another move in the place of one that waits: it is not answered, and the first one has its turn',
    play: (stage) => {
      begin(stage);
      const unseen = stage.say('provider', 'One moment.');
      const first = stage.forge('buyer', ask('first'));
      const second = stage.forge('buyer', telling('second'), { seen: unseen });
      const other = stage.forge('buyer', telling('other'), { seq: seqOf(stage) - 1, prev: first.id, seen: unseen, record: false });
      stage.take('buyer');
      stage.receive('provider', second);
      stage.receive('provider', second);
      stage.receive('provider', openOf(stage));
      stage.receive('provider', other);
      stage.receive('provider', openOf(stage));
      stage.receive('provider', first);
      stage.receive('provider', other);
    },
    phases: honest('provider', 'frozen'),
    bundles: [],
    codes: { provider: ['unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'a move that waits and does not follow when its turn comes is dropped, and its place is free',
    play: (stage) => {
      begin(stage);
      const first = stage.forge('buyer', ask('first'));
      stage.forge('buyer', telling('misfit'), { prev: draw('none'), record: false });
      stage.forge('buyer', telling('third'));
      stage.forge('buyer', telling('fourth'));
      const [, misfit, third, fourth] = stage.take('buyer');
      if (misfit === undefined || third === undefined || fourth === undefined) throw new Error('four moves are forged');
      for (const rumor of [misfit, fourth, first, third]) stage.receive('provider', rumor);
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['unknown-offer', 'unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'what a receipt asks for is sent again in order, receipts and errors too',
    play: (stage) => {
      begin(stage);
      stage.say('provider', 'One.');
      stage.forge('buyer', telling('one'));
      stage.deliver('buyer');
      stage.forge('buyer', ask('two'));
      stage.deliver('buyer');
      stage.tick('provider');
      stage.say('provider', 'Two.');
      for (const upto of [0, 3, 99]) stage.forge('buyer', { v: 1, type: 'receipt', upto });
      stage.deliver('buyer');
      // The same when it comes before its turn; an error then asks for nothing.
      stage.forge('buyer', ask('lost'));
      stage.forge('buyer', { v: 1, type: 'error', re: draw('none'), code: 'any' });
      stage.forge('buyer', { v: 1, type: 'receipt', upto: 4 });
      forgeContent(stage, 'buyer', '{}', { type: 'ask' });
      const [lost, ...waiting] = stage.take('buyer');
      for (const rumor of [...waiting, ...waiting]) stage.receive('provider', rumor);
      if (lost !== undefined) stage.receive('provider', lost);
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['unknown-offer', 'unknown-type'] },
  },
  {
    ...buyerLies,
    name: 'repetitions: what is covered asks again, receipts and errors never do, and seen never goes back',
    play: (stage) => {
      begin(stage);
      const first = stage.say('provider', 'One.');
      const second = stage.say('provider', 'Two.');
      const old = stage.forge('buyer', ask('has seen the first'), { seen: first });
      const notice = stage.forge('buyer', { v: 1, type: 'error', re: draw('none'), code: 'any' }, { seen: second });
      const again = stage.forge('buyer', ask('has seen the first, again'), { seen: first });
      stage.deliver('buyer');
      stage.say('provider', 'Three.');
      for (const rumor of [old, notice, again]) stage.receive('provider', rumor);
      const uncovered = stage.forge('buyer', ask('not covered yet'));
      stage.deliver('buyer');
      stage.receive('provider', uncovered);
      stage.tick('provider');
      stage.receive('provider', uncovered);
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: [] },
  },
  {
    ...buyerLies,
    name: 'the seen of an unusable move counts, and where it names nothing the other fault is told',
    play: (stage) => {
      begin(stage);
      const quote = stage.offer('provider', 650, { presigned: true });
      stage.exchange();
      const first = stage.say('provider', 'One.');
      stage.say('provider', 'Two.');
      forgeContent(stage, 'buyer', '{}', { seen: first });
      stage.deliver('buyer');
      stage.receive('provider', openOf(stage));
      forgeContent(stage, 'buyer', '{"type":"ask","v":1}', { seen: draw('none') });
      stage.forge('buyer', { v: 1, type: 'cancel' }, { seen: draw('none') });
      stage.forge('buyer', { v: 1, type: 'receipt', upto: 0 }, { seen: draw('none') });
      stage.forge('buyer', { v: 1, type: 'error', re: quote, code: 'any' }, { seen: draw('none') });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['unknown-type', 'schema', 'seen', 'seen'] },
  },
  {
    name: 'a side that has made as many moves as it may',
    play: (stage) => {
      const offer = begin(stage);
      for (let unseen = 0; unseen < 64; unseen += 1) stage.say('buyer', 'x');
      stage.say('buyer', 'One more than may be unseen.');
      stage.accept('buyer', offer);
      stage.exchange();
      const exempt = stage.stateOf('buyer').chain.sent.filter(({ type }) => type === 'receipt').length;
      askUntil(stage, 184 + exempt);
      stage.accept('buyer', offer);
      stage.exchange();
      stage.make('provider', { type: 'decline', code: 'busy' });
      stage.exchange();
      const more = stage.stateOf('buyer').chain.sent.length;
      stage.accept('buyer', offer);
      stage.offer('buyer', 500, { presigned: true });
      stage.offer('buyer', 500);
      askUntil(stage, more + 15);
      stage.exchange();
      stage.say('buyer', 'The two hundred and first.');
      stage.make('buyer', { type: 'cancel' });
      stage.exchange();
    },
    phases: ['cancelled', 'cancelled'],
    bundles: { buyer: ['void'], provider: [] },
    codes: { provider: ['busy'] },
  },
  {
    ...buyerLies,
    name: 'a side that makes more moves than it may, and more than wait',
    play: (stage) => {
      const offer = begin(stage);
      forgeContent(stage, 'buyer', '{}');
      for (let count = 0; count < 67; count += 1) stage.forge('buyer', ask('x'));
      const [unusable, first, ...others] = stage.take('buyer');
      if (unusable === undefined || first === undefined) throw new Error('moves are forged');
      stage.receive('provider', unusable);
      const state = stage.stateOf('provider');
      // In the reverse order: the earliest of them finds no place.
      for (const rumor of others.slice(0, 65).toReversed()) stage.receive('provider', rumor);
      if (stage.stateOf('provider').chain.waiting.length !== 64 || state.chain.waiting.length !== 0) throw new Error('64 moves wait');
      for (const rumor of [first, ...others]) stage.receive('provider', rumor);
      while (stage.stateOf('provider').chain.received.length < 202) {
        stage.forge('buyer', ask('x'));
        stage.deliver('buyer');
      }
      stage.tick('provider');
      forgeAccept(stage, offer, {});
      stage.forge('buyer', ask('x'), { seen: draw('none') });
      stage.forge('buyer', { v: 1, type: 'withdraw', offer: draw('none') });
      forgeContent(stage, 'buyer', '{"type":"ask","v":1}');
      stage.forge('buyer', { v: 1, type: 'receipt', upto: 99 });
      stage.forge('buyer', { v: 1, type: 'cancel', re: draw('none'), void: draw('none') });
      stage.forge('buyer', telling('beyond all'), { seq: 1_001, record: false });
      stage.forge('buyer', telling('the last that may ever be'), { seq: 1_000, record: false });
      stage.deliver('buyer');
      // Of its own moves more than 64 are unseen by now.
      stage.confirm('provider', draw('none'));
      stage.forge('buyer', ask('another'), { seq: 3 });
      stage.deliver('buyer');
      stage.confirm('provider', draw('none'));
    },
    phases: honest('provider', 'frozen'),
    bundles: [],
    codes: { provider: ['unknown-type', 'limit', 'limit', 'limit', 'schema'] },
  },
  {
    options: { opener: 'provider', dishonest: 'provider' },
    name: 'an open that is out of time is taken until the next step, and another open in the chain is none',
    play: (stage) => {
      stage.open({ expires_at: T0 - 1 });
      stage.deliver('provider');
      const body = JSON.parse(openOf(stage).content) as MoveBody;
      stage.forge('provider', body);
      stage.deliver('provider');
      stage.tick('buyer');
    },
    phases: honest('buyer', 'expired'),
    bundles: [],
    codes: { buyer: ['schema'] },
  },
];
