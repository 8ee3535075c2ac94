// Conversations in which one side cheats with what it signed: the other keeps its hands clean and the evidence.

import { hashLock, makeSignatureTemplate } from '../../src/negotiate/signature.ts';
import { amendLater, begin, buyerLies, forgeAccept, forget, honest, providerLies, seal, secretsOf } from './lies.ts';
import type { Scene } from './scenes.ts';
import { draw, sign } from './testKeys.ts';

/** The scenes. */
export const CHEAT_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'a second accept while the first is sealed',
    play: (stage) => {
      const id = seal(stage);
      forget(stage, 'buyer');
      stage.now += 1;
      stage.accept('buyer', id);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['busy'] },
  },
  {
    ...buyerLies,
    name: 'a second accept while the first waits to be confirmed',
    play: (stage) => {
      const id = begin(stage);
      stage.accept('buyer', id);
      stage.deliver('buyer');
      forget(stage, 'buyer');
      stage.now += 1;
      stage.accept('buyer', id);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['busy'] },
  },
  {
    ...buyerLies,
    name: 'a presigned offer is accepted while its maker seals another deal',
    race: '4b',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 800, { presigned: true });
      const plain = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', plain);
      stage.deliver('buyer');
      stage.confirm('provider');
      forget(stage, 'buyer');
      stage.accept('buyer', quote);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['void', 'signed-not-closed'] },
  },
  {
    ...buyerLies,
    name: 'a final reject by a side that has signed: the deal is closed all the same',
    race: '11',
    play: (stage) => {
      const id = seal(stage);
      stage.forge('buyer', { v: 1, type: 'reject', offer: id, final: true, code: 'no' });
      stage.deliver('buyer');
      stage.exchange();
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
  },
  {
    ...buyerLies,
    name: 'the first signer closes, then voids',
    play: (stage) => {
      seal(stage);
      stage.exchange();
      const { firstMove, v } = secretsOf(stage, 'buyer');
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: v });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['cheated'] },
  },
  {
    ...buyerLies,
    name: 'the first signer voids, then closes',
    play: (stage) => {
      seal(stage);
      const { firstMove, agreement, c, v } = secretsOf(stage, 'buyer');
      const second = stage.stateOf('provider').commitments[0];
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: v });
      stage.forge('buyer', { v: 1, type: 'close', re: second?.side === 'second' ? second.secondMove : '', agreement, c });
      stage.deliver('buyer');
      forgeAccept(stage, stage.stateOf('provider').offers[0]?.id ?? '', {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'frozen'),
    bundles: { provider: ['cheated'] },
    codes: { provider: ['frozen'] },
  },
  {
    ...providerLies,
    name: 'the second signer acknowledges, then says late',
    play: (stage) => {
      seal(stage);
      stage.exchange();
      stage.forge('provider', { v: 1, type: 'error', re: draw('any'), code: 'late', l: secretsOf(stage, 'provider').l });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'agreed'),
    bundles: { buyer: ['cheated'] },
  },
  {
    ...providerLies,
    name: 'the second signer says late, then acknowledges',
    play: (stage) => {
      seal(stage);
      stage.deliver('provider');
      const { a, l } = secretsOf(stage, 'provider');
      stage.forge('provider', { v: 1, type: 'error', re: draw('any'), code: 'late', l });
      stage.deliver('provider');
      stage.forge('provider', { v: 1, type: 'receipt', upto: 3, a });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'frozen'),
    bundles: { buyer: ['cheated'] },
  },
  {
    ...buyerLies,
    name: 'a signature that was voided comes again in another accept',
    play: (stage) => {
      const id = begin(stage);
      stage.accept('buyer', id);
      const { firstMove, first, agreement, v } = secretsOf(stage, 'buyer');
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: v });
      stage.forge('buyer', { v: 1, type: 'accept', offer: id, alternative: 0, agreement, signature: first });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['invalid'] },
  },
  {
    ...buyerLies,
    name: 'the lock that has closed the deal is to close its amendment too',
    play: (stage) => {
      const { amendment, agreement, confirmBy } = amendLater(stage);
      const locks = { close: hashLock(secretsOf(stage, 'buyer').c), void: hashLock(draw('another v')) };
      const template = makeSignatureTemplate({ order: 'first', role: 'acceptor', agreement, confirmBy, ...locks }, stage.now);
      const signature = sign('buyer', template) as never;
      stage.forge('buyer', { v: 1, type: 'accept', offer: amendment, alternative: 0, agreement, signature });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: ['invalid'] },
  },
  {
    ...providerLies,
    name: 'the lock that has acknowledged the deal is to acknowledge its amendment too',
    play: (stage) => {
      const { amendment, agreement } = amendLater(stage);
      stage.accept('buyer', amendment);
      stage.deliver('buyer');
      const { pending } = stage.stateOf('provider');
      const { a } = secretsOf(stage, 'provider');
      const locks = { ack: hashLock(a), late: hashLock(draw('another l')) };
      const first = pending?.first.id ?? '';
      const template = makeSignatureTemplate({ order: 'second', role: 'offeror', agreement, first, ...locks }, stage.now);
      stage.forge('provider', { v: 1, type: 'confirm', accept: pending?.id ?? '', agreement, signature: sign('provider', template) as never });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'agreed'),
    bundles: { buyer: ['closed', 'signed-not-closed'] },
    codes: { buyer: ['invalid'] },
  },
  {
    ...buyerLies,
    name: 'the first signer voids when the second has given up, then closes',
    play: (stage) => {
      seal(stage);
      const { firstMove, agreement, c, v } = secretsOf(stage, 'buyer');
      const second = stage.stateOf('provider').commitments[0];
      stage.now += 3_600 + 86_400;
      stage.tick('provider');
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: v });
      stage.deliver('buyer');
      stage.forge('buyer', { v: 1, type: 'close', re: second?.side === 'second' ? second.secondMove : '', agreement, c });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'frozen'),
    bundles: { provider: ['cheated'] },
    codes: { provider: [] },
  },
  {
    ...buyerLies,
    name: 'a close and a cancel with values that open nothing',
    play: (stage) => {
      seal(stage);
      const { firstMove, agreement } = secretsOf(stage, 'buyer');
      const second = stage.stateOf('provider').commitments[0];
      const re = second?.side === 'second' ? second.secondMove : '';
      stage.forge('buyer', { v: 1, type: 'close', re, agreement, c: draw('wrong') });
      stage.forge('buyer', { v: 1, type: 'close', re, agreement: draw('other'), c: secretsOf(stage, 'buyer').c });
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: draw('wrong') });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['invalid', 'invalid', 'invalid'] },
  },
];
