// `init`: makes a new agent.

import { createAgent } from '../../agent/compose.ts';
import { hexToBytes, isHex32 } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { onApprovalUrl, printResult, readFileOrStdin, type CommonOptions } from '../io.ts';
import { parseDuration } from '../parseValues.ts';

/** Options of `init`. */
export interface InitOptions extends CommonOptions {
  readonly invites?: string;
  readonly keyFile?: string;
  readonly bunker?: string;
  readonly proxy?: string;
  readonly attestDelay?: string;
}

/** Makes the agent and says how others reach it. */
export async function runInit(options: InitOptions): Promise<void> {
  // Before both are read: stdin can be read once.
  if (options.keyFile !== undefined && options.bunker !== undefined)
    throw new NegotiateError('input/invalid', 'The key is either in the home or in the bunker. Give --key-file or --bunker, not both.');
  const home = findHome(options.home);
  const { invites = 'ask', keyFile, bunker, relay = [], proxy, attestDelay } = options;
  const created = await createAgent({
    home,
    relays: [...relay],
    invites: invites === 'ask' || invites === 'anyone' ? invites : invites.split(','),
    ...(proxy === undefined ? {} : { proxy }),
    ...(attestDelay === undefined ? {} : { attestDelayS: parseDuration(attestDelay) }),
    ...(keyFile === undefined ? {} : { secretKey: readSecretKey(keyFile) }),
    ...(bunker === undefined ? {} : { bunkerUrl: readFileOrStdin(bunker).trim() }),
    onApprovalUrl,
  });
  printResult(options, { ...created, home }, () => [
    'Your agent is ready.',
    `  npub     ${created.npub}`,
    `  relays   ${created.relays.join(' ')}`,
    ...(created.key === 'bunker' ? ['  key      in your bunker'] : []),
    ...(created.proxy === undefined ? [] : [`  proxy    ${created.proxy}`]),
    `  home     ${home}`,
    '',
    ...describePublished(created.published.waiting),
    'Anyone can now start a negotiation with it:',
    `  agent-negotiate start ${created.npub} SERVICE`,
  ]);
}

function describePublished(waiting: number): readonly string[] {
  return waiting === 0 ? [] : ['No relay could be reached for all of it yet; to publish the rest, run: agent-negotiate sync', ''];
}

function readSecretKey(path: string): Uint8Array {
  const text = readFileOrStdin(path).trim();
  if (isHex32(text)) return hexToBytes(text);
  throw new NegotiateError('input/invalid', 'The key file must hold a secret key as 64 hex digits and nothing else.');
}
