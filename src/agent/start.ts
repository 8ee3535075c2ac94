// Starts a negotiation: a channel with the peer if there is none, and the `open` move in it.

import { z } from 'zod';
import { bytesToHex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { toAction } from '../decide/mandateAction.ts';
import { capability, talkText } from '../negotiate/fields.ts';
import { decodeMove, encodeMove } from '../negotiate/move.ts';
import { openSchema } from '../negotiate/moveBody.ts';
import { describeMove } from '../negotiate/negotiation.ts';
import { termsSchema } from '../negotiate/termsSchema.ts';
import { beginNegotiation } from '../negotiate/transition.ts';
import { parsePublicKey } from '../nostr/npub.ts';
import type { AgentContext } from './context.ts';
import type { Subject } from './mandate/facts.ts';
import { readMandate } from './mandate/mandateSetting.ts';
import { permit } from './mandate/permit.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { openPeerChannel } from './openPeerChannel.ts';
import { sealMoves } from './sealMoves.ts';
import { beginWork, recordMove, type Work } from './work.ts';

const DEFAULT_LIFE_S = 7 * 86_400;
const LONGEST_LIFE_S = 365 * 86_400;

/** Whom to negotiate with, about what. */
export const startInput = z.strictObject({
  /** npub or hex key of the peer. */
  peer: z.string(),
  /** What is to be bought or sold, as kind 38990 names it, such as `translation`. */
  service: capability,
  /** What is needed, in words. */
  requirements: talkText,
  /** What we will be in the deal. */
  role: z.enum(['buyer', 'provider']).default('buyer'),
  /** Terms to start from; they bind nobody. */
  terms: termsSchema.optional(),
  /** Seconds after which the negotiation ends by itself. */
  lifeS: z.int().min(60).max(LONGEST_LIFE_S).default(DEFAULT_LIFE_S),
  /** The owner says yes to what his mandate would ask him about. */
  isApproved: z.boolean().optional(),
});

/**
 * Starts a negotiation. Throws `input/invalid`, `mandate/…`, and for a first contact `peer/no-key-package`, `peer/unusable-key-package`,
 * `relay/unreachable`.
 */
export async function start(context: AgentContext, input: z.infer<typeof startInput>): Promise<MoveResult> {
  const work = beginWork(context, input.isApproved);
  const nid = await beginStart(work, input);
  return finishStep(work, nid);
}

/** What is known of the peer where it was found: the announcement, and how it scored. */
export type Finding = Pick<Subject, 'announcement' | 'trust'>;

/** Starts a negotiation within a step and returns its id. Throws as {@link start}. */
export async function beginStart(work: Work, input: z.infer<typeof startInput>, found: Finding = {}): Promise<Hex> {
  const { context } = work;
  const peer = parsePublicKey(input.peer);
  if (peer === context.pubkey) throw new NegotiateError('input/invalid', 'This is your own npub. Name the npub of another agent.');
  const longestS = readMandate(context.store)?.windows.offer_s ?? input.lifeS;
  const rumor = makeOpen(context, peer, { ...input, lifeS: Math.min(input.lifeS, longestS) }, work.now);
  const decoded = decodeMove(rumor);
  const state =
    decoded.kind === 'move' && decoded.body.type === 'open' ? beginNegotiation(context.pubkey, decoded.header, decoded.body) : undefined;
  if (state === undefined) throw new NegotiateError('input/invalid', 'The terms are too large for one message. Shorten them.');
  const { role, open } = state;
  await permit(work, { ...found, nid: undefined, peer, role, service: open.service, isFirstMove: true }, toAction(open, undefined));
  await openPeerChannel(work, peer);
  work.negotiations.set(state.nid, { record: undefined, state, hasSent: true });
  recordMove(work, state.nid, rumor);
  await sealMoves(work, peer, [rumor]);
  return state.nid;
}

function makeOpen(context: AgentContext, peer: string, input: z.infer<typeof startInput>, now: number) {
  const { service, requirements, role, terms, lifeS } = input;
  const body = openSchema.parse({
    v: 1,
    type: 'open',
    to: peer,
    role,
    service,
    requirements,
    ...(terms === undefined ? {} : { terms }),
    features: [],
    nonce: bytesToHex(context.rng.bytes(32)),
    expires_at: now + lifeS,
  });
  return encodeMove({ author: context.pubkey, seq: 1, prev: '', seen: '', alt: describeMove(body), body, createdAt: now });
}
