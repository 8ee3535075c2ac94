// How the demo's two agents bargain: a few fixed rules around one limit each, nothing more.

/** What an agent of the demo does next. Prices are in sats. */
export type Decision =
  | { readonly kind: 'wait' }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'offer'; readonly sats: bigint }
  | { readonly kind: 'accept'; readonly sats: bigint }
  | { readonly kind: 'reject'; readonly text: string };

/** What the decision depends on: the moves so far, oldest first, notices left out; a price where a move has one. */
export interface Situation {
  readonly moves: readonly { readonly by: 'me' | 'peer'; readonly type: string; readonly sats?: bigint }[];
  readonly limit: bigint;
}

const LIST_PRICE = 900n;
const OPENING_BID = 600n;

/** What the buyer wants done, said at the start. */
export const REQUIREMENTS =
  'I need a confidential settlement agreement translated from German to English, about 1,200 words, certified. It must not leave your machine.';
/** What the seller asks back. */
export const QUESTION = 'Happy to. Which variety of English, and may I keep the text for my translation memory?';
/** What the buyer answers: the kind of thing that nobody else should read. */
export const ANSWER =
  'British English, and no: delete it after delivery. It begins "Zwischen der Nordlicht Werft GmbH und Frau Dr. Amalia Brandt wird vereinbart".';

/** The buyer: answers, bids low once, then takes what its limit allows. */
export function decideAsBuyer({ moves, limit }: Situation): Decision {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  if (last.type === 'ask') return { kind: 'say', text: ANSWER };
  if (last.type !== 'offer' || last.sats === undefined) return { kind: 'wait' };
  const hasBid = moves.some(({ by, type }) => by === 'me' && type === 'offer');
  if (!hasBid) return { kind: 'offer', sats: limit < OPENING_BID ? limit : OPENING_BID };
  return last.sats <= limit
    ? { kind: 'accept', sats: last.sats }
    : { kind: 'reject', text: 'That is more than I can pay. Thank you anyway.' };
}

/** The seller: asks first, names its list price, then goes down to its limit and no further. */
export function decideAsSeller({ moves, limit }: Situation): Decision {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  if (last.type === 'open') return { kind: 'say', text: QUESTION };
  if (last.type === 'answer') return { kind: 'offer', sats: limit > LIST_PRICE ? limit : LIST_PRICE };
  if (last.type !== 'offer' || last.sats === undefined) return { kind: 'wait' };
  return last.sats >= limit ? { kind: 'accept', sats: last.sats } : { kind: 'offer', sats: limit };
}
