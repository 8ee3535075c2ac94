// Conversations in which one side sends moves that are out of place, not due or unusable: none of them has an effect.

import { begin, buyerLies, equivocate, forgeAccept, forgeContent, forget, honest, providerLies, seal, secretsOf, signSecond } from './lies.ts';
import type { Scene } from './scenes.ts';
import { draw, PUBLIC, sign, T0 } from './testKeys.ts';

/** The scenes. */
export const MISFIT_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'moves about nothing',
    play: (stage) => {
      const id = begin(stage);
      stage.make('buyer', { type: 'reject', body: { v: 1, type: 'reject', offer: id, final: false, code: 'no' } });
      stage.forge('buyer', { v: 1, type: 'reject', offer: draw('none'), final: true, code: 'no' });
      stage.forge('buyer', { v: 1, type: 'close', re: draw('none'), agreement: draw('none'), c: draw('none') });
      stage.forge('buyer', { v: 1, type: 'cancel', re: draw('none'), void: draw('none') });
      stage.forge('buyer', { v: 1, type: 'withdraw', offer: draw('none') });
      stage.forge('buyer', { v: 1, type: 'error', re: draw('none'), code: 'never-heard-of' });
      stage.forge('buyer', { v: 1, type: 'deliver', agreement: draw('none'), files: [{ name: 'a', sha256: draw('a'), size: 1 }] });
      forgeAccept(stage, id, {});
      forgeAccept(stage, draw('none'), {});
      stage.deliver('buyer');
    },
    phases: honest('provider', 'open'),
    bundles: [],
    codes: { provider: ['unknown-offer', 'unknown-confirm', 'too-early', 'rejected', 'unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'accepts with a signature that is not due',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700, { expiresAt: T0 + 86_400 });
      stage.exchange();
      forgeAccept(stage, id, { confirmBy: T0 + 7_201 });
      forgeAccept(stage, id, { confirmBy: T0 - 1 });
      forgeAccept(stage, id, { agreement: draw('other') });
      forgeAccept(stage, id, { signature: { sig: '00'.repeat(64) } });
      forgeAccept(stage, id, { signature: { pubkey: PUBLIC.provider } });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['window', 'window', 'invalid', 'signature', 'signature'] },
  },
  {
    ...providerLies,
    name: 'presigned offers that are not due, and a second one',
    play: (stage) => {
      stage.open();
      stage.exchange();
      stage.offer('provider', 700, { presigned: true });
      const [good] = stage.sides.provider.outbox;
      const body = JSON.parse(good?.content ?? '{}') as { presigned: unknown; terms: { price: { amount_msat: string } } };
      stage.exchange();
      const other = { ...body, expires_at: T0 + 999 };
      stage.forge('provider', other as never);
      forget(stage, 'provider');
      stage.offer('provider', 650, { presigned: true });
      stage.deliver('provider');
    },
    phases: honest('buyer', 'offered'),
    bundles: [],
    codes: { buyer: ['invalid', 'busy'] },
  },
  {
    ...buyerLies,
    name: 'moves about a presigned offer that is not accepted',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      stage.exchange();
      const { first, agreement } = secretsOf(stage, 'provider');
      const signature = signSecond(stage, 'buyer', 'acceptor', { agreement, first: first.id });
      stage.forge('buyer', { v: 1, type: 'confirm', accept: quote, agreement, signature });
      stage.forge('buyer', { v: 1, type: 'error', re: stage.stateOf('buyer').nid, code: 'feature' });
      stage.forge('buyer', { v: 1, type: 'receipt', upto: 9, a: draw('nothing') });
      stage.forge('buyer', { v: 1, type: 'error', re: draw('none'), code: 'late', l: draw('nothing') });
      stage.deliver('buyer');
      stage.forge('buyer', { v: 1, type: 'error', re: quote, code: 'never-heard-of' });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'open'),
    bundles: { provider: ['void'] },
    codes: { provider: ['unknown-accept'] },
  },
  {
    ...providerLies,
    name: 'a presigned offer is withdrawn, and cancelled with a value that opens nothing, before it is cancelled',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const quote = stage.offer('provider', 700, { presigned: true });
      stage.deliver('provider');
      stage.forge('provider', { v: 1, type: 'withdraw', offer: quote });
      stage.forge('provider', { v: 1, type: 'cancel', re: quote, void: draw('wrong') });
      stage.deliver('provider');
      stage.forge('provider', { v: 1, type: 'cancel', re: quote, void: secretsOf(stage, 'provider').v });
      stage.deliver('provider');
      stage.accept('buyer', quote);
    },
    phases: honest('buyer', 'open'),
    bundles: [],
    codes: { buyer: ['invalid'] },
  },
  {
    ...buyerLies,
    name: 'two moves with one place: frozen',
    play: (stage) => {
      const id = begin(stage);
      stage.forge('buyer', { v: 1, type: 'ask', text: 'one' }, { record: false });
      stage.forge('buyer', { v: 1, type: 'ask', text: 'other' });
      const [one, other] = stage.take('buyer');
      if (one === undefined || other === undefined) throw new Error('two moves are forged');
      stage.receive('provider', other);
      stage.receive('provider', one);
      forgeAccept(stage, id, {});
      stage.deliver('buyer');
      stage.offer('provider', 800, { presigned: true });
    },
    phases: honest('provider', 'frozen'),
    bundles: [],
    codes: { provider: ['frozen'] },
  },
  {
    ...buyerLies,
    name: 'two moves with one place while a deal is sealed: it is closed all the same',
    play: (stage) => {
      seal(stage);
      equivocate(stage, 'buyer');
      stage.exchange();
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
  },
  {
    ...buyerLies,
    name: 'moves that are authentic and unusable',
    play: (stage) => {
      begin(stage);
      forgeContent(stage, 'buyer', '{"type":"bribe","v":1}');
      forgeContent(stage, 'buyer', '{"text":"x","type":"ask","v":2}');
      forgeContent(stage, 'buyer', '{"type":"ask","v":1,"text":"x"}');
      forgeContent(stage, 'buyer', '{"text":"a\u202eb","type":"ask","v":1}');
      forgeContent(stage, 'buyer', JSON.stringify({ text: 'x'.repeat(32_768), type: 'ask', v: 1 }));
      forgeContent(stage, 'buyer', '{"note":1,"text":"x","type":"ask","v":1}');
      stage.deliver('buyer');
      stage.say('provider', 'Go on.');
      stage.deliver('provider');
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['unknown-type', 'schema', 'not-canonical', 'not-canonical', 'oversize', 'schema'] },
  },
  {
    ...buyerLies,
    name: 'a seen that names nothing, and a prev that does not follow',
    play: (stage) => {
      begin(stage);
      stage.forge('buyer', { v: 1, type: 'ask', text: 'x' }, { seen: draw('none') });
      stage.forge('buyer', { v: 1, type: 'error', re: draw('none'), code: 'any' }, { seen: draw('none') });
      stage.deliver('buyer');
      const state = stage.stateOf('buyer');
      const sent = state.chain.sent.with(-1, { id: draw('gone'), type: 'ask' });
      stage.sides.buyer.state = { ...state, chain: { ...state.chain, sent } };
      stage.forge('buyer', { v: 1, type: 'ask', text: 'after nothing' });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'offered'),
    bundles: [],
    codes: { provider: ['seen'] },
  },
  {
    ...buyerLies,
    name: 'moves after the end',
    play: (stage) => {
      const id = begin(stage);
      stage.make('provider', { type: 'cancel' });
      stage.forge('buyer', {
        v: 1,
        type: 'offer',
        terms: { service: { capability: 'x' }, scope: { summary: 'x' }, price: { model: 'fixed', amount_msat: '1' } },
        salt_seed: draw('seed'),
        expires_at: T0 + 9,
      });
      forgeAccept(stage, id, {});
      stage.deliver('buyer');
      stage.offer('provider', 5);
    },
    phases: honest('provider', 'cancelled'),
    bundles: [],
    codes: { provider: ['closed', 'closed'] },
  },
  {
    ...buyerLies,
    name: 'settlement moves that are out of place',
    play: (stage) => {
      seal(stage);
      stage.exchange();
      const { agreement } = secretsOf(stage, 'provider');
      const files = [{ name: 'a', sha256: draw('a'), size: 1 }];
      const dispute = (code: string) => ({ v: 1, type: 'dispute', agreement, code }) as const;
      stage.forge('buyer', { v: 1, type: 'deliver', agreement, files });
      stage.forge('buyer', { v: 1, type: 'input', agreement, files });
      stage.make('provider', { type: 'settle', body: { v: 1, type: 'deliver', agreement, files } });
      stage.forge('buyer', { v: 1, type: 'completion', agreement, signature: sign('buyer', { kind: 4396, created_at: T0, tags: [['-']], content: '' }) as never });
      stage.forge('buyer', dispute('one'));
      stage.forge('buyer', dispute('two'));
      stage.forge('buyer', { v: 1, type: 'input', agreement, files });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: ['wrong-role', 'invalid', 'invalid', 'disputed', 'disputed'] },
  },
];
