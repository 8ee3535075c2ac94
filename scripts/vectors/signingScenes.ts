// Conversations about signatures that are due or not, decided or not, and about what is left of an offer when they end.

import { begin, buyerLies, equivocate, forgeAccept, forget, forgePresigned, honest, providerLies, seal, secretsOf, signSecond } from './lies.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, T0 } from './testKeys.ts';

/** The provider has made a presigned offer that the buyer has seen. */
function quote(stage: Stage): string {
  stage.open();
  stage.exchange();
  const id = stage.offer('provider', 700, { presigned: true });
  stage.exchange();
  return id;
}

/** The last thing that the other side of the provider has confirmed or accepted. */
const secondMoveOf = (stage: Stage): string => {
  const held = stage.stateOf('provider').commitments.at(-1);
  return held?.side === 'second' ? held.secondMove : '';
};

/** The scenes. */
export const SIGNING_SCENES: readonly Scene[] = [
  {
    ...providerLies,
    name: 'presigned offers: what is out of form is invalid, what is out of time out of the window',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const end = stage.now + 3_600;
      forgePresigned(stage, 'provider', 701, { confirmBy: end - 1 });
      forgePresigned(stage, 'provider', 702, { confirmBy: end + 1, createdAt: stage.now + 601 });
      forgePresigned(stage, 'provider', 703, { createdAt: stage.now + 601 });
      forgePresigned(stage, 'provider', 704, { role: 'acceptor' });
      forgePresigned(stage, 'provider', 705, { signer: 'stranger' });
      forgePresigned(stage, 'provider', 706, { agreement: draw('other') });
      forgePresigned(stage, 'provider', 707, { tags: [] });
      forgePresigned(stage, 'provider', 708, { tags: [['-']], createdAt: stage.now + 601 });
      stage.deliver('provider');
      stage.forge('provider', { v: 1, type: 'cancel', re: draw('any'), void: draw('v of known') });
      stage.deliver('provider');
      forgePresigned(stage, 'provider', 709, { close: draw('v of known') });
      stage.deliver('provider');
      forgePresigned(stage, 'provider', 710, { createdAt: stage.now + 600 });
      stage.deliver('provider');
      forgePresigned(stage, 'provider', 711, { close: draw('c 710') });
      forgePresigned(stage, 'provider', 712);
      forgePresigned(stage, 'provider', 713, { createdAt: stage.now + 601 });
      stage.deliver('provider');
      stage.now = end;
      forgePresigned(stage, 'provider', 716);
      stage.deliver('provider');
      stage.now = end + 1;
      forgePresigned(stage, 'provider', 714);
      forgePresigned(stage, 'provider', 715);
      stage.deliver('provider');
    },
    phases: honest('buyer', 'offered'),
    bundles: [],
    codes: {
      buyer: ['invalid', 'invalid', 'window', 'invalid', 'invalid', 'invalid', 'invalid', 'invalid', 'invalid', 'invalid', 'busy', 'window', 'busy', 'busy'],
    },
  },
  {
    ...buyerLies,
    name: 'accepts of a plain offer: what is out of form is invalid, what is out of time out of the window',
    play: (stage) => {
      const id = begin(stage);
      forgeAccept(stage, id, { confirmBy: T0 + 3_601 });
      forgeAccept(stage, id, { confirmBy: T0 + 3_601, role: 'offeror' });
      forgeAccept(stage, id, { confirmBy: T0 - 1, agreement: draw('other') });
      forgeAccept(stage, id, { createdAt: T0 + 601 });
      forgeAccept(stage, id, { createdAt: T0 + 601, signer: 'stranger' });
      forgeAccept(stage, id, { alternative: 1 });
      forgeAccept(stage, id, { tags: [['-']] });
      stage.deliver('buyer');
      forgeAccept(stage, id, { createdAt: T0 + 600, confirmBy: T0 });
      stage.deliver('buyer');
      stage.confirm('provider');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['window', 'invalid', 'invalid', 'window', 'invalid', 'invalid', 'invalid'] },
  },
  {
    ...buyerLies,
    name: 'second signatures on a presigned offer that are not due, before it is decided and after',
    play: (stage) => {
      const id = quote(stage);
      const { first, agreement, confirmBy, v } = secretsOf(stage, 'provider');
      const accept = (change: object, alternative = 0, named = agreement) => {
        const signature = signSecond(stage, 'buyer', 'acceptor', { agreement, first: first.id, ...change });
        stage.forge('buyer', { v: 1, type: 'accept', offer: id, alternative, agreement: named, signature });
      };
      const all = (): void => {
        accept({}, 1);
        accept({}, 0, draw('other'));
        accept({ agreement: draw('other') });
        accept({ first: draw('other') });
        accept({ createdAt: confirmBy + 1 });
        accept({ ack: draw('known v') });
        accept({ ack: v });
        stage.deliver('buyer');
      };
      stage.forge('buyer', { v: 1, type: 'cancel', re: draw('any'), void: draw('known v') });
      all();
      accept({ createdAt: confirmBy });
      stage.deliver('buyer');
      all();
      accept({ ack: draw('another a') });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'accepting'),
    bundles: { provider: ['closed-not-acknowledged'] },
    codes: { provider: Array.from({ length: 12 }, () => 'invalid') },
  },
  {
    ...providerLies,
    name: 'second signatures on an accept that are not due, before it is decided and after',
    play: (stage) => {
      const id = begin(stage);
      const accept = stage.accept('buyer', id);
      stage.deliver('buyer');
      const { first, agreement } = secretsOf(stage, 'buyer');
      const confirm = (change: object, named = agreement) => {
        const signature = signSecond(stage, 'provider', 'offeror', { agreement, first: first.id, ...change });
        stage.forge('provider', { v: 1, type: 'confirm', accept, agreement: named, signature });
      };
      confirm({}, draw('other'));
      confirm({ first: draw('other') });
      stage.forge('provider', { v: 1, type: 'confirm', accept: draw('none'), agreement, signature: signSecond(stage, 'provider', 'offeror', { agreement, first: first.id }) });
      confirm({});
      confirm({}, draw('other'));
      confirm({ ack: draw('another a') });
      confirm({ ack: draw('another a') });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'accepting'),
    bundles: { buyer: ['closed-not-acknowledged'] },
    codes: { buyer: ['invalid', 'invalid', 'unknown-accept', 'invalid'] },
  },
  {
    ...buyerLies,
    name: 'a cancel of the accept that waits: it is forgotten, whatever the value opens',
    play: (stage) => {
      const id = begin(stage);
      const accept = stage.accept('buyer', id);
      const { first, agreement, v } = secretsOf(stage, 'buyer');
      const again = () => stage.forge('buyer', { v: 1, type: 'accept', offer: id, alternative: 0, agreement, signature: first });
      stage.deliver('buyer');
      stage.forge('buyer', { v: 1, type: 'cancel', re: accept, void: draw('wrong') });
      const second = again();
      stage.deliver('buyer');
      stage.forge('buyer', { v: 1, type: 'cancel', re: second.id, void: v });
      again();
      stage.deliver('buyer');
      stage.make('provider', { type: 'decline', code: 'busy' });
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['invalid'] },
  },
  {
    ...buyerLies,
    name: 'giving up frees the slot, and an end that waited takes effect',
    play: (stage) => {
      const id = seal(stage);
      const { agreement, c } = secretsOf(stage, 'buyer');
      stage.offer('provider', 800, { presigned: false });
      stage.forge('buyer', { v: 1, type: 'cancel' });
      stage.forge('buyer', { v: 1, type: 'reject', offer: id, final: true, code: 'no' });
      stage.deliver('buyer');
      stage.now = T0 + 3_600 + 86_399;
      stage.tick('provider');
      stage.now += 1;
      stage.tick('provider');
      stage.forge('buyer', { v: 1, type: 'close', re: secondMoveOf(stage), agreement, c });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'cancelled'),
    bundles: { provider: ['late'] },
    codes: { provider: ['late'] },
  },
  {
    name: 'a presigned offer whose acceptor has given up is over',
    play: (stage) => {
      const id = quote(stage);
      stage.accept('buyer', id);
      stage.deliver('buyer');
      const [close] = stage.take('provider');
      stage.now = T0 + 3_600 + 86_400;
      stage.tick('buyer');
      stage.accept('buyer', id);
      if (close !== undefined) stage.receive('buyer', close);
      stage.exchange();
    },
    phases: ['open', 'open'],
    bundles: ['late'],
  },
  {
    ...providerLies,
    name: 'a side that is frozen keeps offers, presigned ones too, and accepts none',
    play: (stage) => {
      stage.open();
      stage.exchange();
      equivocate(stage, 'provider');
      forget(stage, 'provider');
      const plain = stage.offer('provider', 800);
      const presigned = stage.offer('provider', 700, { presigned: true });
      forget(stage, 'provider');
      stage.offer('provider', 650, { presigned: true });
      stage.deliver('provider');
      for (const offer of [plain, presigned]) stage.accept('buyer', offer);
    },
    phases: honest('buyer', 'frozen'),
    bundles: [],
    codes: { buyer: ['busy'] },
  },
];
