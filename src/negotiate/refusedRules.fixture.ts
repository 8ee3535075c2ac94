// Refused moves that are well made but that the rules do not allow: signatures, windows, races, frameworks.

import { sha256Hex } from '../core/bytes.ts';
import { MAX_SKEW_S, MAX_WINDOW_S } from './negotiation.ts';
import { accept, confirm, issue, offer, receive, T0 } from './parties.fixture.ts';
import { after, error, later, resign, row, said, set, tag, type Change, type Refused } from './refused.fixture.ts';
import { NOTHING } from './scenes.fixture.ts';
import { forge, forgetfulPeer, type Scene } from './stage.fixture.ts';
import { signEvent } from '../nostr/event.ts';
import type { MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import { planConfirm } from './planSignature.ts';
import type { SignedEvent } from './signature.ts';

const INVALID = error('invalid');

/** A genuine first signature of this buyer over what it names, with another window: the agreement follows the window. */
function acceptWithin(confirmBy: number, dated = 0): Change {
  return {
    body: (body, stage) => {
      if (body.type !== 'accept') throw new Error('only an accept has a window to choose');
      const peer = forgetfulPeer(stage);
      // The plan takes the earlier of expiry and longest window: an offer that expires then makes it plan that window.
      const offers = peer.state.offers.map((each) => ({ ...each, expiresAt: confirmBy }));
      accept({ ...peer, state: { ...peer.state, offers } }, body.offer, confirmBy - MAX_WINDOW_S > T0 ? confirmBy - MAX_WINDOW_S : T0);
      const made = JSON.parse(peer.outbox[0]?.content ?? '{}') as MoveBody;
      if (made.type !== 'accept') throw new Error('the accept must be made');
      return dated === 0 ? made : resign('signature', { dated }).body?.(made, stage);
    },
  };
}

const ACCEPTS: readonly Refused[] = [
  row('accept', 'another agreement hash', set('/agreement', NOTHING), INVALID),
  row('accept', 'an alternative that the offer does not have', set('/alternative', 1), INVALID),
  row('acceptAlternative', 'an alternative that the offer does not have', set('/alternative', 3), INVALID),
  row('acceptAlternative', 'another alternative than the one signed', set('/alternative', 1), INVALID),
  row('acceptAlternative', 'the main terms instead of the alternative signed', set('/alternative', 0), INVALID),
  row('acceptPresigned', 'another agreement hash', set('/agreement', NOTHING), INVALID),
  row('acceptPresigned', 'an alternative, which no presigned offer has', set('/alternative', 1), INVALID),
  row('accept', 'an offer that was never made', set('/offer', NOTHING), error('unknown-offer')),
  row('acceptPresigned', 'an offer that was never made', set('/offer', NOTHING), error('unknown-offer')),
  row(
    'acceptOfBuyer',
    'an offer of its own',
    { body: (body, { me }) => ({ ...body, offer: me.state.offers[0]?.id }) },
    error('unknown-offer'),
  ),
  row('accept', 'a window that is over already', { ...acceptWithin(T0 + 100), ...later(101) }, error('window')),
  row('accept', 'a window longer than the offer lives', acceptWithin(T0 + 3_601), error('window')),
  row('accept', 'a window far beyond the longest', acceptWithin(T0 + 50_000), error('window')),
  row('accept', 'a signature dated in the future', resign('signature', { dated: MAX_SKEW_S + 1 }), error('window')),
  row('presigned', 'a signature dated in the future', resign('presigned', { dated: MAX_SKEW_S + 1 }), error('window')),
  row('presigned', 'another price than the one signed', set('/terms/price/amount_msat', '1'), INVALID),
  row('presigned', 'another seed than the one signed', set('/salt_seed', NOTHING), INVALID),
  row('presigned', 'another expiry than the one signed', set('/expires_at', T0 + 3_700), INVALID),
  row('presigned', 'an agreement to amend that was not signed', set('/amends', NOTHING), INVALID),
  row('presigned', 'the place of another move', tag('alt', 'Another sentence.'), INVALID),
  row(
    'accept',
    'an offer that was replaced',
    after(({ me }) => offer(me, 650n)),
    error('superseded'),
  ),
  row(
    'accept',
    'an offer that was withdrawn',
    after(({ me }) => withdraw(me)),
    error('withdrawn'),
  ),
  row(
    'accept',
    'an offer that it has rejected',
    after(said(({ me }) => ({ v: 1, type: 'reject', offer: me.state.offers[0]?.id ?? '', final: false, code: 'no' }))),
    error('rejected'),
  ),
  row('accept', 'an offer that has expired', later(3_601), error('expired')),
  row('accept', 'an offer in a negotiation that it has ended', after(said({ v: 1, type: 'cancel' })), error('closed')),
  row(
    'accept',
    'an offer in a negotiation that the side has ended',
    after(({ me }) => issue(me, { type: 'cancel' })),
    error('closed'),
  ),
  row('accept', 'an offer that it has accepted a moment ago', after(acceptBefore), error('busy')),
  row(
    'accept',
    'an offer that is being sealed',
    after(acceptBefore, ({ me }) => confirm(me)),
    error('busy'),
  ),
  row('accept', 'an offer after it has shown two moves with one seq', after(equivocate), error('frozen')),
  row(
    'acceptOfBuyer',
    'an accept that crosses the one by the buyer',
    after(({ me }) => acceptTheirs(me)),
    error('crossed'),
  ),
  row('presigned', 'a second one while the first is open', after(said(({ body }) => body)), error('busy')),
  row(
    'presigned',
    'a negotiation that is over',
    after(({ me }) => issue(me, { type: 'cancel' })),
    error('closed'),
  ),
];

function withdraw(me: Scene['me']): void {
  issue(me, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: me.state.offers[0]?.id ?? '' } });
}

