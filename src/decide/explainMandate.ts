// A mandate in plain sentences: what it lets the agent do, what it asks about, and what it refuses.

import { formatSats } from '../core/money.ts';
import { renderSeconds, renderUnixSeconds } from '../negotiate/renderTime.ts';
import { describeNumber } from './bargainWords.ts';
import { directionOf } from './mandateIssues.ts';
import { ratesOfAll, ratesOfPeer, type Rates } from './mandateRates.ts';
import { PUBLICATIONS, type AskWhen, type Mandate, type MandateIssue } from './mandateSchema.ts';
import { nameOfStrategy } from './strategies/namedStrategies.ts';

const ROLES = { buyer: 'buys', seller: 'sells', both: 'buys and sells' } as const;

const QUESTIONS: Readonly<Record<AskWhen, string>> = {
  signature: 'every signature',
  'presigned-offer': 'every offer that it would sign in advance',
  'first-deal': 'the first deal with a peer',
  'unknown-trust': 'whatever it would say in a negotiation to a peer of whom nothing is known',
  'unbounded-price': 'prices without an upper limit',
  amendment: 'changes of a deal',
  'call-off': 'jobs under a framework',
  payment: 'every payment',
  'free-text': 'whatever it would say in its own words',
  publication: 'every announcement and attestation',
};

/** Explains a mandate, one sentence a line. The text holds the owner's limits: it is for the owner alone. */
export function explainMandate(mandate: Mandate): readonly string[] {
  return [
    `“${mandate.name}”: the agent ${ROLES[mandate.role]} ${listNames(mandate.services.capabilities)}.`,
    ...explainServices(mandate),
    ...explainTime(mandate),
    ...explainPeers(mandate),
    ...explainLimits(mandate),
    ...mandate.issues.map((issue) => explainIssue(mandate, issue)),
    ...explainBargain(mandate),
    ...explainTerms(mandate),
    ...explainDisclosure(mandate),
    ...explainApproval(mandate),
    ...explainPace(mandate),
    'Whatever is not said here is refused. Closing or cancelling what is signed, receipts, taking back and objecting are never held back.',
  ];
}

function explainServices({ services: { dvm_kinds: kinds, announcements } }: Mandate): readonly string[] {
  return [
    kinds === undefined ? 'Terms name no NIP-90 kind.' : `Terms may name the NIP-90 kinds ${kinds.join(', ')}.`,
    ...(announcements === undefined ? [] : [`Only services announced as ${listNames(announcements)}.`]),
  ];
}

function explainTime({ valid_from: from, valid_until: until, hours }: Mandate): readonly string[] {
  const begins = from === undefined ? [] : [`It holds from ${renderUnixSeconds(from)}.`];
  const ends =
    until === undefined ? ['It has no end.'] : [`It ends at ${renderUnixSeconds(until)}; after that, payments for signed deals ask first.`];
  const offset = hours?.utc_offset === 'Z' ? 'UTC' : `UTC${hours?.utc_offset ?? ''}`;
  return [...begins, ...ends, hours === undefined ? 'It works around the clock.' : `It works ${hours.open.join(', ')} (${offset}).`];
}

function explainPeers({ peers: { allow, deny, min_trust: trust } }: Mandate): readonly string[] {
  const who = allow.includes('*') ? 'anybody' : `${allow.length} named ${allow.length === 1 ? 'peer' : 'peers'} only`;
  return [
    `It deals with ${who}${deny.length === 0 ? '' : `, but never with ${deny.length} named`}.`,
    ...(trust === 0 ? [] : [`Peers score at least ${trust} of 100 (ai.wot); an unknown score is too low.`]),
  ];
}

function explainLimits({ limits }: Mandate): readonly string[] {
  if (limits === undefined) return ['It has no limits of money: it never pays.'];
  const { per_deal_msat: deal, per_day_msat: day, open_msat: open, open_deals: deals, unbounded_price: isOpen } = limits;
  return [
    `A deal costs at most ${formatSats(deal)}.`,
    `Within any 24 hours at most ${formatSats(day)} are paid, counting all that is promised.`,
    `At most ${formatSats(open)} are promised at once, in at most ${deals} signatures and deals.`,
    isOpen
      ? 'A price without an upper limit may be signed; no more is paid for it than for any deal.'
      : 'A price without an upper limit is never signed as a buyer.',
  ];
}

