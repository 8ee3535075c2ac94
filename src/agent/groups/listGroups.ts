// Lists groups, and shows one with what was said in it.

import { z } from 'zod';
import { encodeNpub } from '../../nostr/npub.ts';
import type { AgentContext } from '../context.ts';
import { findGroup, viewGroup, type GroupView } from './viewGroup.ts';

/** Every group and channel, newest first. */
export function listGroups({ store }: AgentContext): { readonly groups: readonly GroupView[] } {
  return { groups: store.listChannels().map(viewGroup) };
}

/** Which group to show, by the first digits of its id, and at most how many of its messages. */
export const showGroupInput = z.strictObject({ group: z.string(), limit: z.int().min(0).max(1_000).default(50) });

/** Something said in a group. */
export interface GroupMessage {
  readonly id: string;
  /** npub of the author, or `me`. */
  readonly by: string;
  readonly text: string;
  /** Unix seconds, as the author says. */
  readonly at: number;
  /** True when the group has gone on without it: other members may not have read it. */
  readonly isWithdrawn: boolean;
}

/** A group with its newest messages, oldest first. */
export interface ShownGroup extends GroupView {
  readonly messages: readonly GroupMessage[];
}

/** Shows a group. Throws `input/not-found`, `input/ambiguous`. */
export function showGroup({ store, pubkey }: AgentContext, { group, limit }: z.infer<typeof showGroupInput>): ShownGroup {
  const record = findGroup(store, group);
  const messages = store.listMessages(record.id).map(({ id, author, text, at, isWithdrawn }) => ({
    id,
    by: author === pubkey ? 'me' : encodeNpub(author),
    text,
    at,
    isWithdrawn,
  }));
  return { ...viewGroup(record), messages: limit === 0 ? [] : messages.slice(-limit) };
}
