// The verbs that only look: whoami, list, status, history.

import { NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { printRemark, printResult, writeOwnFile, type CommonOptions } from '../io.ts';
import { renderMove, renderNegotiation, renderSummary, renderTime } from '../render.ts';
import { useAgent } from '../useAgent.ts';

/** Options of `status`. */
export interface StatusOptions extends CommonOptions {
  readonly bundle?: string;
  readonly agreement?: string;
}

/** Shows the identity. */
export async function runWhoami(options: CommonOptions): Promise<void> {
  const home = findHome(options.home);
  const identity = await useAgent(options, 'read', (agent) => agent.whoami());
  const { anyone, allowed } = identity.invites;
  printResult(options, { ...identity, home }, () => [
    `npub     ${identity.npub}`,
    ...(identity.key === 'bunker' ? ['signer   your bunker (NIP-46) holds the key'] : []),
    `relays   ${identity.relays.join(' ')}`,
    ...(identity.proxy === undefined ? [] : [`proxy    ${identity.proxy}`]),
    `invites  ${anyone ? 'anyone may invite this agent' : `ask the owner${allowed.length > 0 ? `, except from ${allowed.join(' ')}` : ''}`}`,
    ...(identity.keyPackageExpiresAt === undefined ? [] : [`key      package valid until ${renderTime(identity.keyPackageExpiresAt)}`]),
    `home     ${home}`,
  ]);
}

/** Lists negotiations and invites. */
export async function runList(options: CommonOptions): Promise<void> {
  const listing = await useAgent(options, 'read', (agent) => agent.list());
  const { negotiations, invites } = listing;
  printResult(options, listing, () => [
    ...negotiations.flatMap(renderSummary),
    ...(negotiations.length === 0 ? ['No negotiations yet. Start one with: agent-negotiate start NPUB SERVICE'] : []),
    ...invites.map(({ from }) => `Invite from ${from}; to let it in, run: agent-negotiate sync --from ${from}`),
  ]);
}

/** Shows one negotiation and writes its bundle where it is wanted. */
export async function runStatus(nid: string, options: StatusOptions): Promise<void> {
  const named = options.agreement === undefined ? {} : { agreement: options.agreement };
  const status = await useAgent(options, 'read', (agent) => agent.status({ nid, ...named }));
  if (options.bundle !== undefined) writeBundle(options.bundle, status.bundle);
  printResult(options, status, () => renderNegotiation(status));
}

/** Shows the conversation. */
export async function runHistory(nid: string, options: CommonOptions): Promise<void> {
  const history = await useAgent(options, 'read', (agent) => agent.history({ nid }));
  printResult(options, history, () => history.moves.flatMap(renderMove));
}

function writeBundle(path: string, bundle: string | undefined): void {
  if (bundle === undefined) {
    throw new NegotiateError('negotiation/refused', 'There is no bundle yet: the deal is not closed. Run: agent-negotiate sync --wait 60s');
  }
  writeOwnFile(path, bundle);
  printRemark(`The bundle is in ${path}`);
}
