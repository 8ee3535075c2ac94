// The rules of a mandate about when, in which role, with whom and about what the agent acts.

import type { Hex } from '../core/bytes.ts';
import { matchesAny } from './mandatePatterns.ts';
import type { Facts } from './mandateFacts.ts';
import { isWithinHours } from './mandateHours.ts';
import type { Mandate } from './mandateSchema.ts';
import { askIf, denyIf, type Finding } from './mandateVerdict.ts';

type Findings = readonly Finding[];

const LATEST_S = 253_402_300_799;

/** The mandate's time and its opening hours. */
export function checkTime(
  { valid_from: from, valid_until: until, hours }: Mandate,
  { now, latestAt }: Pick<Facts, 'now' | 'latestAt'>,
): Findings {
  if (!isTime(now)) return denyIf(true, 'clock', '');
  // What a clock has passed once is past.
  const latest = Math.max(now, isTime(latestAt) ? latestAt : 0);
  return [
    ...denyIf(from !== undefined && now < from, 'not-yet-valid', 'valid_from'),
    ...denyIf(until !== undefined && latest > until, 'expired', 'valid_until'),
    ...denyIf(hours !== undefined && !isWithinHours(hours, now), 'outside-hours', 'hours.open'),
  ];
}

/** True for unix seconds of four-digit years. */
export function isTime(at: number): boolean {
  return Number.isSafeInteger(at) && at >= 0 && at <= LATEST_S;
}

/** A deal that is signed is paid for after the mandate's end only when the owner says so. */
export function checkTimeToPay({ valid_from: from, valid_until: until }: Mandate, { now, latestAt }: Facts): Findings {
  if (!isTime(now)) return denyIf(true, 'clock', '');
  return [
    ...askIf(until !== undefined && Math.max(now, latestAt) > until, 'after-end', 'valid_until'),
    ...denyIf(from !== undefined && now < from, 'not-yet-valid', 'valid_from'),
  ];
}

/** The role in the deal. */
export function checkRole({ role }: Mandate, facts: Pick<Facts, 'role'>): Findings {
  const mine = facts.role === 'buyer' ? 'buyer' : 'seller';
  return denyIf(role !== 'both' && role !== mine, 'role', 'role');
}

/** Somebody whom the owner has shut out gets nothing more, signed or not. */
export function checkDenied({ peers }: Mandate, { peer }: Pick<Facts, 'peer'>): Findings {
  return denyIf(peers.deny.includes(peer), 'peer-denied', 'peers.deny');
}

/** Whether a peer is denied or not among the allowed. */
export function checkNamed(mandate: Mandate, peer: Hex): Findings {
  const { allow } = mandate.peers;
  return [...checkDenied(mandate, { peer }), ...denyIf(!allow.includes('*') && !allow.includes(peer), 'peer-not-allowed', 'peers.allow')];
}

/** The peer: denied, allowed, trusted. */
export function checkPeer(mandate: Mandate, facts: Facts): Findings {
  const { peers, approval } = mandate;
  const { peer, trust } = facts;
  const isKnown = trust !== undefined && Number.isFinite(trust);
  return [
    ...checkNamed(mandate, peer),
    ...denyIf(peers.min_trust > 0 && !isKnown, 'trust-unknown', 'peers.min_trust'),
    ...denyIf(isKnown && trust < peers.min_trust, 'trust-low', 'peers.min_trust'),
    ...askIf(!isKnown && approval.when.includes('unknown-trust'), 'unknown-trust', 'approval.when'),
  ];
}

/** What the negotiation is about. */
export function checkService({ services }: Mandate, { service, announcement }: Pick<Facts, 'service' | 'announcement'>): Findings {
  const { capabilities, announcements } = services;
  const isAnnounced = announcements === undefined || (announcement !== undefined && matchesAny(announcements, announcement));
  return [
    ...denyIf(!matchesAny(capabilities, service), 'service', 'services.capabilities'),
    ...denyIf(!isAnnounced, 'announcement', 'services.announcements'),
  ];
}
