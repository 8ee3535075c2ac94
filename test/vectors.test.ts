// The vectors are current, and the code agrees with what the files say, read as a stranger would read them.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashAgreement, type Agreement } from '../src/negotiate/agreement.ts';
import { hexToBytes } from '../src/core/bytes.ts';
import { parseCanonical } from '../src/core/canonical.ts';
import type { Arrival } from '../src/negotiate/chain.ts';
import type { Draft } from '../src/negotiate/draft.ts';
import { inOrderOfSeq, mayKeep } from '../src/negotiate/early.ts';
import type { MoveBody } from '../src/negotiate/moveBody.ts';
import { computeOwed } from '../src/negotiate/owed.ts';
import { decodeMove, type MoveRumor } from '../src/negotiate/move.ts';
import { readPhase } from '../src/negotiate/phase.ts';
import type { Price } from '../src/negotiate/price.ts';
import { readClaim, type SignedEvent } from '../src/negotiate/signature.ts';
import type { Terms } from '../src/negotiate/terms.ts';
import { computeTermsRoot, type Disclosure } from '../src/negotiate/termsRoot.ts';
import { checkDisclosure } from '../src/negotiate/checkDisclosure.ts';
import { beginNegotiation, checkArrival, refuseUnknownFeatures, transition } from '../src/negotiate/transition.ts';
import type { Negotiation } from '../src/negotiate/negotiation.ts';
import { verifyBundle } from '../src/negotiate/verifyBundle.ts';
import { verifyEvent } from '../src/nostr/event.ts';
import { makeVectorFiles } from '../scripts/vectors/vectorFiles.ts';

const made = makeVectorFiles();
const textOf = (name: string): string => readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8');
const read = <T>(name: string): T => JSON.parse(textOf(name)) as T;

interface Step {
  readonly at: number;
  readonly side: 'buyer' | 'provider';
  readonly do: string;
  readonly event?: string;
  readonly draft?: { readonly type: string; readonly locks?: unknown };
  readonly refused?: string;
  readonly sent: readonly string[];
  readonly phases: Readonly<Record<'buyer' | 'provider', string | null>>;
}
interface Conversation {
  readonly name: string;
  readonly dishonest: string | null;
  readonly events: readonly MoveRumor[];
  readonly steps: readonly Step[];
}

describe('the vector files', () => {
  it.each([...made.keys()])('vectors/%s is what the generator makes (npm run vectors)', (name) => {
    expect(textOf(name) === made.get(name)).toBe(true);
  });

  it('hold texts that are taken, and texts that are refused for the reason given', () => {
    const {
      accepted,
      refused,
      max_bytes: maxBytes,
    } = read<{
      max_bytes: number;
      accepted: { bytes: string }[];
      refused: { bytes: string; reason: string }[];
    }>('canonical.json');
    // Bytes that are no text cannot be JSON; `parseCanonical` begins with text.
    const parse = (hex: string) => {
      const text = readUtf8(hexToBytes(hex));
      return text === undefined ? { kind: 'refused', reason: 'not-json' } : parseCanonical(text, { maxBytes });
    };
    for (const { bytes } of accepted) expect(parse(bytes).kind).toBe('ok');
    for (const { bytes, reason } of refused) expect(parse(bytes)).toEqual({ kind: 'refused', reason });
  });

  it('hold roots, agreements and disclosures, and tampered ones that show', () => {
    const file = read<{
      valid: { terms: Terms; seed: string; root: string; agreement: Agreement; agreement_hash: string }[];
      disclosures: { disclosure: Disclosure; root: string }[];
      tampered_disclosures: { disclosure: Disclosure; root: string }[];
    }>('terms.json');
    for (const { terms, seed, root } of file.valid) expect(computeTermsRoot(terms, seed)).toBe(root);
    for (const each of file.valid) expect(hashAgreement(each.agreement)).toBe(each.agreement_hash);
    for (const { disclosure, root } of file.disclosures) expect(checkDisclosure(disclosure)).toMatchObject({ kind: 'ok', root });
    for (const { disclosure, root } of file.tampered_disclosures)
      expect(checkDisclosure(disclosure)).not.toMatchObject({ kind: 'ok', root });
  });

  it('hold signatures that are genuine, and tampered ones that are not', () => {
    const file = read<Record<'signatures' | 'tampered', { event: SignedEvent }[]>>('signatures.json');
    const isGood = ({ event }: { event: SignedEvent }): boolean => verifyEvent(event) && readClaim(event) !== undefined;
    expect(file.signatures.map(isGood)).toEqual(file.signatures.map(() => true));
    expect(file.tampered.map(isGood)).toEqual(file.tampered.map(() => false));
  });

  it('say what is owed', () => {
    const { cases } = read<{
      cases: { price: Price; penalties?: Terms['penalties']; usage: object; times?: number; owed_msat?: string; refused?: string }[];
    }>('owed.json');
    for (const { price, penalties, usage, times, owed_msat, refused } of cases) {
      const owed = computeOwed({ price, penalties }, times === undefined ? usage : { periods: Array.from({ length: times }, () => 0) });
      expect(owed).toMatchObject(refused === undefined ? { owedMsat: BigInt(owed_msat ?? '') } : { reason: refused });
    }
  });

  it('hold bundles of every state, and tampered ones that prove nothing', () => {
    const file = read<{ valid: { text: string; state: string }[]; tampered: { text?: string; bytes?: string }[] }>('bundles.json');
    for (const { text, state } of file.valid) expect(verifyBundle(text, verifyEvent)).toMatchObject({ kind: 'valid', state });
    for (const { text, bytes } of file.tampered) expect(verifyBundle(text ?? hexToBytes(bytes ?? ''), verifyEvent).kind).toBe('invalid');
    expect(new Set(file.valid.map(({ state }) => state)).size).toBe(6);
  });

  it('hold conversations in which the same steps lead to the same moves and phases', () => {
    const { conversations, ...keys } = read<{ conversations: Conversation[]; buyer: string; provider: string }>('conversations.json');
    expect(conversations.reduce((sum, each) => sum + replay(each, keys), 0)).toBeGreaterThan(500);
  });
});

