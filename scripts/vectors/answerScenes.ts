// Conversations in which a move meets a signature, an end or a deadline that comes with it: sections 13.5 to 13.7.

import { begin, buyerLies, forgeAccept, honest, providerLies, seal, secretsOf } from './lies.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, T0 } from './testKeys.ts';

const NONE = draw('none');
const BARE_CANCEL = { v: 1, type: 'cancel' } as const;
const rejecting = (offer: string, final = false) => ({ v: 1, type: 'reject', offer, final, code: 'no' }) as const;
const failing = (re: string, code: string) => ({ v: 1, type: 'error', re, code }) as const;

/** The buyer has accepted an offer of the provider, which knows of it; returns the ids of both. */
function wait(stage: Stage): { offer: string; accept: string } {
  const offer = begin(stage);
  const accept = stage.accept('buyer', offer);
  stage.deliver('buyer');
  return { offer, accept };
}

/** The scenes. */
export const ANSWER_SCENES: readonly Scene[] = [
  {
    name: 'a bare cancel answers the accept that waits after it',
    play: (stage) => {
      wait(stage);
      stage.make('provider', { type: 'cancel' });
      stage.exchange();
    },
    phases: ['cancelled', 'cancelled'],
    bundles: { buyer: ['void'], provider: [] },
    codes: { provider: ['closed'] },
  },
  {
    name: 'a final reject answers the accept that waits after it',
    play: (stage) => {
      wait(stage);
      const other = stage.offer('buyer', 500);
      stage.deliver('buyer');
      stage.make('provider', { type: 'reject', body: rejecting(other, true) });
      stage.exchange();
    },
    phases: ['rejected', 'rejected'],
    bundles: { buyer: ['void'], provider: [] },
    codes: { provider: ['closed'] },
  },
  {
    ...buyerLies,
    name: 'an accept that waits stays when its sender rejects the offer, and is confirmed',
    play: (stage) => {
      const { offer } = wait(stage);
      stage.forge('buyer', rejecting(offer));
      stage.deliver('buyer');
      stage.confirm('provider');
      stage.exchange();
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: [] },
  },
  {
    ...buyerLies,
    name: 'an offer that is rejected while it is taken does not open again',
    play: (stage) => {
      const offer = seal(stage);
      const { firstMove, v } = secretsOf(stage, 'buyer');
      stage.forge('buyer', rejecting(offer));
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: v });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'open'),
    bundles: { provider: ['void'] },
    codes: { provider: [] },
  },
  {
    name: 'a presigned offer that was rejected is cancelled when its cancel arrives',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      stage.make('buyer', { type: 'reject', body: rejecting(quote) });
      stage.accept('buyer', quote);
      stage.exchange();
      stage.accept('buyer', quote);
    },
    phases: ['open', 'open'],
    bundles: { buyer: [], provider: ['void'] },
  },
  {
    ...providerLies,
    name: 'an error with an l that fits nothing has no effect on the accept that it names',
    play: (stage) => {
      const { accept } = wait(stage);
      stage.forge('provider', { ...failing(accept, 'late'), l: NONE });
      stage.deliver('provider');
      stage.confirm('provider');
      stage.exchange();
    },
    phases: honest('buyer', 'agreed'),
    bundles: { buyer: ['closed'] },
  },
  {
    ...providerLies,
    name: 'an error about the open while an accept is out: the end waits for the signature',
    play: (stage) => {
      const { accept } = wait(stage);
      stage.forge('provider', failing(stage.stateOf('buyer').nid, 'feature'));
      stage.deliver('provider');
      stage.say('buyer', 'Is that so?');
      stage.forge('provider', failing(accept, 'busy'));
      stage.deliver('provider');
    },
    phases: honest('buyer', 'failed'),
    bundles: { buyer: ['void'] },
  },
  {
    name: 'an end that waits has its own reason, also when the opening has expired meanwhile',
    play: (stage) => {
      stage.open({ expires_at: T0 + 100 });
      stage.exchange();
      const offer = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', offer);
      stage.take('buyer');
      stage.make('provider', { type: 'cancel' });
      stage.deliver('provider');
      stage.now = T0 + 3_721;
      stage.tick('buyer');
    },
    phases: ['cancelled', 'cancelled'],
    bundles: { buyer: ['void'], provider: [] },
  },
  {
    name: 'the window of an accept that waits and the opening are over at once: the window is told',
    play: (stage) => {
      stage.open({ expires_at: T0 + 100 });
      stage.exchange();
      const offer = stage.offer('provider', 700, { expiresAt: T0 + 50 });
      stage.exchange();
      stage.accept('buyer', offer);
      stage.deliver('buyer');
      stage.now = T0 + 101;
      stage.tick('provider');
      stage.exchange();
    },
    phases: ['expired', 'expired'],
    bundles: { buyer: ['void'], provider: [] },
    codes: { provider: ['window'] },
  },
  {
    ...buyerLies,
    name: 'the value of a cancel that has seen nothing of mine is not noted',
    play: (stage) => {
      const offer = begin(stage);
      stage.forge('buyer', { ...BARE_CANCEL, re: NONE, void: draw(`v of ${draw('c')}`) }, { seen: NONE });
      forgeAccept(stage, offer, {});
      stage.deliver('buyer');
      stage.confirm('provider');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['seen'] },
  },
  {
    ...buyerLies,
    name: 'what is dropped when it arrives lets no time pass',
    play: (stage) => {
      wait(stage);
      stage.now += 3_601;
      stage.forge('buyer', BARE_CANCEL, { prev: NONE, record: false });
      stage.forge('buyer', BARE_CANCEL, { seq: 1_001, record: false });
      stage.deliver('buyer');
      stage.now -= 1;
      stage.confirm('provider');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: [] },
  },
];
