// Conversations in which one side breaks a rule: the other keeps its hands clean and the evidence.

import { hashAgreement, type Role } from '../../src/negotiate/agreement.ts';
import { agreementFor } from '../../src/negotiate/commitment.ts';
import type { MoveRumor } from '../../src/negotiate/move.ts';
import type { MoveBody } from '../../src/negotiate/moveBody.ts';
import { findOffer } from '../../src/negotiate/negotiation.ts';
import { hashLock, makeSignatureTemplate } from '../../src/negotiate/signature.ts';
import { computeEventId, type NostrEvent } from '../../src/nostr/event.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, PUBLIC, sign, T0 } from './testKeys.ts';

const buyerLies = { options: { dishonest: 'buyer' } } as const;
const providerLies = { options: { dishonest: 'provider' } } as const;
const honest = (role: Role, phase: string): readonly [string | null, string | null] => (role === 'buyer' ? [phase, null] : [null, phase]);

/** The provider has made a plain offer that the buyer has seen. */
function begin(stage: Stage, sats = 700): string {
  stage.open();
  stage.exchange();
  const id = stage.offer('provider', sats);
  stage.exchange();
  return id;
}

/** The buyer has accepted, the provider has confirmed, and nothing of that has come back yet. */
function seal(stage: Stage): string {
  const id = begin(stage);
  stage.accept('buyer', id);
  stage.deliver('buyer');
  stage.confirm('provider');
  return id;
}

/** The liar forgets what it signed. */
function forget(stage: Stage, role: Role): void {
  const side = stage.sides[role];
  const state = stage.stateOf(role);
  side.state = { ...state, commitments: [], offers: state.offers.map((each) => ({ ...each, status: 'open' as const })) };
}

function secretsOf(stage: Stage, role: Role) {
  const [held] = stage.stateOf(role).commitments;
  if (held === undefined) throw new Error('nothing is signed');
  return { ...held, ...(held.secrets as Readonly<Record<'a' | 'l' | 'c' | 'v', string>>) };
}

/** A move with any content in it, next in the liar's chain. */
function forgeContent(stage: Stage, role: Role, content: string, type: MoveBody['type'] = 'ask'): void {
  const like = stage.forge(role, { v: 1, type: 'ask', text: 'x' }, { record: false });
  stage.sides[role].outbox.pop();
  stage.sides[role].log.delete(like.id);
  stage.events.delete(like.id);
  stage.steps.pop();
  const { id: _, ...event } = { ...like, content };
  const rumor: MoveRumor = { ...event, id: computeEventId(event.pubkey, event) };
  stage.forgeRaw(stage.sides[role], rumor, type, true);
}

function forgeAccept(stage: Stage, offer: string, change: { confirmBy?: number; agreement?: string; signature?: Partial<NostrEvent> }): void {
  const state = stage.stateOf('buyer');
  const found = findOffer(state, offer);
  const confirmBy = change.confirmBy ?? T0 + 3_600;
  const due = found === undefined ? undefined : agreementFor(state, found, 0, confirmBy);
  const agreement = change.agreement ?? (due === undefined ? draw('none') : hashAgreement(due));
  const locks = { close: hashLock(draw('c')), void: hashLock(draw('v')) };
  const template = makeSignatureTemplate({ order: 'first', role: 'acceptor', agreement, confirmBy, ...locks }, stage.now);
  const signature = { ...sign('buyer', template), ...change.signature } as never;
  stage.forge('buyer', { v: 1, type: 'accept', offer, alternative: 0, agreement, signature });
}

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
    name: 'a close and a cancel with values that open nothing',
    play: (stage) => {
      seal(stage);
      const { firstMove, agreement } = secretsOf(stage, 'buyer');
      const second = stage.stateOf('provider').commitments[0];
      const re = second?.side === 'second' ? second.secondMove : '';
      stage.forge('buyer', { v: 1, type: 'close', re, agreement, c: draw('wrong') });
      stage.forge('buyer', { v: 1, type: 'cancel', re: firstMove, void: draw('wrong') });
      stage.deliver('buyer');
    },
    phases: honest('provider', 'sealing'),
    bundles: { provider: ['signed-not-closed'] },
    codes: { provider: ['invalid', 'invalid'] },
  },
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
      stage.forge('buyer', { v: 1, type: 'ask', text: 'one' }, { record: false });
      stage.forge('buyer', { v: 1, type: 'ask', text: 'other' });
      for (const rumor of stage.take('buyer').toReversed()) stage.receive('provider', rumor);
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