function acceptTheirs(me: Scene['me']): void {
  const id = me.state.offers.find(({ by }) => by === me.state.peer)?.id ?? '';
  if (accept(me, id).kind !== 'moved') throw new Error('the accept must be made');
}

/** The same accept once before, in another move. */
function acceptBefore(stage: Scene): void {
  receive(stage.me, forge(stage, stage.body, stage.now), stage.now);
}

function equivocate(stage: Scene): void {
  const twin = forge(stage, { v: 1, type: 'ask', text: 'Either.' }, stage.now);
  receive(stage.me, twin, stage.now);
  receive(stage.me, { ...twin, id: sha256Hex(twin.id), content: twin.content.replace('Either', 'Or') }, stage.now);
}

const CONFIRMS: readonly Refused[] = [
  row('confirm', 'an accept that was never made', set('/accept', NOTHING), error('unknown-accept')),
  row(
    'confirm',
    'the offer in place of the accept',
    { body: (body, { me }) => ({ ...body, accept: me.state.offers[0]?.id }) },
    error('unknown-accept'),
  ),
  row('confirm', 'another agreement hash', set('/agreement', NOTHING), INVALID),
  row('close', 'a confirm that was never made', set('/re', NOTHING), error('unknown-confirm')),
  row(
    'close',
    'the accept in place of the confirm',
    { body: (body, { me }) => ({ ...body, re: me.state.commitments[0]?.firstMove }) },
    error('unknown-confirm'),
  ),
  row('close', 'another agreement hash', set('/agreement', NOTHING), INVALID),
  row('close', 'a value that does not open the lock', set('/c', NOTHING), INVALID),
  row('close', 'the value that voids', { body: (body, { peer }) => ({ ...body, c: voidOf(peer) }) }, INVALID),
  row('close', 'a closing after the side has given up', later(3_600 + 86_400), error('late'), ['commitments']),
  row('cancel', 'a value that does not open the lock', set('/void', NOTHING), INVALID, ['voided']),
  row('cancelPresigned', 'a value that does not open the lock', set('/void', NOTHING), INVALID, ['voided']),
  row('reject', 'an offer that was never made', set('/offer', NOTHING), error('unknown-offer')),
  row(
    'reject',
    'an offer that was never made, for good',
    { body: (body) => ({ ...body, offer: NOTHING, final: true }) },
    error('unknown-offer'),
  ),
];

function voidOf(peer: Scene['peer']): string {
  const secrets = peer.state.commitments[0]?.secrets;
  if (secrets === undefined || !('v' in secrets)) throw new Error('the peer has signed first');
  return secrets.v;
}

/** A further offer of the side, accepted by the peer and confirmed: the peer holds its promise as far as it can alone. */
const HEADS: readonly Refused[] = [
  row('amendment', 'a deal that is not the head', after(amendElsewhere), error('stale')),
  row('callOff', 'a framework that is not the head', after(amendElsewhere), error('stale')),
  row('callOff', 'a call-off after the end of the framework', after(endFramework), error('framework')),
  row('callOff', 'a call-off from a deal that is no framework', after(changeFramework(() => undefined)), error('framework')),
  row('callOff', 'a call-off above the cap', after(changeFramework((framework) => ({ ...framework, cap_msat: '399999' }))), error('cap')),
  row(
    'callOff',
    'a call-off above the number of calls',
    after(changeFramework((framework) => ({ ...framework, max_calls: 0 }))),
    error('cap'),
  ),
];

type Framework = NonNullable<NonNullable<Scene['me']['state']['offers'][number]['terms']['framework']>>;

/** Another amendment, by the peer, becomes the head: accepted by the side, confirmed, closed and acknowledged. */
function amendElsewhere({ me, peer, now }: Scene): void {
  const deal = me.state.commitments[0]?.agreement ?? NOTHING;
  const twin = forgetfulPeer({ me, peer });
  const id = offer(twin, 850n, { amends: deal });
  receive(me, twin.outbox[0] as MoveRumor, now);
  accept(me, id, now);
  const mine = me.state.commitments.at(-1);
  if (mine?.side !== 'first') throw new Error('the side signs first');
  const { template, agreement, secrets } = planConfirm({ ...mine, id: mine.firstMove }, { yes: 'aa'.repeat(32), no: 'bb'.repeat(32) }, now);
  const signature = signEvent(peer.secretKey, peer.pubkey, template, new Uint8Array(32)) as unknown as SignedEvent;
  receive(me, forge({ me, peer }, { v: 1, type: 'confirm', accept: mine.firstMove, agreement, signature }, now), now);
  receive(me, forge({ me, peer }, { v: 1, type: 'receipt', upto: me.state.chain.sent.length, a: secrets.a }, now), now);
}

/** The framework that both hold is another one. */
function changeFramework(change: (framework: Framework) => Framework | undefined) {
  return ({ me }: Scene): void => {
    const offers = me.state.offers.map((each) => {
      const { framework, ...terms } = each.terms;
      const next = framework === undefined ? undefined : change(framework);
      return { ...each, terms: next === undefined ? terms : { ...terms, framework: next } };
    });
    me.state = { ...me.state, offers };
  };
}

function endFramework(stage: Scene): void {
  changeFramework((framework) => ({ ...framework, ends_at: stage.now - 1 }))(stage);
}

/** Refused by the rules of the negotiation. */
export const REFUSED_RULES: readonly Refused[] = [...ACCEPTS, ...CONFIRMS, ...HEADS];
