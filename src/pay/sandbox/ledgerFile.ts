// Keeps the sandbox: its secret, its ledger and the answers it has given, in memory or in one file that is replaced as a whole.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { amountText, hex32, unixSeconds } from '../../negotiate/fields.ts';
import { EMPTY_LEDGER, isConserved, type Ledger } from './ledger.ts';

const MAX_ANSWERS = 10_000;

const invoiceSchema = z.strictObject({
  paymentHash: hex32,
  preimage: hex32,
  payee: hex32,
  amountMsat: amountText.transform(BigInt),
  bolt11: z.string(),
  description: z.string().optional(),
  descriptionHash: hex32.optional(),
  createdAt: unixSeconds,
  expiresAt: unixSeconds,
  payer: hex32.optional(),
  settledAt: unixSeconds.optional(),
});

const fileSchema = z.strictObject({
  v: z.literal(1),
  secret: hex32,
  issuedMsat: amountText.transform(BigInt),
  accounts: z.array(z.tuple([hex32, amountText.transform(BigInt)])),
  invoices: z.array(invoiceSchema),
  answers: z.array(z.tuple([hex32, z.string()])),
});

/** What is kept. `answers` are those given, as JSON, by the id of the request. */
export interface SandboxState {
  /** Secret key of the service (32 bytes, hex), from which the nodes' keys are made too. */
  readonly secret: Hex;
  readonly ledger: Ledger;
  readonly answers: ReadonlyMap<Hex, string>;
}

/** A sandbox that is kept somewhere. */
export interface SandboxStore {
  readonly read: () => SandboxState;
  /** Keeps a ledger together with the answer that it belongs to, before that answer goes out. Throws `store/unavailable`. */
  readonly save: (ledger: Ledger, answer?: { readonly request: Hex; readonly text: string }) => void;
}

/**
 * Opens the file, or begins in memory when there is none. Throws `store/corrupt` for a damaged file, which is left as it is, and
 * `store/unavailable` for one that cannot be read or made.
 */
export function openSandboxStore(path: string | undefined, makeSecret: () => Hex): SandboxStore {
  const isThere = path !== undefined && existsSync(path);
  let state: SandboxState = isThere ? readFile(path) : { secret: makeSecret(), ledger: EMPTY_LEDGER, answers: new Map() };
  const write = (next: SandboxState): void => {
    if (path !== undefined) writeFile(path, next);
    state = next;
  };
  if (!isThere) write(state);
  return {
    read: () => state,
    save: (ledger, answer) => {
      const answers =
        answer === undefined
          ? state.answers
          : new Map([...state.answers, [answer.request, answer.text]].slice(-MAX_ANSWERS) as [Hex, string][]);
      write({ ...state, ledger, answers });
    },
  };
}

function readFile(path: string): SandboxState {
  const parsed = fileSchema.safeParse(parseJson(readText(path)));
  const corrupt = new NegotiateError(
    'store/corrupt',
    'The sandbox’s file is damaged. Move it away to begin with a new ledger of test money.',
  );
  if (!parsed.success) throw corrupt;
  const { secret, issuedMsat, accounts, invoices, answers } = parsed.data;
  const byHash = new Map(
    invoices.map((invoice) => [invoice.paymentHash, invoice as Ledger['invoices'] extends ReadonlyMap<string, infer I> ? I : never]),
  );
  const ledger = { issuedMsat, accounts: new Map(accounts), invoices: byHash };
  const isSound = ledger.accounts.size === accounts.length && byHash.size === invoices.length && isConsistent(ledger);
  if (!isSound || !isConserved(ledger)) throw corrupt;
  return { secret, ledger, answers: new Map(answers) };
}

/** True when every invoice is of an account, and is either paid by one at some time or not at all. */
function isConsistent({ accounts, invoices }: Ledger): boolean {
  return [...invoices.values()].every(({ payee, payer, settledAt }) => {
    const isPaid = payer !== undefined && accounts.has(payer) && settledAt !== undefined;
    return accounts.has(payee) && (isPaid || (payer === undefined && settledAt === undefined));
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new NegotiateError('store/unavailable', 'The sandbox’s file cannot be read. Check its folder and its owner.', { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function writeFile(path: string, { secret, ledger, answers }: SandboxState): void {
  const { issuedMsat, accounts, invoices } = ledger;
  const content = { v: 1, secret, issuedMsat, accounts: [...accounts], invoices: [...invoices.values()], answers: [...answers] };
  const text = JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  try {
    const file = openSync(`${path}.new`, 'w', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw new NegotiateError('store/unavailable', 'The sandbox’s file cannot be written. Check its folder and the disk.', { cause });
  }
}
