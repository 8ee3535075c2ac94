// Who may open a channel with us: the owner's rules, and what they come to for one invite.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import type { Change, Store } from '../../store/records.ts';

const count = (most: number) => z.int().min(0).max(most);

/**
 * The rules as settings keep them. `anyone` lets strangers in; the limits are for strangers alone. Whoever is not let in waits for the
 * owner's word; whoever is blocked is not heard.
 */
export const invitePolicySchema = z.strictObject({
  anyone: z.boolean(),
  /** Public keys that are always let in, and that never are. */
  allowed: z.array(z.string()),
  blocked: z.array(z.string()).max(10_000).default([]),
  /** Lets strangers in only while a service is announced, and ends what they open about anything else. */
  announcedOnly: z.boolean().default(false),
  /** The least trust score of a stranger (ai.wot, 0 to 100); 0 looks none up. */
  minTrust: z.number().min(0).max(100).default(0),
  /** The least work that a stranger's invite must show (bits, NIP-13). */
  minWork: count(32).default(0),
  /** How many strangers are let in within an hour. */
  perHour: count(100_000).default(120),
  /** How many open channels with strangers there are at most. */
  maxOpen: count(100_000).default(1_000),
});

/** The rules. */
export type InvitePolicy = z.infer<typeof invitePolicySchema>;

const KEY = 'invites';

/** The rules as the owner last set them. Throws `store/corrupt`: rules that cannot be read must not be taken for none. */
export function readInvitePolicy(store: Store): InvitePolicy {
  try {
    return invitePolicySchema.parse(JSON.parse(store.readSetting(KEY) ?? ''));
  } catch {
    throw new NegotiateError('store/corrupt', 'The rules for invites cannot be read. Restore a copy of the home.');
  }
}

/** The change that sets the rules. */
export function writeInvitePolicy(policy: InvitePolicy): Change {
  return { kind: 'setting', key: KEY, value: JSON.stringify(policy) };
}

/** What is known when an invite is judged. */
export interface InviteFacts {
  readonly sender: Hex;
  /** Channels with the sender: whether there ever was one, and how many are open. */
  readonly isKnown: boolean;
  readonly open: number;
  /** Bits of work that the invite shows. */
  readonly work: number;
  /** The sender's trust score, once it was looked up. */
  readonly trust?: number | undefined;
  /** Strangers let in within the last hour, and open channels with strangers. */
  readonly lately: number;
  readonly strangers: number;
  /** True while a service is announced. */
  readonly isSelling: boolean;
}

/** `trust` waits for the score to be looked up; `room` for an hour to pass or channels to end; `owner` for the owner's word. */
export type InviteVerdict =
  { readonly kind: 'join' } | { readonly kind: 'drop' } | { readonly kind: 'wait'; readonly for: 'owner' | 'trust' | 'room' };

/** More channels than this nobody needs with one peer. */
const MAX_PER_PEER = 16;

const wait = (what: 'owner' | 'trust' | 'room'): InviteVerdict => ({ kind: 'wait', for: what });

/** What the rules come to for one invite. */
export function judgeInvite(policy: InvitePolicy, facts: InviteFacts): InviteVerdict {
  const { sender, isKnown, open, work, trust, lately, strangers, isSelling } = facts;
  if (policy.blocked.includes(sender)) return { kind: 'drop' };
  if (open >= MAX_PER_PEER) return wait('room');
  if (policy.allowed.includes(sender) || isKnown) return { kind: 'join' };
  if (!policy.anyone || (policy.announcedOnly && !isSelling) || work < policy.minWork) return wait('owner');
  if (policy.minTrust > 0 && trust === undefined) return wait('trust');
  if (trust !== undefined && trust < policy.minTrust) return wait('owner');
  return lately >= policy.perHour || strangers >= policy.maxOpen ? wait('room') : { kind: 'join' };
}
