// Conversations about what stands in the way of a deal: the slot, the head, a framework, an end that waits.

import { strike } from './dealScenes.ts';
import { begin, buyerLies, forgeAccept, forgePresigned, forgeSecond, honest, secretsOf } from './lies.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, T0 } from './testKeys.ts';

const NONE = draw('none');

function meet(stage: Stage): void {
  stage.open();
  stage.exchange();
}

/** A deal of both, with a framework. */
function frame(stage: Stage): string {
  meet(stage);
  return strike(stage, 'provider', 700, { terms: { framework: { cap_msat: '1000000' } } });
}

/** The scenes. */
export const SLOT_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'an end takes presigned offers along, then the accept that waits',
    play: (stage) => {
      meet(stage);
      const plain = stage.offer('provider', 700);
      stage.offer('provider', 800, { presigned: true });
      stage.offer('provider', 650, { presigned: true });
      stage.exchange();
      const open = stage.offer('provider', 690);
      stage.exchange();
      forgeAccept(stage, plain, {});
      forgeAccept(stage, open, {});
      stage.forge('buyer', { v: 1, type: 'cancel' });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'cancelled'),
    bundles: { provider: ['void'] },
    codes: { provider: ['superseded', 'closed'] },
  },
  {
    ...buyerLies,
    name: 'accepts while another one waits, while one is sealed, and when the offer is over besides',
    play: (stage) => {
      const id = begin(stage);
      forgeAccept(stage, id, {});
      forgeAccept(stage, id, { alternative: 1 });
      forgePresigned(stage, 'buyer', 500, { close: draw('c') });
      stage.deliver('buyer');
      stage.confirm('provider');
      forgeAccept(stage, id, { agreement: NONE });
      stage.deliver('buyer');
      stage.now = T0 + 3_601;
      forgeAccept(stage, id, {});
      stage.deliver('buyer');
      stage.offer('provider', 650);
      forgeAccept(stage, id, {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['busy', 'invalid', 'busy', 'expired', 'superseded'] },
  },
  {
    ...buyerLies,
    name: 'accepts of offers that the head stands in the way of',
    play: (stage) => {
      meet(stage);
      strike(stage, 'provider', 700);
      const plain = stage.offer('provider', 600);
      stage.deliver('provider');
      forgeAccept(stage, plain, {});
      forgeAccept(stage, plain, { agreement: NONE });
      stage.deliver('buyer');
      const amendment = stage.offer('provider', 650, { amends: NONE });
      stage.deliver('provider');
      forgeAccept(stage, amendment, {});
      forgeAccept(stage, amendment, { agreement: NONE });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: ['busy', 'invalid', 'stale', 'invalid'] },
  },
  {
    ...buyerLies,
    name: 'an accept crosses one by the provider of a stale offer: cancelled all the same',
    race: '3',
    play: (stage) => {
      meet(stage);
      const stale = stage.offer('provider', 700, { amends: NONE });
      const mine = stage.offer('buyer', 600);
      stage.exchange();
      stage.accept('provider', mine);
      forgeAccept(stage, stale, {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: { provider: ['void'] },
    codes: { provider: ['stale'] },
  },
  {
    ...buyerLies,
    name: 'an accept crosses one by the provider, and an end waits',
    race: '3',
    play: (stage) => {
      meet(stage);
      const plain = stage.offer('provider', 700);
      const mine = stage.offer('buyer', 600);
      stage.exchange();
      stage.accept('provider', mine);
      stage.forge('buyer', { v: 1, type: 'cancel' });
      forgeAccept(stage, plain, {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'cancelled'),
    bundles: { provider: ['void'] },
    codes: { provider: ['closed'] },
  },
  {
    ...buyerLies,
    name: 'an accept of a stale offer crosses one by the provider, and an end waits',
    race: '3',
    play: (stage) => {
      meet(stage);
      const stale = stage.offer('provider', 700, { amends: NONE });
      const mine = stage.offer('buyer', 600);
      stage.exchange();
      stage.accept('provider', mine);
      stage.forge('buyer', { v: 1, type: 'reject', offer: stale, final: true, code: 'no' });
      const again = stage.offer('provider', 690, { amends: NONE });
      stage.deliver('provider');
      forgeAccept(stage, again, {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'rejected'),
    bundles: { provider: ['void'] },
    codes: { provider: ['stale'] },
  },
  {
    ...buyerLies,
    name: 'a presigned offer is accepted while an accept of its maker is out and an end waits: it is cancelled and nothing else',
    race: '4b',
    play: (stage) => {
      meet(stage);
      const quote = stage.offer('provider', 700, { presigned: true });
      const mine = stage.offer('buyer', 600);
      stage.exchange();
      stage.accept('provider', mine);
      stage.forge('buyer', { v: 1, type: 'cancel' });
      forgeSecond(stage, quote);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'accepting'),
    bundles: { provider: ['void', 'signed-not-closed'] },
  },
  {
    ...buyerLies,
    name: 'offers are accepted while a close of their maker has no answer',
    race: '4b',
    play: (stage) => {
      meet(stage);
      const quote = stage.offer('provider', 800, { presigned: true });
      const plain = stage.offer('provider', 700);
      const mine = stage.offer('buyer', 600);
      stage.exchange();
      stage.accept('provider', mine);
      stage.deliver('provider');
      stage.confirm('buyer');
      stage.deliver('buyer');
      forgeAccept(stage, plain, {});
      forgeSecond(stage, quote);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'accepting'),
    bundles: { provider: ['void', 'closed-not-acknowledged'] },
    codes: { provider: ['busy'] },
  },
  {
    ...buyerLies,
    name: 'a presigned offer is accepted while another accept waits',
    play: (stage) => {
      meet(stage);
      const quote = stage.offer('provider', 800, { presigned: true });
      const plain = stage.offer('provider', 700);
      stage.exchange();
      forgeAccept(stage, plain, {});
      forgeSecond(stage, quote);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'accepting'),
    bundles: { provider: ['closed-not-acknowledged'] },
    codes: { provider: ['busy'] },
  },
  {
    name: 'a presigned call-off is accepted while its maker accepts one: that one no longer counts',
    race: '4a',
    play: (stage) => {
      const deal = frame(stage);
      const quote = stage.offer('provider', 600, { presigned: true, under: deal });
      const other = stage.offer('buyer', 500, { under: deal });
      stage.exchange();
      stage.accept('provider', other);
      stage.accept('buyer', quote);
      const [fromBuyer, fromProvider] = [stage.take('buyer'), stage.take('provider')];
      for (const rumor of fromBuyer) stage.receive('provider', rumor);
      for (const rumor of fromProvider) stage.receive('buyer', rumor);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: { buyer: ['closed', 'closed'], provider: ['closed', 'closed', 'void'] },
  },
  {
    ...buyerLies,
    name: 'a presigned call-off is accepted when the cap has no room for it any more',
    play: (stage) => {
      const deal = frame(stage);
      const quote = stage.offer('provider', 600, { presigned: true, under: deal });
      stage.exchange();
      strike(stage, 'provider', 500, { under: deal });
      forgeSecond(stage, quote);
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed', 'void', 'closed'] },
  },
  {
    name: 'call-offs, an amendment of their framework, and a call-off that nothing limits',
    play: (stage) => {
      const deal = frame(stage);
      strike(stage, 'provider', 100, { under: deal });
      const amended = strike(stage, 'provider', 750, { amends: deal, terms: { framework: { cap_msat: '300000' } } });
      strike(stage, 'buyer', 200, { under: amended });
      const price = { model: 'per_unit' as const, unit: 'word', per: 1, tiers: [{ from: 0, price_msat: '1' }], tiering: 'volume' as const };
      const endless = stage.offer('buyer', 300, { under: amended, terms: { price } });
      stage.exchange();
      stage.accept('provider', endless);
      const old = stage.offer('buyer', 1, { under: deal });
      stage.exchange();
      stage.accept('provider', old);
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed', 'closed', 'closed', 'closed'],
  },
  {
    ...buyerLies,
    name: 'a presigned offer with the locks of a closed deal',
    play: (stage) => {
      meet(stage);
      strike(stage, 'provider', 700);
      forgePresigned(stage, 'buyer', 500, { close: secretsOf(stage, 'buyer').c });
      forgePresigned(stage, 'buyer', 501, { close: secretsOf(stage, 'provider').l });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: ['invalid', 'invalid'] },
  },
];
