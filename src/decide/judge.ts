// May the agent do this? One pure function for every move, signature, payment and public word; what it is not told counts against it.

import type { Action, GroupAction, PublicAction } from './mandateAction.ts';
import type { Facts, GroupFacts, PublicFacts } from './mandateFacts.ts';
import { checkOfferWindow, checkPayment, checkRates, checkSignature, checkSignatureWindow } from './mandateAmounts.ts';
import { checkAnnouncement, checkAttestation } from './mandatePublic.ts';
import { checkOwnWords, checkSaid, checkText, checkWords, isPlainReject } from './mandateSpeech.ts';
import { checkBinding } from './mandateTerms.ts';
import { checkDenied, checkNamed, checkPeer, checkRole, checkService, checkTime } from './mandateWho.ts';
import type { Mandate } from './mandateSchema.ts';
import { askIf, conclude, denyIf, type Finding, type Verdict } from './mandateVerdict.ts';

/**
 * Judges what the agent is about to do. Duties (closing or cancelling what is signed, receipts, errors, taking back, reporting, objecting)
 * are always allowed: they bind to nothing new, and to hold them back would be a breach. Never throws.
 *
 * @example judge(mandate, { kind: 'duty', type: 'close' }, facts) // { verdict: 'allow', reasons: [] }
 */
export function judge(mandate: Mandate, action: Action, facts: Facts): Verdict {
  return conclude(findReasons(mandate, action, facts));
}

/**
 * Judges what the agent is about to do in a group: whom it brings in, and what it says to whom. No trust is asked for, as nothing is dealt
 * in there. Never throws.
 */
export function judgeInGroup(mandate: Mandate, action: GroupAction, facts: GroupFacts): Verdict {
  return conclude(findGroupReasons(mandate, action, facts));
}

/** Judges what the agent is about to tell everybody. Never throws. */
export function judgeInPublic(mandate: Mandate, action: PublicAction, facts: PublicFacts): Verdict {
  return conclude(checkAnnouncement(mandate, action, facts));
}

function findReasons(mandate: Mandate, action: Action, facts: Facts): readonly Finding[] {
  switch (action.kind) {
    case 'duty':
      return [];
    case 'reject':
      return judgeReject(mandate, action, facts);
    case 'perform':
      return [...checkDenied(mandate, facts), ...(action.text === undefined ? [] : checkWords(mandate, action.text))];
    case 'attest':
      return checkAttestation(mandate, facts);
    case 'blind':
      return denyIf(true, 'unknown-terms', '');
    case 'talk':
      return [
        ...checkWho(mandate, facts),
        ...checkWords(mandate, action.text),
        ...denyIf(action.files.length > 0 && !mandate.disclosure.attachments, 'attachments', 'disclosure.attachments'),
        ...action.files.flatMap(({ name }) => checkText(mandate, name)),
      ];
    case 'open':
      return judgeOpening(mandate, action, facts);
    case 'offer':
      return judgeOffer(mandate, action, facts);
    case 'sign':
      return [
        ...checkWho(mandate, facts),
        ...checkBinding(mandate, action.terms, facts),
        ...checkSignature(mandate, action, [action.terms], facts),
        ...(action.confirmBy === undefined ? [] : checkSignatureWindow(mandate, action.confirmBy, facts)),
      ];
    case 'say':
    case 'invite':
      return findGroupReasons(mandate, action, facts);
    case 'publish':
      return checkAnnouncement(mandate, action, facts);
    case 'pay':
      return [...checkDenied(mandate, facts), ...checkRole(mandate, facts), ...checkPayment(mandate, action, facts)];
    default:
      return action satisfies never;
  }
}

function findGroupReasons(mandate: Mandate, action: GroupAction, facts: GroupFacts): readonly Finding[] {
  const who = action.members.flatMap((member) => checkNamed(mandate, member));
  if (action.kind === 'invite') return who;
  return [...checkTime(mandate, facts), ...who, ...checkRates(mandate, facts), ...checkWords(mandate, action.text)];
}

/** Who, when, about what, and how often. */
function checkWho(mandate: Mandate, facts: Facts): readonly Finding[] {
  return [
    ...checkTime(mandate, facts),
    ...checkRole(mandate, facts),
    ...checkPeer(mandate, facts),
    ...checkService(mandate, facts),
    ...checkRates(mandate, facts),
  ];
}

/** To decline is always possible without words; words are said as any others are. */
function judgeReject(mandate: Mandate, action: Extract<Action, { kind: 'reject' }>, facts: Facts): readonly Finding[] {
  const text = action.text === undefined ? [] : checkText(mandate, action.text);
  return isPlainReject(action) ? text : [...checkWho(mandate, facts), ...checkOwnWords(mandate, true), ...text];
}

/** What an opening wishes for binds nobody; it is judged by what it tells. */
function judgeOpening(mandate: Mandate, action: Extract<Action, { kind: 'open' }>, facts: Facts): readonly Finding[] {
  const { service, requirements, terms } = action;
  // The sentence that stands where nobody had anything to say.
  const isPlain = requirements === `I need: ${service}` || requirements === `I offer: ${service}`;
  return [
    ...checkWho(mandate, facts),
    ...(isPlain ? checkText(mandate, requirements) : checkWords(mandate, requirements)),
    ...(terms === undefined ? [] : checkSaid(mandate, terms, [requirements])),
    ...checkOfferWindow(mandate, action.expiresAt, facts),
  ];
}

/** What an offer says is told, and we would be held to it; a signed one is a signature besides. */
function judgeOffer(mandate: Mandate, action: Extract<Action, { kind: 'offer' }>, facts: Facts): readonly Finding[] {
  const { terms, expiresAt, isSigned } = action;
  const plain = [
    ...checkWho(mandate, facts),
    ...terms.flatMap((each) => [...checkSaid(mandate, each, facts.heard), ...checkBinding(mandate, each, facts)]),
    ...checkOfferWindow(mandate, expiresAt, facts),
  ];
  if (!isSigned) return plain;
  return [
    ...plain,
    ...checkSignature(mandate, action, terms, facts),
    ...checkSignatureWindow(mandate, expiresAt, facts),
    ...askIf(mandate.approval.when.includes('presigned-offer'), 'presigned-offer', 'approval.when'),
  ];
}
