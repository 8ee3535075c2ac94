// Negotiations as text for a person; whatever a peer wrote is cleaned on its way to the terminal.

import type { AgreementView } from '../agent/viewAgreement.ts';
import type { MoveResult } from '../agent/finishStep.ts';
import type { MoveView } from '../agent/viewHistory.ts';
import type { NegotiationSummary, NegotiationView, OfferView } from '../agent/view.ts';
import type { AskView } from '../agent/mandate/viewAsk.ts';
import { formatSats } from '../core/money.ts';
import { displayText } from '../core/text.ts';

const SHORT_ID = 8;
const DIGEST_DIGITS = 12;

/** The digits of an id that people see. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

/** An npub that still can be told apart. */
export function shortNpub(npub: string): string {
  return `${npub.slice(0, 12)}…${npub.slice(-4)}`;
}

/** Unix seconds in UTC, to the minute. */
export function renderTime(unixSeconds: number): string {
  return `${new Date(unixSeconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A negotiation or a job in a list: one line, and one for each thing in it that waits for the owner's yes. */
export function renderSummary({ nid, phase, price = '', role, service, peer, asks = [] }: Summary): readonly string[] {
  const deal = `${role === 'buyer' ? 'buying' : 'selling'} ${service}`;
  const line = [shortId(nid), phase.padEnd(10), price.padEnd(14), deal, shortNpub(peer)].join('  ');
  return [line, ...asks.map((ask) => `          waits for your yes to ${describeAsk(ask)}: ${approveCommand(ask)}`)];
}

type Summary = Pick<NegotiationSummary, 'nid' | 'role' | 'service' | 'peer' | 'price' | 'asks'> & { readonly phase: string };

/** What the owner is asked, and the most that it comes to. */
export function describeAsk({ what, msat }: Pick<AskView, 'what' | 'msat'>): string {
  return msat === undefined ? what : `${what} for up to ${formatSats(msat)}`;
}

/** The command that says yes to it. */
export function approveCommand({ digest }: Pick<AskView, 'digest'>): string {
  return `agent-negotiate approve ${digest.slice(0, DIGEST_DIGITS)}`;
}

/** A whole negotiation. */
export function renderNegotiation(view: NegotiationView): readonly string[] {
  const { nid, peer, role, service, phase, requirements, expiresAt, offers, agreements, unsent, unseen, warnings } = view;
  const deal = agreements.length === 0 ? [] : agreements.flatMap(renderAgreement);
  return [
    `Negotiation ${shortId(nid)} (${phase})`,
    `  with      ${peer}`,
    `  you are   the ${role}`,
    `  service   ${service}`,
    `  about     ${displayText(requirements)}`,
    `  ends      ${renderTime(expiresAt)}`,
    ...(unsent > 0 ? [`  not sent  ${unsent} of your messages; run: agent-negotiate sync`] : []),
    ...(unseen > 0 ? [`  not seen  ${unseen} of your messages by the peer yet`] : []),
    ...warnings.map((warning) => `  warning   ${warning}`),
    ...offers.filter((offer) => isOnTable(offer, agreements.length > 0)).flatMap(renderOffer),
    ...deal,
    ...renderNext(view).flatMap((line, i) => (i === 0 ? ['', line] : [line])),
  ];
}

/** What came of an own move. */
export function renderMoveResult(done: string, { negotiation, isSent }: MoveResult): readonly string[] {
  const sent = isSent ? [] : ['No relay has taken it yet: it is saved and goes out with: agent-negotiate sync'];
  return [`${done} (negotiation ${shortId(negotiation.nid)}, ${negotiation.phase})`, ...sent];
}

/** One move of a conversation. */
export function renderMove({ by, at, type, text, price, code, lines, files = [], isSent }: MoveView): readonly string[] {
  const named = files.map(({ name, size }) => `${displayText(name)} (${size} bytes)`);
  const words = [price, code, ...named, text === undefined ? undefined : displayText(text)].filter((part) => part !== undefined).join(': ');
  const head = `${renderTime(at)}  ${by === 'me' ? 'you ' : 'peer'}  ${type}${words === '' ? '' : `  ${words}`}${isSent ? '' : '  (not sent yet)'}`;
  return [head, ...indent(lines ?? [], 28)];
}

function renderAgreement({ kind, state, hash, lines }: AgreementView): readonly string[] {
  const names = { deal: 'Deal', amendment: 'Change of the deal', 'call-off': 'Job under the deal' } as const;
  return ['', `${names[kind]} (${describeDeal(state)})`, `  agreement ${hash}`, ...indent(lines)];
}

/** After a deal only offers that are about it can still become something. */
function isOnTable({ status, amends, under }: OfferView, isAgreed: boolean): boolean {
  return status === 'open' && (!isAgreed || amends !== undefined || under !== undefined);
}

function renderOffer({ id, by, price, lines, expiresAt, alternatives, isPresigned, amends, under }: OfferView): readonly string[] {
  const about = amends !== undefined ? ', to change the deal' : under !== undefined ? ', a job under the deal' : '';
  const signed = isPresigned ? ', signed' : '';
  const head = `${by === 'me' ? 'Your offer' : 'Offer of the peer'} ${shortId(id)}${signed}${about}: ${price}, until ${renderTime(expiresAt)}`;
  const others = alternatives.flatMap((each, i) => [`  or, alternative ${i + 1}: ${each.price}`, ...indent(each.lines, 4)]);
  return ['', head, ...indent(lines), ...others];
}

function renderNext({ nid, phase, offers, agreement, asks = [], confirmBy }: NegotiationView): readonly string[] {
  const id = shortId(nid);
  if (asks.length > 0) return asks.map((ask) => `Next: ${approveCommand(ask)}   (your yes to ${describeAsk(ask)})`);
  if (phase === 'agreed') return [`Next: agent-negotiate status ${id} --bundle deal.json   (then: agent-negotiate verify deal.json)`];
  if (agreement !== undefined) return ['Next: agent-negotiate sync --wait 60s   (the other signature is due)'];
  if (confirmBy !== undefined)
    return [
      `Next: agent-negotiate sync --wait 60s   (the peer has accepted your offer; your second signature is due by ${renderTime(confirmBy)})`,
    ];
  const theirs = offers.findLast(({ by, status }) => by === 'peer' && status === 'open');
  if (phase !== 'open' && phase !== 'offered') return [];
  return theirs === undefined
    ? [`Next: agent-negotiate send ${id} TEXT, or: agent-negotiate offer ${id} --sats N`]
    : [`Next: agent-negotiate accept ${id}, or: agent-negotiate offer ${id} --sats N, or: agent-negotiate reject ${id}`];
}

function describeDeal(state: AgreementView['state']): string {
  switch (state) {
    case 'agreed':
      return 'agreed: both sides hold it';
    case 'replaced':
      return 'replaced by a later change';
    case 'closed':
      return 'closed by you, not yet acknowledged: do not act on it';
    case 'accepting':
      return 'you have signed, the peer has not: do not act on it';
    case 'sealing':
      return 'both have signed, the peer has not closed: do not act on it';
    default:
      return state satisfies never;
  }
}

// Lines of terms hold text of the peer in places; line breaks in it were indented when they were rendered.
function indent(lines: readonly string[], width = 2): readonly string[] {
  return lines.map((line) => `${' '.repeat(width)}${displayText(line.replace(/^ {2}\| /, '| '), 4_200)}`);
}
