// What the demo prints: a conversation for people, or one JSON line for each event.

import type { BundleCheckResult } from '../../agent/checkBundle.ts';
import { displayText } from '../../core/text.ts';
import { printJson, printLines } from '../io.ts';
import type { DemoEvent } from './demoProcess.ts';
import type { KindView } from './eavesdrop.ts';

type Role = 'buyer' | 'seller';

/** The facts of the deal, as the last JSON line has them. */
export interface AgreedFacts {
  readonly agreement: string;
  readonly buyer: string;
  readonly provider: string;
  readonly bundle: string;
  readonly relayEvents: number;
}

/** Tells what happens in the demo. */
export interface Reporter {
  readonly begin: (relay: string, limits: Readonly<Record<Role, bigint>>) => void;
  readonly agent: (role: Role, npub: string) => void;
  readonly move: (role: Role, move: Extract<DemoEvent, { event: 'move' }>) => void;
  readonly eavesdropper: (kinds: readonly KindView[]) => void;
  readonly privacy: (secrets: number, bytes: number, leaks: number) => void;
  readonly noDeal: (phase: string, relayEvents: number) => void;
  readonly broken: (problem: string) => void;
  readonly agreed: (facts: AgreedFacts, check: BundleCheckResult) => void;
}

/** A reporter for programs or for people. */
export function createReporter(isJson: boolean): Reporter {
  return isJson ? jsonReporter : createTextReporter();
}

const jsonReporter: Reporter = {
  begin: (relay, { buyer, seller }) => printJson({ event: 'begin', relay, buyerMax: Number(buyer), sellerMin: Number(seller) }),
  agent: (role, npub) => printJson({ event: 'agent', role, npub }),
  move: (role, { type, text, price }) => printJson({ event: 'move', role, type, text, price }),
  eavesdropper: (kinds) => printJson({ event: 'eavesdropper', kinds }),
  privacy: (secrets, bytes, leaks) => printJson({ event: 'privacy', secrets, bytes, leaks }),
  noDeal: (phase, relayEvents) => printJson({ event: 'no-deal', phase, relayEvents }),
  broken: (problem) => printJson({ event: 'failed', problem }),
  agreed: (facts) => printJson({ event: 'agreed', ...facts }),
};

const ACTS: Readonly<Record<string, string>> = {
  open: 'opens',
  ask: 'asks',
  answer: 'answers',
  offer: 'offers',
  accept: 'accepts, signing first',
  confirm: 'confirms, signing second',
  close: 'closes the deal',
  reject: 'declines',
  cancel: 'cancels',
};

function createTextReporter(): Reporter {
  return {
    begin: (relay, { buyer, seller }) =>
      printLines([
        `A relay at ${relay} and two agents, each a process of its own.`,
        `The buyer pays at most ${buyer} sats, the seller takes at least ${seller}; neither knows that of the other.`,
        '',
      ]),
    agent: (role, npub) => printLines([`${role.padEnd(6)}  ${npub}`]),
    move: (role, { type, text, price, lines }) => {
      const isFirst = type === 'open';
      const words = price ?? (text === undefined ? undefined : displayText(text));
      printLines([
        ...(isFirst ? ['', 'The conversation, encrypted end to end'] : []),
        `${role.padEnd(6)}  ${ACTS[type] ?? type}${words === undefined ? '' : `: ${words}`}`,
        ...termsOf(type, lines ?? []),
      ]);
    },
    eavesdropper: (kinds) => printLines(['', 'What an eavesdropper on the relay saw', ...renderKinds(kinds)]),
    privacy: (secrets, bytes, leaks) =>
      printLines([
        '',
        leaks === 0
          ? `Privacy check: ${secrets} texts, terms, ids and signatures looked for in ${bytes} stored bytes, plain, base64 and hex: none found.`
          : `PRIVACY CHECK FAILED: ${leaks} of ${secrets} secrets found in what the relay stored.`,
      ]),
    noDeal: () => printLines(['', 'No deal: the limits of the two do not meet. Nothing was signed.']),
    broken: (problem) => printLines(['', `FAILED: ${problem}`]),
    agreed: ({ agreement, bundle }, { price, checks }) =>
      printLines([
        '',
        `Agreed at ${price ?? ''}: both agents hold the same bundle, and its ${checks.length} checks hold.`,
        `  agreement  ${agreement}`,
        `  bundle     ${bundle}`,
        `Check it yourself: agent-negotiate verify ${bundle}`,
      ]),
  };
}

// What a counter-offer repeats need not be read twice: the price stands above.
function termsOf(type: string, lines: readonly string[]): readonly string[] {
  if (type !== 'offer') return [];
  return lines
    .filter((line) => line.startsWith('Deliver') || line.startsWith('Result'))
    .map((line) => `${' '.repeat(10)}${displayText(line)}`);
}

function renderKinds(kinds: readonly KindView[]): readonly string[] {
  const total = kinds.reduce((sum, { count }) => sum + count, 0);
  return [
    ...kinds.map(
      ({ kind, what, count, bytes, authors }) =>
        `  ${String(count).padStart(3)} × kind ${String(kind).padEnd(6)} ${what.padEnd(28)} ${String(bytes).padStart(7)} bytes  ${authors} ${authors === 1 ? 'author' : 'authors'}`,
    ),
    `  ${String(total).padStart(3)} events, no plaintext; each group event and gift wrap comes from a throw-away key`,
  ];
}
