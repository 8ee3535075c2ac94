// Makes a new agent: settings, key package and relay lists, saved together and then published.

import { z } from 'zod';
import { bytesToHex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { parsePublicKey } from '../nostr/npub.ts';
import { parseProxyUrl } from '../nostr/proxyUrl.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import type { AgentContext } from './context.ts';
import { drainOutbox, type DrainReport } from './drainOutbox.ts';
import { invitePolicySchema, writeInvitePolicy } from './inbox/invitePolicy.ts';
import { queueKeyPackage, queueRelayLists } from './publishIdentity.ts';
import { MAX_RELAYS } from './relaysOf.ts';
import { writeAttestDelay, writeProxy, writeSetting } from './settings.ts';
import { whoami, type Identity } from './whoami.ts';
import { beginWork, saveWork } from './work.ts';

/** Relays of an agent whose owner names none. */
const DEFAULT_RELAYS = ['wss://relay.damus.io', 'wss://nos.lol', 'wss://relay.primal.net'];
const LONGEST_ATTEST_DELAY_S = 30 * 86_400;

/**
 * Where the agent is reached, and who may invite it: `ask` (the owner decides each time), `anyone`, or a list of npubs. `proxy` is the
 * SOCKS5 proxy that every relay is reached through; `attestDelayS` is how long attestations wait on average, in seconds.
 */
export const initInput = z.strictObject({
  relays: z.array(z.string()).max(MAX_RELAYS).default([]),
  invites: z.union([z.enum(['ask', 'anyone']), z.array(z.string())]).default('ask'),
  proxy: z.string().optional(),
  attestDelayS: z.number().min(0).max(LONGEST_ATTEST_DELAY_S).optional(),
});

/** The new agent, and what publishing came to. */
export interface InitResult extends Identity {
  readonly published: DrainReport;
}

/** Writes a new agent into an empty store and publishes it. Throws `home/exists`, `relay/invalid-url`, `input/invalid`. */
export async function init(context: AgentContext, input: z.infer<typeof initInput>): Promise<InitResult> {
  const { store, pubkey, rng } = context;
  if (store.readSetting('pubkey') !== undefined) {
    throw new NegotiateError('home/exists', 'There is an agent in this home already. Use it as it is, or choose another --home.');
  }
  const relays = [...new Set((input.relays.length > 0 ? input.relays : DEFAULT_RELAYS).map(parseRelayUrl))];
  const allowed = typeof input.invites === 'string' ? [] : input.invites.map(parsePublicKey);
  const proxy = input.proxy === undefined ? undefined : parseProxyUrl(input.proxy);
  store.save([
    writeSetting('slot', bytesToHex(rng.bytes(32))),
    writeSetting('relays', relays),
    writeInvitePolicy(invitePolicySchema.parse({ anyone: input.invites === 'anyone', allowed })),
    writeSetting('wrapsFetchedUntil', context.clock.now()),
    writeProxy(proxy),
    writeAttestDelay(input.attestDelayS),
  ]);
  const work = beginWork(context);
  await queueRelayLists(work, relays);
  await queueKeyPackage(work);
  // Last, in one step with the key package: a home that has it is whole.
  work.changes.push(writeSetting('pubkey', pubkey));
  saveWork(work);
  const published = await drainOutbox(context, { force: true });
  return { ...whoami(context), published };
}
