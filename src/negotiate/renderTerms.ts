// Terms as lines that a person reads before approving: every value whole, and no text that can pass for another line.

import type { Json } from '../core/canonical.ts';
import { formatSats, parseMsat } from '../core/money.ts';
import { listPriceParts } from './priceWords.ts';
import { renderSeconds, renderUnixSeconds } from './renderTime.ts';
import { readLeaf, type Terms } from './terms.ts';
import { TERMS_LEAVES, type TermsLeaf } from './termsLeaves.ts';

/** A leaf's value once {@link TERMS_LEAVES} has it in `Terms`. */
interface LeafValues {
  readonly inputs: NonNullable<Terms['scope']['inputs']>;
  readonly payee: NonNullable<NonNullable<Terms['payment']>['payee']>;
  readonly penalties: NonNullable<Terms['penalties']>;
}

/** Renders valid terms, one or more lines for each leaf that is there, in leaf order; different terms give different lines. */
export function renderTerms(terms: Terms): readonly string[] {
  return renderLeaves(new Map(TERMS_LEAVES.map((pointer) => [pointer, readLeaf(terms, pointer)])));
}

/** Renders the leaves that a bundle shows, in leaf order. An absent leaf (null) gives no line. */
export function renderLeaves(shown: ReadonlyMap<TermsLeaf, Json>): readonly string[] {
  return TERMS_LEAVES.flatMap((pointer) => {
    const value = shown.get(pointer) ?? null;
    return value === null ? [] : renderLeaf(pointer, value);
  });
}

function renderLeaf(pointer: TermsLeaf, value: Json): readonly string[] {
  switch (pointer) {
    case '/service/capability':
      return label('Service', value);
    case '/service/dvm_kind':
      return label('Job kind', value);
    case '/service/title':
      return label('Title', value);
    case '/scope/summary':
      return label('Summary', value);
    case '/scope/inputs':
      return (value as LeafValues['inputs']).map(
        ({ name, sha256, size }, i) => `Input ${i + 1}: ${size} bytes, SHA-256 ${sha256}, ${name}`,
      );
    case '/scope/output':
      return label('Result', value);
    case '/scope/acceptance':
      return (value as readonly string[]).flatMap((criterion, i) => label(`Accepted if ${i + 1}`, criterion));
    case '/scope/revisions':
      return label('Revisions included', value);
    case '/price':
      return listPriceParts(value as Terms['price']).map(([name, text]) => `${name}: ${text}`);
    case '/delivery/deadline':
      return label('Deliver by', renderUnixSeconds(value as number));
    case '/delivery/within_s':
      return label('Deliver within', `${renderSeconds(value as number)} after payment`);
    case '/delivery/channel':
      return label('Deliver over', value);
    case '/payment/rail':
      return label('Pay over', value);
    case '/payment/when':
      return label('Pay', value);
    case '/payment/payee':
      return renderPayee(value as LeafValues['payee']);
    case '/payment/arbiter':
      return label('Arbiter', value);
    case '/confidentiality/publish':
      return label('May be published', (value as readonly string[]).join(' '));
    case '/confidentiality/retention_s':
      return label('Delete within', `${renderSeconds(value as number)} after delivery`);
    case '/penalties':
      return (value as LeafValues['penalties']).flatMap((penalty, i) => label(`Credit ${i + 1}`, renderPenalty(penalty)));
    case '/framework/ends_at':
      return label('Call-offs until', renderUnixSeconds(value as number));
    case '/framework/max_calls':
      return label('Most call-offs', value);
    case '/framework/cap_msat':
      return label('All call-offs at most', formatSats(parseMsat(value as string)));
    default:
      return pointer satisfies never;
  }
}

function renderPayee({ address, mints = [] }: LeafValues['payee']): readonly string[] {
  return [...(address === undefined ? [] : label('Pay to', address)), ...mints.flatMap((mint, i) => label(`Mint ${i + 1}`, mint))];
}

function renderPenalty({ metric, over, under, credit_msat }: LeafValues['penalties'][number]): string {
  const limit = over === undefined ? `under ${under}` : `over ${over}`;
  return `${formatSats(parseMsat(credit_msat))} back if ${metric} is ${limit}`;
}

// Text of several lines stands indented below its label, so that it cannot imitate a label.
function label(name: string, value: Json): readonly string[] {
  const lines = String(value).split('\n');
  return lines.length === 1 ? [`${name}: ${String(value)}`] : [`${name}:`, ...lines.map((line) => `  | ${line}`)];
}
