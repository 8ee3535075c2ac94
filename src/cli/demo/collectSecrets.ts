// Everything of a deal that nobody but the two may know, gathered from both homes and from the ledger: what the privacy check looks for.

import type { Agent } from '../../agent/api.ts';
import type { Sandbox } from '../../agent/compose.ts';
import { listSecrets } from './findLeaks.ts';
import { ABOUT, ANSWER, CONTRACT, QUESTION } from './script.ts';

// Words that announcements and attestations use in public; a deal is no secret for containing them.
const PUBLIC = new Set(['translation', 'attestation', 'sandbox', 'before', 'channel']);

/** What each text of the deal is about, and the text. */
export interface Secret {
  readonly what: 'conversation' | 'terms' | 'signatures' | 'inputs' | 'result' | 'payment' | 'ids';
  readonly text: string;
}

/** Gathers the secrets of one agent's negotiation. */
export async function collectSecrets(agent: Agent, nid: string): Promise<readonly Secret[]> {
  const [{ offers, agreement, bundle }, { moves }] = [await agent.status({ nid }), await agent.history({ nid })];
  const files = moves.flatMap(({ files: named = [] }) => named);
  return [
    ...name('ids', [nid, ...moves.map(({ id }) => id), ...(agreement === undefined ? [] : [agreement.hash])]),
    ...name('conversation', [ABOUT, QUESTION, ANSWER, ...moves.flatMap(({ text }) => text ?? [])]),
    ...name('terms', [...offers.flatMap(({ terms }) => listSecrets(terms)), ...offers.map(({ price }) => price)]),
    ...name('inputs', [...linesOf(CONTRACT), ...files.flatMap(({ name: label, sha256 }) => [label, sha256])]),
    ...(bundle === undefined ? [] : name('signatures', listSecrets(signedParts(bundle)))),
  ];
}

/** The result, which only the buyer hands out. */
export async function collectResult(agent: Agent, nid: string): Promise<readonly Secret[]> {
  const { files } = await agent.result({ nid });
  return files.flatMap(({ name: label, sha256, data }) => name('result', [label, sha256, ...linesOf(Buffer.from(data).toString('utf8'))]));
}

/** Invoices, payment hashes, preimages, and the wallets' keys. */
export function collectPayments(sandbox: Sandbox, walletUrls: readonly string[]): readonly Secret[] {
  const invoices = [...sandbox.ledger().invoices.values()];
  return name('payment', [
    ...walletUrls.map((url) => /secret=([0-9a-f]+)/.exec(url)?.[1] ?? url),
    ...invoices.flatMap(({ bolt11, paymentHash, preimage, descriptionHash = '', amountMsat }) => [
      bolt11,
      paymentHash,
      preimage,
      descriptionHash,
      `"amount":${amountMsat}`,
      `"amount":"${amountMsat}"`,
      `${amountMsat / 1_000n} sats`,
    ]),
  ]);
}

function name(what: Secret['what'], texts: readonly string[]): readonly Secret[] {
  return texts.filter((text) => text !== '' && !PUBLIC.has(text)).map((text) => ({ what, text }));
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

// The public keys in a bundle are public; what is signed, and the signatures, are not.
function signedParts(bundle: string): unknown {
  const { first, second, terms } = JSON.parse(bundle) as Record<'first' | 'second' | 'terms', Record<string, unknown>>;
  return { terms, first: first['sig'], second: second['sig'] };
}
