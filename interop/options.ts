// Reads the arguments of the driver.

import { parseArgs } from 'node:util';
import { parseDuration } from '../src/cli/parseValues.ts';
import { NegotiateError } from '../src/core/errors.ts';
import { encodeNpub, parsePublicKey } from '../src/nostr/npub.ts';
import { parseRelayUrl } from '../src/nostr/relayUrl.ts';
import { STEPS, type Step } from './steps.ts';

const DEFAULT_WAIT_S = 180;
const LONGEST_WAIT_S = 86_400;

/** What a drive is made of. */
export interface DriveOptions {
  readonly relays: readonly string[];
  /** npub of the account on the other side. */
  readonly peer: string;
  /** In the order in which they are done. */
  readonly steps: readonly Step[];
  /** Seconds that each step waits for the other side. */
  readonly waitS: number;
  /** A folder to keep; without one the agent is thrown away. */
  readonly home?: string;
  /** What the other side is, in the words of the person: client, version, device. */
  readonly peerVersion?: string;
}

/** The arguments explained. */
export const USAGE = `Usage: node interop/drive.ts --relay wss://… --peer npub1… [options]

Walks through a conversation with another Marmot client, step by step, and prints a report.

  --relay URL          relay that both sides reach; may be repeated
  --peer NPUB          account on the other side
  --steps a,b          these steps alone, and those that they need
  --wait SECONDS       how long each step waits for the other side, also as 90s or 5m (${DEFAULT_WAIT_S})
  --home DIR           keep the agent in this folder, or use the one that is there; else it is thrown away
  --peer-version TEXT  client, version and device of the other side, for the report
  --json               print JSON lines
  --help               print this

Steps:
${STEPS.map(({ name, does }) => `  ${name.padEnd(20)} ${does}`).join('\n')}
`;

/** Reads arguments, without node and script; undefined when help is asked for. Throws `input/invalid`, `relay/invalid-url`. */
export function readOptions(argv: readonly string[]): DriveOptions | undefined {
  const values = parse(argv);
  if (values.help === true) return undefined;
  const { relay = [], peer, steps, wait, home, 'peer-version': peerVersion } = values;
  if (relay.length === 0) throw invalid('Name a relay that both sides can reach: --relay wss://…');
  if (peer === undefined) throw invalid('Name the account on the other side: --peer npub1…');
  const waitS = wait === undefined ? DEFAULT_WAIT_S : /^[0-9]+$/.test(wait) ? Number(wait) : parseDuration(wait);
  if (waitS < 1 || waitS > LONGEST_WAIT_S) throw invalid(`Wait at least 1 second and at most ${LONGEST_WAIT_S} for each step.`);
  return {
    relays: [...new Set(relay.map(parseRelayUrl))],
    peer: encodeNpub(parsePublicKey(peer)),
    steps: steps === undefined ? STEPS : pickSteps(steps.split(',').map((name) => name.trim())),
    waitS,
    ...(home === undefined ? {} : { home }),
    ...(peerVersion === undefined ? {} : { peerVersion }),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    relay: { type: 'string', multiple: true },
    peer: text,
    steps: text,
    wait: text,
    home: text,
    'peer-version': text,
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (cause) {
    throw invalid(`${cause instanceof Error ? cause.message : 'The arguments cannot be read.'} See: node interop/drive.ts --help`, cause);
  }
}

/** The named steps and all that they need. */
function pickSteps(names: readonly string[]): readonly Step[] {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0)
    throw invalid(`There is no step called "${unknown.join(', ')}". The steps are: ${STEPS.map(({ name }) => name).join(', ')}.`);
  const needed = new Set(names);
  // A step needs only such as come before it.
  for (const step of STEPS.toReversed()) if (needed.has(step.name)) for (const name of step.needs) needed.add(name);
  return STEPS.filter(({ name }) => needed.has(name));
}

function invalid(message: string, cause?: unknown): NegotiateError {
  return new NegotiateError('input/invalid', message, { cause });
}
