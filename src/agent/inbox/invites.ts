// Shows and changes who may open a channel with this agent.

import { z } from 'zod';
import { encodeNpub, parsePublicKey } from '../../nostr/npub.ts';
import type { AgentContext } from '../context.ts';
import { joinWaiting } from '../receiveWraps.ts';
import { invitePolicySchema, readInvitePolicy, writeInvitePolicy, type InvitePolicy } from './invitePolicy.ts';

const peers = z.array(z.string()).max(1_000).default([]);

/** What to change; nothing of it shows the rules as they are. Peers are npubs or hex keys. */
export const invitesInput = z.strictObject({
  /** `ask` lets nobody new in, `anyone` lets strangers in within the limits. */
  who: z.enum(['ask', 'anyone']).optional(),
  allow: peers,
  block: peers,
  /** Takes peers off both lists. */
  forget: peers,
  announcedOnly: z.boolean().optional(),
  minTrust: z.number().min(0).max(100).optional(),
  minWork: z.int().min(0).max(32).optional(),
  perHour: z.int().min(0).max(100_000).optional(),
  maxOpen: z.int().min(0).max(100_000).optional(),
});

/** The rules, and who waits; `work` counts bits (NIP-13). */
export interface InvitesView extends Omit<InvitePolicy, 'allowed' | 'blocked'> {
  readonly allowed: readonly string[];
  readonly blocked: readonly string[];
  readonly waiting: readonly { readonly from: string; readonly receivedAt: number }[];
  /** Who was let in by what has just changed. */
  readonly joined: readonly string[];
}

/** Changes the rules, lets in who may come in now, and shows them. Throws `input/invalid`. */
export async function invites(context: AgentContext, input: z.infer<typeof invitesInput>): Promise<InvitesView> {
  const { store } = context;
  const { who, allow, block, forget, ...limits } = input;
  const before = readInvitePolicy(store);
  const [added, barred, dropped] = [allow, block, forget].map((list) => list.map(parsePublicKey));
  const changed = invitePolicySchema.parse({
    ...before,
    ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    ...(who === undefined ? {} : { anyone: who === 'anyone' }),
    allowed: edit(before.allowed, added, [...(barred ?? []), ...(dropped ?? [])]),
    blocked: edit(before.blocked, barred, [...(added ?? []), ...(dropped ?? [])]),
  });
  const isChanged = JSON.stringify(changed) !== JSON.stringify(before);
  if (isChanged) store.save([writeInvitePolicy(changed)]);
  const joined = isChanged ? (await joinWaiting(context)).joined : [];
  return {
    ...changed,
    allowed: changed.allowed.map(encodeNpub),
    blocked: changed.blocked.map(encodeNpub),
    waiting: store.listInvites().map(({ sender, receivedAt }) => ({ from: encodeNpub(sender), receivedAt })),
    joined: joined.map(encodeNpub),
  };
}

function edit(list: readonly string[], added: readonly string[] = [], removed: readonly string[] = []): readonly string[] {
  return [...new Set([...list, ...added])].filter((each) => !removed.includes(each));
}
