// Can a peer be negotiated with: is it known, can it be invited, do its inbox relays answer, is there a channel?

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import { KINDS } from '../../marmot/profile.ts';
import type { AgentContext } from '../context.ts';
import { findInbox, lookUpPeer } from '../lookUpPeer.ts';
import { findPeerChannel } from '../openChannels.ts';
import { relaysOf } from '../relaysOf.ts';
import { countOf, dayOf, fail, pass, splitMessage, warn, type Check } from './check.ts';

const OLD_KEY_PACKAGE = 443;
const SOON_S = 3 * 86_400;
const ASK = 'Check the npub, and ask its owner which relay to use (--relay URL).';

/** Four checks of a peer, over our relays and its own; nothing that it has written is repeated. */
export async function checkPeer(context: AgentContext, peer: Hex): Promise<readonly Check[]> {
  return [
    await checkKnown(context, peer),
    await checkPackage(context, peer),
    await checkInboxOf(context, peer),
    checkChannel(context, peer),
  ];
}

async function checkKnown(context: AgentContext, peer: Hex): Promise<Check> {
  const id = 'peer';
  const kinds = [0, KINDS.relayList, KINDS.inboxRelays, KINDS.keyPackage, OLD_KEY_PACKAGE];
  const access = { purpose: 'lookup', signal: context.closing } as const;
  const { events, relays } = await (await context.pool()).fetch(relaysOf(context), [{ authors: [peer], kinds }], access);
  if (events.length > 0) return pass(id, 'Your relays know this npub.');
  if (!relays.some(({ complete }) => complete))
    return warn(id, 'No relay answered, so whether this npub is known is not known.', 'See to the relays first.');
  return fail(id, 'Your relays know nothing of this npub.', ASK);
}

async function checkPackage(context: AgentContext, peer: Hex): Promise<Check> {
  const id = 'peer-key-package';
  try {
    const { expiresAt } = (await lookUpPeer(context, peer)).keyPackage;
    if (expiresAt - context.clock.now() >= SOON_S)
      return pass(id, `It can be invited: its key package can be used until ${dayOf(expiresAt)}.`);
    return warn(id, `It can be invited, but its key package expires on ${dayOf(expiresAt)}.`, 'Ask its owner to run: agent-negotiate sync');
  } catch (error) {
    if (!isNegotiateError(error)) throw error;
    // Sentences of ours: what a peer publishes never gets into an error.
    const { finding, advice } = splitMessage(error.message);
    return error.code === 'relay/unreachable' ? warn(id, finding, advice) : fail(id, finding, advice);
  }
}

async function checkInboxOf(context: AgentContext, peer: Hex): Promise<Check> {
  const id = 'peer-inbox';
  const inbox = await findInbox(context, peer);
  const filter = { authors: [peer], kinds: [KINDS.inboxRelays], limit: 1 };
  const { relays } = await (await context.pool()).fetch(inbox, [filter], { purpose: 'lookup', signal: context.closing });
  const up = relays.filter(({ complete, reason }) => complete || reason?.startsWith('closed:') === true).length;
  const finding = `${up} of ${countOf(inbox.length, 'relay')} where it takes invites ${up === 1 ? 'answers' : 'answer'} from here.`;
  if (up === 0) return fail(id, finding, 'Check the connection; if yours is good, ask its owner which relay to use (--relay URL).');
  return up < inbox.length
    ? warn(id, finding, 'An invite goes to all of them; one is enough if its owner reads there.')
    : pass(id, finding);
}

function checkChannel({ store, clock }: AgentContext, peer: Hex): Check {
  const id = 'peer-channel';
  const channel = findPeerChannel(store, peer, clock.now());
  if (channel !== undefined) return pass(id, `There is an open channel since ${dayOf(channel.createdAt)}.`);
  return pass(id, 'There is no open channel yet.', 'One is opened by: agent-negotiate start NPUB SERVICE');
}
