// What the demo prints: the seven steps for people, or one JSON line for each event.

import type { BundleCheckResult } from '../../agent/checkBundle.ts';
import type { StepName } from '../../agent/jobs/viewJob.ts';
import type { MoveView } from '../../agent/viewHistory.ts';
import { displayText } from '../../core/text.ts';
import { printJson, printLines } from '../io.ts';
import type { KindView } from './eavesdrop.ts';
import { BUYER_TACTICS, type SellerPart } from './script.ts';

/** The facts of the deal. */
export interface AgreedFacts {
  readonly agreement: string;
  readonly buyer: string;
  readonly provider: string;
  readonly bundle: string;
  readonly relayEvents: number;
}

/** How it ended. Balances are for people. */
export interface DoneFacts {
  readonly outcome: 'completed' | 'no-deal';
  readonly result?: string;
  readonly attestation?: string;
  /** By the names of the agents. */
  readonly balances: Readonly<Record<string, string>>;
  readonly leaks: number;
}

/** Tells what happens in the demo. */
export interface Reporter {
  /** `most`: what the buyer pays at most, in whole sats. */
  readonly begin: (relay: string, most: bigint, sellers: readonly SellerPart[]) => void;
  readonly agent: (name: string, npub: string) => void;
  readonly step: (step: StepName, text: string, isTestMoney: boolean) => void;
  /** `to` where it could be to others. */
  readonly move: (by: string, move: MoveView, to?: string) => void;
  readonly agreed: (facts: AgreedFacts, check: BundleCheckResult) => void;
  readonly result: (before: string, after: string) => void;
  readonly noDeal: (phase: string, relayEvents: number) => void;
  readonly broken: (problem: string) => void;
  readonly eavesdropper: (kinds: readonly KindView[]) => void;
  readonly privacy: (secrets: number, bytes: number, leaks: readonly string[]) => void;
  readonly done: (facts: DoneFacts) => void;
}

/** A reporter for programs or for people. */
export function createReporter(isJson: boolean): Reporter {
  return isJson ? jsonReporter : textReporter;
}

// As wide as the names of the two, or of one of several and whom it speaks to.
const NARROW = 'seller'.length;
const WIDE = 'buyer > seller A'.length;

const jsonReporter: Reporter = {
  begin: (relay, most, sellers) =>
    printJson({ event: 'begin', relay, buyerMax: Number(most), sellerMin: Number(lowestOf(sellers)), sellers: sellers.length }),
  agent: (role, npub) => printJson({ event: 'agent', role, npub }),
  step: (step, text, isTestMoney) => printJson({ event: 'step', step, text, ...(isTestMoney ? { testMoney: true } : {}) }),
  move: (role, { type, text, price }, to) => printJson({ event: 'move', role, to, type, text, price }),
  agreed: (facts) => printJson({ event: 'agreed', ...facts }),
  result: () => undefined,
  noDeal: (phase, relayEvents) => printJson({ event: 'no-deal', phase, relayEvents }),
  broken: (problem) => printJson({ event: 'failed', problem }),
  eavesdropper: (kinds) => printJson({ event: 'eavesdropper', kinds }),
  privacy: (secrets, bytes, leaks) => printJson({ event: 'privacy', secrets, bytes, leaks: leaks.length }),
  done: (facts) => printJson({ event: 'done', testMoney: true, ...facts }),
};

const STEP_NUMBERS: Readonly<Record<StepName, number>> = {
  discover: 1,
  verify: 2,
  negotiate: 3,
  request: 4,
  pay: 5,
  deliver: 6,
  attest: 7,
};
const ACTS: Readonly<Record<string, string>> = {
  open: 'opens a private channel',
  ask: 'asks',
  answer: 'answers',
  offer: 'offers',
  accept: 'accepts, signing first',
  confirm: 'confirms, signing second',
  close: 'closes the deal',
  reject: 'declines',
  cancel: 'cancels',
  input: 'hands over the contract',
  payterms: 'asks for payment, signed and bound to the agreement',
  funded: 'has paid',
  deliver: 'delivers the translation',
  completion: 'signs that the job is done',
  dispute: 'objects',
};

