// Says offline what is owed under a closed bundle for a usage; needs no agent.

import { NegotiateError } from '../core/errors.ts';
import type { Msat } from '../core/money.ts';
import { ceilingOf } from '../negotiate/ceiling.ts';
import { computeOwed, type OwedLine, type OwedRefusal } from '../negotiate/owed.ts';
import { formatPrice } from '../negotiate/priceWords.ts';
import type { TermsLeaf } from '../negotiate/termsLeaves.ts';
import { LEAF_SCHEMAS } from '../negotiate/leafSchemas.ts';
import { parseUsage } from '../negotiate/usage.ts';
import { verifyBundle, type BundleReport, type ValidBundle } from '../negotiate/verifyBundle.ts';
import { verifyEvent } from '../nostr/event.ts';

/** Why nothing is said about what is owed. */
export interface OwedProblem {
  readonly code: OwedRefusal['reason'] | 'bundle-invalid' | 'not-closed' | 'price-hidden' | 'penalties-hidden';
  readonly message: string;
  /** The metric or milestone, or the number of the period, that it is about: text of the usage or the agreement, clean it before printing. */
  readonly about?: string;
}

/** What is owed, in msat, or a `problem` and no amounts. Names in `lines` are text of the agreement: clean it before printing. */
export interface OwedCheckResult {
  readonly state: BundleReport['kind'] | ValidBundle['state'];
  readonly problem?: OwedProblem;
  readonly agreement?: string;
  readonly price?: string;
  readonly owedMsat?: Msat;
  /** Before credits. */
  readonly baseMsat?: Msat;
  readonly creditsMsat?: Msat;
  /** What usage has left of a prepaid balance; whether it has expired by now is not looked at. */
  readonly leftMsat?: Msat;
  /** The most that can ever be owed; absent when nothing limits it. */
  readonly ceilingMsat?: Msat;
  readonly lines?: readonly OwedLine[];
}

const MESSAGES: Readonly<Record<OwedRefusal['reason'], string>> = {
  'missing-units': 'The price is by use. Say in the usage how many units were used, as {"units": 1}.',
  'missing-periods': 'The price is by period. Say in the usage how many units were used in each one begun, as {"periods": [0]}.',
  'missing-milestones': 'The price is by milestone. Say in the usage which ones were accepted, as {"milestones": ["…"]}.',
  'unexpected-units': 'The price has nothing to do with units as a whole. Take them out of the usage.',
  'unexpected-periods': 'The price has no periods. Take them out of the usage.',
  'unexpected-milestones': 'The price has no milestones. Take them out of the usage.',
  'units-not-sold': 'The usage has more units in a period than the agreement sells.',
  'too-many-periods': 'The usage has more periods than were agreed.',
  'unknown-milestone': 'The usage has a milestone that was not agreed.',
  'missing-measure': 'The agreement has a penalty on a metric that the usage lacks. Add it under "measures".',
  'unknown-measure': 'The usage has a measure that no penalty of the agreement is on. Take it out.',
  'too-much': 'The amount would be above all bitcoin there can be. Check the usage.',
};

/**
 * Verifies a bundle, UTF-8 bytes or text, and computes what is owed for `usage`, a JSON value (docs/deals.md). Only a closed deal that
 * shows its price and penalties has an answer. Throws `input/invalid` for a value that is no usage.
 */
export function checkOwed(content: string | Uint8Array, usage: unknown): OwedCheckResult {
  const parsed = parseUsage(usage);
  if (parsed.kind === 'refused') {
    const where = parsed.pointer === '' ? '' : ` at ${parsed.pointer}`;
    throw new NegotiateError('input/invalid', `The usage is not valid${where} (${parsed.problem}). Correct it and try again.`);
  }
  const report = verifyBundle(content, verifyEvent);
  if (report.kind === 'invalid') return { state: 'invalid', problem: { code: 'bundle-invalid', message: report.problem } };
  const { state, agreement, price, shown } = report;
  const facts = { state, agreement, ...(price === undefined ? {} : { price: formatPrice(price) }) };
  if (state !== 'closed') return { ...facts, problem: { code: 'not-closed', message: 'Nothing is owed under what is not a closed deal.' } };
  if (price === undefined) return { ...facts, problem: sayHidden('price-hidden', '/price') };
  if (!shown.has('/penalties')) return { ...facts, problem: sayHidden('penalties-hidden', '/penalties') };
  const penalties = LEAF_SCHEMAS['/penalties'].optional().parse(shown.get('/penalties') ?? undefined);
  const owed = computeOwed({ price, ...(penalties === undefined ? {} : { penalties }) }, parsed.usage);
  if (owed.kind === 'refused') return { ...facts, problem: describeRefusal(owed) };
  const { kind: _, ...amounts } = owed;
  const ceilingMsat = ceilingOf(price);
  return { ...facts, ...amounts, ...(ceilingMsat === undefined ? {} : { ceilingMsat }) };
}

function sayHidden(code: OwedProblem['code'], pointer: TermsLeaf): OwedProblem {
  return { code, message: `The bundle does not show ${pointer}, and without it nobody can say what is owed. Ask for one that does.` };
}

function describeRefusal({ reason, name }: OwedRefusal): OwedProblem {
  return { code: reason, message: MESSAGES[reason], ...(name === undefined ? {} : { about: name }) };
}
