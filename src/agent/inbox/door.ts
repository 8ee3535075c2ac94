// The door for one pass: what is known of everybody who may knock, read once, and kept up to date as they come in.

import type { Hex } from '../../core/bytes.ts';
import { countZeroBits } from '../../nostr/proofOfWork.ts';
import type { Change } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { listSold } from '../announcedServices.ts';
import { judgeInvite, readInvitePolicy, type InviteVerdict } from './invitePolicy.ts';
import { isLate, readStrangers, writeStrangers } from './strangers.ts';

/** Judges who may come in. */
export interface Door {
  /** `wrapId` shows the work; `trust` is the sender's score, if it was looked up. */
  judge(sender: Hex, wrapId: Hex, trust?: number): InviteVerdict;
  /** Counts somebody who comes in; the change to save along with the channel. */
  admit(sender: Hex, channel: Hex): readonly Change[];
}

/** Opens the door. Throws `store/corrupt`. */
export function openDoor({ store, clock }: AgentContext): Door {
  const now = clock.now();
  const policy = readInvitePolicy(store);
  const [known, open] = [new Set<Hex>(), new Map<Hex, number>()];
  const openIds = new Set<Hex>();
  const count = (peer: Hex): void => void open.set(peer, (open.get(peer) ?? 0) + 1);
  for (const { id, peer, endedAt } of store.listChannels()) {
    if (peer !== undefined) known.add(peer);
    if (endedAt !== undefined) continue;
    openIds.add(id);
    if (peer !== undefined) count(peer);
  }
  const isSelling = listSold(store).length > 0;
  let strangers = readStrangers(store).filter((each) => openIds.has(each.channel) || isLate(each, now));
  return {
    judge: (sender, wrapId, trust) =>
      judgeInvite(policy, {
        ...{ sender, trust, isSelling, isKnown: known.has(sender), open: open.get(sender) ?? 0, work: countZeroBits(wrapId) },
        lately: strangers.filter((each) => isLate(each, now)).length,
        strangers: strangers.filter(({ channel }) => openIds.has(channel)).length,
      }),
    admit: (sender, channel) => {
      const isStranger = !policy.allowed.includes(sender) && !known.has(sender);
      known.add(sender);
      openIds.add(channel);
      count(sender);
      if (!isStranger) return [];
      strangers = [...strangers, { channel, at: now }];
      return [writeStrangers(strangers)];
    },
  };
}
