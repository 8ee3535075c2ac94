// A side with a move of its peer before it, and how the peer, which has its key and may say anything, makes its moves.

import { bytesToHex, sha256, type Hex } from '../core/bytes.ts';
import { signEvent } from '../nostr/event.ts';
import { nextHeader } from './chain.ts';
import { encodeMove, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import type { Negotiation } from './negotiation.ts';
import { issue, type Party } from './parties.fixture.ts';
import { planPresigned } from './planSignature.ts';
import type { VerifiedSignature } from './signature.ts';

/** A side, what its peer is about to say to it, and when. `me` has no state of the negotiation before an `open`. */
export interface Scene {
  readonly me: Party;
  readonly peer: Party;
  readonly body: MoveBody;
  readonly now: number;
  /** The move begins the negotiation: nothing is known of it yet. */
  readonly isOpening?: true;
}

/** The peer as it would be if it knew what `me` knows and had forgotten every promise of its own: it may then say anything. */
export function forgetfulPeer({ me, peer }: Pick<Scene, 'me' | 'peer'>): Party {
  const { sent, received } = me.state.chain;
  const chain = { sent: received, received: sent, seenCount: 0, coveredCount: 0, waiting: [] };
  const offers = me.state.offers.map((each) => ({ ...each, status: 'open' as const }));
  const state: Negotiation = { ...peer.state, nid: me.state.nid, chain, offers, commitments: [] };
  return { ...peer, state, outbox: [], log: new Map() };
}

/** The peer's next move with this content, as a side with its key can make it; an offer that was signed is signed again in its place. */
export function forge(stage: Pick<Scene, 'me' | 'peer' | 'isOpening'>, body: MoveBody, now: number): MoveRumor {
  const { pubkey } = stage.peer;
  if (stage.isOpening) return encodeMove({ author: pubkey, seq: 1, prev: '', seen: '', alt: '', body, createdAt: now });
  const peer = forgetfulPeer(stage);
  const { state } = peer;
  if (body.type !== 'offer' || body.presigned === undefined)
    return encodeMove({ author: pubkey, nid: state.nid, ...nextHeader(state.chain), alt: '', body, createdAt: now });
  const { presigned: _, ...plain } = body;
  const [yes, no] = ['yes', 'no'].map((word) => bytesToHex(sha256(`${word} ${state.chain.sent.length}`))) as [Hex, Hex];
  const plan = planPresigned(state, plain, { yes, no }, now);
  if (plan === undefined) throw new Error('a presigned offer has main terms');
  const signature = signEvent(peer.secretKey, pubkey, plan.template, new Uint8Array(32)) as unknown as VerifiedSignature;
  issue(peer, { type: 'offer', body: { ...plain, presigned: signature }, signature, secrets: plan.secrets }, now);
  return peer.outbox[0] as MoveRumor;
}