const textReporter: Reporter = {
  begin: (relay, most, sellers) =>
    printLines([
      `A relay at ${relay}, a wallet service with worthless test money, and ${COUNTS[sellers.length + 1] ?? ''} agents, each a process of its own.`,
      ...(sellers.length === 1
        ? [`The buyer pays at most ${most} sats, the seller takes at least ${lowestOf(sellers)}; neither knows that of the other.`]
        : describeParts(most, sellers)),
      '',
    ]),
  agent: (name, npub) => printLines([`${name.padEnd(NARROW)}  ${npub}`]),
  step: (step, text) => printLines([`${STEP_NUMBERS[step]} ${step.toUpperCase().padEnd(9)}  ${text}`]),
  move: (by, { type, text, price }, to) => {
    const words = price ?? (text === undefined || type === 'deliver' ? undefined : displayText(text));
    const who = to === undefined ? by : `${by} > ${to}`;
    printLines([
      `      ${who.padEnd(who.length > NARROW ? WIDE : NARROW)}  ${ACTS[type] ?? type}${words === undefined ? '' : `: ${words}`}`,
    ]);
  },
  agreed: ({ agreement, bundle }, { price, checks }) =>
    printLines([
      `      both hold the same bundle at ${price ?? ''}; its ${checks.length} checks hold`,
      `      agreement  ${agreement}`,
      `      bundle     ${bundle}`,
    ]),
  result: (before, after) => printLines(['      what went in, and what came out', ...quote(before), ...quote(after)]),
  noDeal: () => printLines(['', 'No deal: the limits of the two do not meet. Nothing was signed, nothing was paid.']),
  broken: (problem) => printLines(['', `FAILED: ${problem}`]),
  eavesdropper: (kinds) => printLines(['', 'What an eavesdropper on the relay saw', ...renderKinds(kinds)]),
  privacy: (secrets, bytes, leaks) =>
    printLines([
      '',
      leaks.length === 0
        ? `Privacy check: ${secrets} secrets (words, terms, inputs, result, price, invoice, keys, signatures) looked for in ${bytes} bytes, plain, base64 and hex: none found.`
        : `PRIVACY CHECK FAILED: ${leaks.length} of ${secrets} secrets found in what the relay saw (${[...new Set(leaks)].join(', ')}).`,
    ]),
  done: ({ outcome, result, balances }) =>
    printLines([
      '',
      ...(outcome === 'completed'
        ? ['Done: found, verified, negotiated, requested, paid, delivered and attested.']
        : ['Done, without a deal.']),
      `  test money  ${Object.entries(balances)
        .map(([name, amount]) => `${name} ${amount}`)
        .join(', ')}`,
      ...(result === undefined ? [] : [`  result      ${result}`]),
    ]),
};

const COUNTS: Readonly<Record<number, string>> = { 2: 'two', 3: 'three', 4: 'four' };

const lowestOf = (sellers: readonly SellerPart[]): bigint =>
  sellers.reduce((lowest, { least }) => (least < lowest ? least : lowest), sellers[0]?.least ?? 0n);

function describeParts(most: bigint, sellers: readonly SellerPart[]): readonly string[] {
  return [
    `All are left alone, each under a policy of its owner. The buyer’s allows ${most} sats at most; it bargains by ${BUYER_TACTICS.strategy}, with all at once:`,
    ...sellers.map(
      ({ name, list, least, strategy = 'rules' }) => `  ${name} lists ${list} sats, bargains by ${strategy}, and takes at least ${least}`,
    ),
    'Nobody knows that of another, and no seller what another one offers.',
  ];
}

function quote(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(1, 3)
    .map((line) => `        | ${displayText(line, 100)}`);
}

function renderKinds(kinds: readonly KindView[]): readonly string[] {
  const total = kinds.reduce((sum, { count }) => sum + count, 0);
  return [
    ...kinds.map(
      ({ kind, what, count, bytes, authors }) =>
        `  ${String(count).padStart(3)} × kind ${String(kind).padEnd(6)} ${what.padEnd(32)} ${String(bytes).padStart(7)} bytes  ${authors} ${authors === 1 ? 'author' : 'authors'}`,
    ),
    `  ${String(total).padStart(3)} events; each group event and gift wrap comes from a throw-away key`,
  ];
}
