// The rules of a mandate about what goes out to everybody: announcements of services, and attestations.

import { checkPace } from './mandateAmounts.ts';
import type { Action, PublicAction } from './mandateAction.ts';
import type { Facts, PublicFacts } from './mandateFacts.ts';
import { matchesAny } from './mandatePatterns.ts';
import type { Mandate, Publication } from './mandateSchema.ts';
import { checkNamedTerm, checkOwnWords, checkText } from './mandateSpeech.ts';
import { askIf, denyIf, type Finding } from './mandateVerdict.ts';
import { checkDenied, checkRole, checkService, checkTime } from './mandateWho.ts';

type Findings = readonly Finding[];

/** What stands where a service is not described. */
export const NO_DESCRIPTION = 'No description.';

/** A service that is announced: when, as whom, which service, in which words, at which price, and how often. */
export function checkAnnouncement(mandate: Mandate, action: PublicAction, facts: PublicFacts): Findings {
  const { service: announcement, name, description, capabilities, priceMsat } = action;
  return [
    ...checkTime(mandate, facts),
    ...checkRole(mandate, { role: 'provider' }),
    ...checkPublic(mandate, 'announcement'),
    ...denyIf(capabilities.length === 0, 'service', 'services.capabilities'),
    ...capabilities.flatMap((service) => checkService(mandate, { service, announcement })),
    ...checkNamedTerm(mandate, '/service/capability'),
    ...(priceMsat === undefined ? [] : [...checkNamedTerm(mandate, '/price'), ...checkListPrice(mandate, priceMsat)]),
    ...[name, description].flatMap((text) => checkText(mandate, text)),
    ...checkOwnWords(mandate, !isPlain(mandate, action)),
    ...checkPace(mandate, facts.all),
  ];
}

/** An attestation says nothing but that the work is done; what may be published is agreed to in the terms. */
export function checkAttestation(mandate: Mandate, facts: Facts): Findings {
  return [...checkTime(mandate, facts), ...checkDenied(mandate, facts), ...checkPublic(mandate, 'attestation')];
}

/** Whether anything of the kind may go out. Where only some may be dealt with, who reads an announcement is none of them. */
function checkPublic({ disclosure, peers, approval }: Mandate, what: Publication): Findings {
  const named = disclosure.public;
  return [
    ...denyIf(named !== undefined && !named.includes(what), 'not-public', 'disclosure.public'),
    ...denyIf(named === undefined && what === 'announcement' && !peers.allow.includes('*'), 'peer-not-allowed', 'peers.allow'),
    ...askIf(approval.when.includes('publication'), 'publication', 'approval.when'),
  ];
}

/** A price that is asked for in public and is below what is agreed to would only tell everybody where to begin. */
function checkListPrice({ issues }: Mandate, priceMsat: bigint): Findings {
  return issues.flatMap(({ term, as, reserve }, i) =>
    denyIf(term === '/price' && as !== 'buyer' && priceMsat < reserve, 'reserve', `issues[${i}].reserve`),
  );
}

/** True where it says no more than which capability is on sale, under an identifier that the owner has named. */
function isPlain({ services }: Mandate, { service, name, description, capabilities }: Extract<Action, { kind: 'publish' }>): boolean {
  const isKnown = (text: string): boolean =>
    capabilities.includes(text) || (services.announcements !== undefined && matchesAny(services.announcements, text));
  return isKnown(service) && isKnown(name) && description === NO_DESCRIPTION;
}
