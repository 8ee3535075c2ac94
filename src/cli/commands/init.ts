// `init`: makes a new agent.

import { createAgent, type HomeKey } from '../../agent/compose.ts';
import { hexToBytes, isHex32 } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { findHome } from '../findHome.ts';
import { askNewKey, describeMethod, readMethod, readPassphrase } from '../homeKey.ts';
import { onApprovalUrl, printResult, readFileOrStdin, type CommonOptions } from '../io.ts';
import { parseDuration } from '../parseValues.ts';

/** Options of `init`. */
export interface InitOptions extends CommonOptions {
  readonly invites?: string;
  readonly keyFile?: string;
  readonly bunker?: string;
  readonly proxy?: string;
  readonly attestDelay?: string;
  readonly protect?: string;
  readonly homeKeyFile?: string;
}

/** Makes the agent and says how others reach it. */
export async function runInit(options: InitOptions): Promise<void> {
  // Before both are read: stdin can be read once.
  if (options.keyFile !== undefined && options.bunker !== undefined)
    throw new NegotiateError('input/invalid', 'The key is either in the home or in the bunker. Give --key-file or --bunker, not both.');
  const home = findHome(options.home);
  // `--key-file` is the identity's here.
  const named = { ...omitKeyFile(options), ...(options.homeKeyFile === undefined ? {} : { keyFile: options.homeKeyFile }) };
  const key = options.protect === undefined ? undefined : await askNewKey(readMethod(options.protect), named);
  const { invites = 'ask', keyFile, bunker, relay = [], proxy, attestDelay } = options;
  const created = await createAgent({
    home,
    relays: [...relay],
    invites: invites === 'ask' || invites === 'anyone' ? invites : invites.split(','),
    ...(proxy === undefined ? {} : { proxy }),
    ...(attestDelay === undefined ? {} : { attestDelayS: parseDuration(attestDelay) }),
    ...(keyFile === undefined ? {} : { secretKey: await readSecretKey(keyFile, options.passphraseFile, key) }),
    ...(bunker === undefined ? {} : { bunkerUrl: readFileOrStdin(bunker).trim() }),
    onApprovalUrl,
    key,
  });
  printResult(options, { ...created, home, ...(key === undefined ? {} : { protected: key.kind }) }, () => [
    'Your agent is ready.',
    `  npub     ${created.npub}`,
    `  relays   ${created.relays.join(' ')}`,
    ...(created.key === 'bunker' ? ['  key      in your bunker'] : []),
    ...(created.proxy === undefined ? [] : [`  proxy    ${created.proxy}`]),
    `  home     ${home}`,
    ...(key === undefined ? [] : [`  opened   ${describeMethod(key.kind)}`]),
    '',
    ...describePublished(created.published.waiting),
    describeInvites(invites),
    `  agent-negotiate start ${created.npub} SERVICE`,
  ]);
}

/** Who comes in at once: strangers wait for the owner's word unless he has said otherwise. */
function describeInvites(invites: string): string {
  if (invites === 'anyone') return 'Anyone can now start a negotiation with it:';
  const rest = 'others wait until you let them in (agent-negotiate invites):';
  return invites === 'ask'
    ? `Anyone can ask for a negotiation with it; ${rest}`
    : `Those you named can now start a negotiation with it; ${rest}`;
}

function describePublished(waiting: number): readonly string[] {
  return waiting === 0 ? [] : ['No relay could be reached for all of it yet; to publish the rest, run: agent-negotiate sync', ''];
}

function omitKeyFile({ keyFile: _identity, ...rest }: InitOptions): CommonOptions {
  return rest;
}

/** A key of 64 hex digits, or one that a passphrase encrypts (NIP-49). */
async function readSecretKey(path: string, passphraseFile: string | undefined, key: HomeKey | undefined): Promise<Uint8Array> {
  const text = readFileOrStdin(path).trim();
  if (text.startsWith('ncryptsec1')) {
    const { readEncryptedKey } = await import('../../agent/composeHome.ts');
    const known = key?.kind === 'passphrase' ? key.passphrase : undefined;
    return readEncryptedKey(text, known ?? (await readPassphrase(passphraseFile)));
  }
  if (isHex32(text)) return hexToBytes(text);
  throw new NegotiateError('input/invalid', 'The key file must hold a secret key as 64 hex digits, or encrypted as ncryptsec1…');
}