function explainIssue({ role }: Mandate, issue: MandateIssue): string {
  const { term, as, reserve, target, weight } = issue;
  const side = as ?? (role === 'both' ? undefined : role);
  const direction = directionOf(issue, side === 'seller' ? 'provider' : 'buyer');
  const show = (value: bigint): string => describeNumber(term, value);
  const limit = direction === 'lower' ? 'at most' : 'at least';
  const aim = target === undefined ? '' : `; it aims at ${show(target)}`;
  const matters = weight === undefined ? '' : `; in bargaining its weight is ${weight}`;
  return `${side === undefined ? '' : `As ${side}, `}${term} is ${limit} ${show(reserve)}${aim}${matters}.`;
}

function explainBargain({ bargain }: Mandate): readonly string[] {
  if (bargain === undefined) return [];
  const { strategy, rounds } = bargain;
  const name = nameOfStrategy(strategy) ?? `a strategy of kind ${strategy.kind} with options of your own`;
  return [`Jobs that are not told otherwise bargain by ${name}, with at most ${rounds} ${rounds === 1 ? 'offer' : 'offers'}.`];
}

function explainTerms({ terms: { required, forbidden, price_models: models, values } }: Mandate): readonly string[] {
  return [
    `Prices are ${models.join(' or ')}.`,
    ...(required.length === 0 ? [] : [`Every deal names ${required.join(', ')}.`]),
    ...(forbidden.length === 0 ? [] : [`No deal names ${forbidden.join(', ')}.`]),
    ...Object.entries(values).map(([leaf, listed]) => `${leaf} is ${listed.join(' or ')}, where it is named.`),
  ];
}

function explainDisclosure({ role, peers, disclosure }: Mandate): readonly string[] {
  const { terms, free_text: mayTalk, max_text_chars: chars, attachments } = disclosure;
  const named = terms.includes('*') ? 'all terms' : terms.join(', ');
  const { public: told = peers.allow.includes('*') ? PUBLICATIONS : ['attestation'] } = disclosure;
  const mayAnnounce = role !== 'buyer' && told.includes('announcement');
  return [
    `Openings and offers may name ${named}; no text is longer than ${chars} characters.`,
    mayTalk
      ? 'It may ask, answer, explain, describe and talk in groups in words of its own.'
      : 'It says nothing in words of its own, in terms and in public neither.',
    ...(attachments ? ['Questions and answers may name files.'] : []),
    mayAnnounce ? 'It may announce what it sells to everybody, at no price below its reserve.' : 'It announces nothing.',
    told.includes('attestation') ? 'It may attest work in public where the terms say so.' : 'It attests nothing in public.',
  ];
}

function explainApproval({ approval: { above_msat: above, when } }: Mandate): readonly string[] {
  const amounts = above === undefined ? [] : [`signatures for more than ${formatSats(above)}`];
  const asked = [...amounts, ...when.map((each) => QUESTIONS[each])];
  return [asked.length === 0 ? 'It asks about nothing.' : `It waits for your yes before: ${asked.join('; ')}.`];
}

function explainPace(mandate: Mandate): readonly string[] {
  const { signature_s: signature, offer_s: offer } = mandate.windows;
  return [
    `In all ${describeRates(ratesOfAll(mandate))}; with one peer ${describeRates(ratesOfPeer(mandate))}.`,
    `A first signature is open for at most ${renderSeconds(signature)}, an offer for at most ${renderSeconds(offer)}.`,
  ];
}

function describeRates({ moves_per_minute: minute, moves_per_hour: hour, new_per_hour: fresh }: Rates): string {
  return `at most ${minute} moves a minute, ${hour} an hour, ${fresh} new negotiations an hour`;
}

function listNames(patterns: readonly string[]): string {
  return patterns.includes('*') ? 'anything' : patterns.join(', ');
}
