// Announces services, changes and withdraws them; what was announced is remembered, so that nothing is published twice in vain.

import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import type { PublicAction } from '../decide/mandateAction.ts';
import { isPassing } from '../decide/mandateVerdict.ts';
import { formatAnnouncedPrice } from '../discover/announcement.ts';
import { buildAnnouncement, withdrawAnnouncement, type AnnouncementDraft } from '../discover/buildAnnouncement.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import type { EventTemplate } from '../nostr/event.ts';
import type { AgentContext } from './context.ts';
import { drainOutbox, type DrainReport } from './drainOutbox.ts';
import { announcementOf, servicesSchema } from './jobs/service.ts';
import { codesOf } from './mandate/mandateError.ts';
import { permitAnnouncements, reviewInPublic } from './mandate/permit.ts';
import { relaysOf } from './relaysOf.ts';
import { toQueued } from './sealMoves.ts';
import { readServices, writeServices, type AnnouncedService } from './announcedServices.ts';
import { beginWork, saveWork, type Work } from './work.ts';

/** Which services to announce (as `serve` has them), and the ids of those to withdraw. With neither, what is announced is shown. */
export const announceInput = z.strictObject({
  services: servicesSchema.default([]),
  withdraw: z.array(z.string()).default([]),
  /** The owner says yes to what his mandate would ask him about. */
  isApproved: z.boolean().optional(),
});

/** A service as it stands announced. */
export interface AnnouncementView {
  readonly service: string;
  readonly name: string;
  readonly capabilities: readonly string[];
  readonly price?: string;
  /** Codes and places of the owner's mandate where that would not let it be announced by now. */
  readonly against?: string;
}

/** What is announced now, what was changed, and what publishing came to. */
export interface AnnounceResult {
  readonly services: readonly AnnouncementView[];
  readonly announced: readonly string[];
  readonly withdrawn: readonly string[];
  readonly published: DrainReport;
}

/**
 * Announces and withdraws. Throws `input/invalid` for a service that cannot be announced, `input/not-found` for one that is not, `mandate/…`
 * for one that the owner's mandate does not allow; then nothing is announced. To withdraw is always allowed.
 */
export async function announce(context: AgentContext, input: z.output<typeof announceInput>): Promise<AnnounceResult> {
  const known = new Map(readServices(context.store).map((each) => [each.draft.service, each]));
  const work = beginWork(context, input.isApproved);
  const all = input.services.map((service, i) => ({ draft: announcementOf(service), place: i + 1 }));
  const fresh = all.filter(({ draft }) => !isAnnounced(known.get(draft.service), draft));
  // Before the key is asked for any of them.
  await permitAnnouncements(
    work,
    fresh.map(({ draft, place }) => ({ action: toPublicAction(draft), place })),
  );
  const drafts = fresh.map(({ draft }) => draft);
  for (const draft of drafts) {
    const at = after(known.get(draft.service), work.now);
    await queue(work, buildAnnouncement(draft, at));
    known.set(draft.service, { draft, at });
  }
  for (const service of input.withdraw) {
    const announced = known.get(service);
    if (announced === undefined || announced.isWithdrawn === true) {
      throw new NegotiateError('input/not-found', 'No such service is announced. See: agent-negotiate announce');
    }
    const at = after(announced, work.now);
    for (const template of withdrawAnnouncement(context.pubkey, announced.draft, at)) await queue(work, template);
    known.set(service, { ...announced, at, isWithdrawn: true });
  }
  if (drafts.length + input.withdraw.length > 0) {
    work.changes.push(writeServices([...known.values()]));
    saveWork(work);
  }
  const published = await drainOutbox(context, { force: true });
  const standing = [...known.values()].filter(({ isWithdrawn }) => isWithdrawn !== true);
  const services = await Promise.all(standing.map(({ draft }) => viewStanding(context, draft)));
  return { services, announced: drafts.map(({ service }) => service), withdrawn: input.withdraw, published };
}

// A relay keeps the later of two announcements: one made within the same second must still be later.
function after(known: AnnouncedService | undefined, now: number): number {
  return known === undefined ? now : Math.max(now, known.at + 1);
}

async function queue(work: Work, template: EventTemplate, relays = relaysOf(work.context)): Promise<void> {
  const event = await signExactly(await work.context.signer(), template);
  work.changes.push({ kind: 'queue', record: toQueued(work, event, 'identity', relays) });
}

/** Announces once more what is announced, at these relays. Returns how many stay where they are, since the owner's mandate refuses them by now. */
export async function queueAnnouncements(work: Work, relays: readonly string[]): Promise<number> {
  const known = readServices(work.context.store);
  const next: AnnouncedService[] = [];
  let withheld = 0;
  for (const each of known) {
    const isRefused = each.isWithdrawn !== true && (await findRefusal(work, each.draft)) !== undefined;
    if (isRefused) withheld += 1;
    if (each.isWithdrawn === true || isRefused) next.push(each);
    else {
      const at = after(each, work.now);
      await queue(work, buildAnnouncement(each.draft, at), relays);
      next.push({ ...each, at });
    }
  }
  if (known.length > 0) work.changes.push(writeServices(next));
  return withheld;
}

/** Why the owner's mandate would refuse by now what everybody has been told; what only waits for its hour, or was asked about once, is no refusal. */
async function findRefusal(work: Work, draft: AnnouncementDraft): Promise<string | undefined> {
  const verdict = await reviewInPublic(work, toPublicAction(draft));
  return verdict.verdict === 'deny' && !isPassing(verdict) ? codesOf(verdict.reasons) : undefined;
}

async function viewStanding(context: AgentContext, draft: AnnouncementDraft): Promise<AnnouncementView> {
  const against = await findRefusal(beginWork(context), draft);
  return { ...viewDraft(draft), ...(against === undefined ? {} : { against }) };
}

/** What an announcement is for the owner's mandate. */
function toPublicAction({ service, name, description, capabilities, price }: AnnouncementDraft): PublicAction {
  return { kind: 'publish', type: 'announcement', service, name, description, capabilities, priceMsat: price?.amountMsat };
}

function viewDraft({ service, name, capabilities, price }: AnnouncementDraft): AnnouncementView {
  return { service, name, capabilities, ...(price === undefined ? {} : { price: formatAnnouncedPrice(price) }) };
}

function isAnnounced(known: AnnouncedService | undefined, draft: AnnouncementDraft): boolean {
  if (known === undefined || known.isWithdrawn === true) return false;
  const text = (each: AnnouncementDraft): string =>
    JSON.stringify(each, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return text(known.draft) === text(draft);
}