function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Replays the steps of each honest side, with the lock values it drew; returns how many steps there were. */
function replay({ name, dishonest, events, steps }: Conversation, keys: Readonly<Record<'buyer' | 'provider', string>>): number {
  const byId = new Map(events.map((event) => [event.id, event]));
  let count = 0;
  for (const side of ['buyer', 'provider'] as const) {
    let state: Negotiation | undefined;
    const early: { readonly id: string; readonly arrival: Arrival }[] = [];
    for (const step of steps.filter((each) => each.side === side && side !== dishonest)) {
      const sent = step.sent.map((id) => byId.get(id) as MoveRumor);
      if (state === undefined) {
        const first = (step.event === undefined ? sent[0] : byId.get(step.event)) as MoveRumor;
        const arrival = decodeMove(first) as Arrival;
        state = begin(keys[side], step.at, arrival, early);
        const isOpen = arrival.kind === 'move' && arrival.body.type === 'open';
        if (state === undefined && !isOpen && mayKeep(early, first.id)) early.push({ id: first.id, arrival });
      } else {
        const input = readInput(step, sent, byId);
        const result = input === undefined ? undefined : transition(state, input);
        if (result?.kind === 'moved') {
          expect([name, result.send]).toEqual([name, sent]);
          state = result.state;
        }
        if (result !== undefined) expect([name, result.kind === 'refused']).toEqual([name, step.refused !== undefined]);
      }
      expect([name, step.at, state === undefined ? null : readPhase(state)]).toEqual([name, step.at, step.phases[side]]);
      count += 1;
    }
  }
  return count;
}

/** The state after an open and what came before it; undefined when the move begins nothing. */
function begin(me: string, now: number, arrival: Arrival, early: readonly { readonly arrival: Arrival }[]): Negotiation | undefined {
  if (arrival.kind !== 'move' || arrival.body.type !== 'open') return undefined;
  const begun = beginNegotiation(me, arrival.header, arrival.body);
  if (begun === undefined) return undefined;
  const result = refuseUnknownFeatures(begun, now);
  const kept = inOrderOfSeq(early.filter((each) => each.arrival.header.nid === begun.nid));
  return kept.reduce(
    (state, each) => {
      const next = transition(state, { kind: 'received', arrival: checkArrival(each.arrival, (event) => verifyEvent(event)), now });
      return next.kind === 'moved' ? next.state : state;
    },
    result.kind === 'moved' ? result.state : begun,
  );
}

/** The input of a step; undefined for a signed move that was refused, of which there are no bytes. */
function readInput({ at: now, do: what, event, draft, refused }: Step, sent: readonly MoveRumor[], byId: ReadonlyMap<string, MoveRumor>) {
  if (what === 'tick') return { kind: 'tick', now } as const;
  if (event !== undefined) {
    const decoded = decodeMove(byId.get(event) as MoveRumor);
    if (decoded.kind === 'not-a-move') throw new Error('every event is a move');
    return { kind: 'received', arrival: checkArrival(decoded, (each) => verifyEvent(each)), now } as const;
  }
  if (draft === undefined) throw new Error('a step has an input');
  const { locks: secrets, type } = draft;
  if (secrets === undefined) return { kind: 'issue', draft: draft as unknown as Draft, now } as const;
  if (refused !== undefined) return undefined;
  const body = sent.map(({ content }) => JSON.parse(content) as MoveBody).find((each) => each.type === type);
  const signature =
    body?.type === 'offer' ? body.presigned : body?.type === 'accept' || body?.type === 'confirm' ? body.signature : undefined;
  return { kind: 'issue', draft: { type, body, signature, secrets } as unknown as Draft, now } as const;
}
