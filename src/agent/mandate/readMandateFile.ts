// Reads a mandate as its owner writes it, in TOML or JSON, with npubs and dates, and says everything that is wrong with it.

import { parse, TomlDate, TomlError } from 'smol-toml';
import { sha256Hex, type Hex } from '../../core/bytes.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { findJsonFault } from '../../core/jsonFault.ts';
import { explainMandate } from '../../decide/explainMandate.ts';
import { parseMandate } from '../../decide/mandate.ts';
import { toJson } from '../../decide/mandateAction.ts';
import { describeProblem, type MandateProblemCode } from '../../decide/mandateProblems.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import { findTwin } from './findTwin.ts';

/** Largest mandate file in bytes. */
export const MAX_MANDATE_BYTES = 65_536;

const INSTANT = /^(\d{4})-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const MAX_DEPTH = 8;

/** What is wrong with a mandate file: where, what in a word, and a sentence. */
export interface MandateFileProblem {
  readonly path: string;
  readonly code: MandateProblemCode | 'syntax';
  readonly text: string;
}

/** A mandate that was read, with its digest and what it permits in sentences; or what is wrong. */
export type MandateFile =
  | {
      readonly kind: 'ok';
      readonly mandate: Mandate;
      /** SHA-256 of the mandate in canonical form: comments and spelling do not change it. */
      readonly digest: Hex;
      readonly explanation: readonly string[];
    }
  | { readonly kind: 'refused'; readonly problems: readonly MandateFileProblem[] };

/** Reads a mandate. A text that begins with `{` is JSON, every other one TOML. Never throws. */
export function readMandateFile(text: string): MandateFile {
  const raw = text.length > MAX_MANDATE_BYTES ? refuse('', 'is larger than 64 KiB') : parseText(text);
  return raw.kind === 'refused' ? raw : readMandateDocument(raw.value);
}

/** Reads a mandate from the value that TOML or JSON gave, or from one that was read before. Never throws. */
export function readMandateDocument(value: unknown): MandateFile {
  const parsed = parseMandate(normalize(value));
  if (parsed.kind === 'refused') return parsed;
  const { mandate } = parsed;
  return { kind: 'ok', mandate, digest: hashMandate(mandate), explanation: explainMandate(mandate) };
}

/** SHA-256 of a mandate in canonical form. */
export function hashMandate(mandate: Mandate): Hex {
  return sha256Hex(canonicalJson(toJson(mandate)));
}

type Raw =
  { readonly kind: 'ok'; readonly value: unknown } | { readonly kind: 'refused'; readonly problems: readonly MandateFileProblem[] };

function parseText(text: string): Raw {
  try {
    if (!text.trimStart().startsWith('{')) return { kind: 'ok', value: parse(text, { integersAsBigInt: 'asNeeded', maxDepth: MAX_DEPTH }) };
    const value = JSON.parse(text) as unknown;
    const twin = findTwin(text);
    return twin === undefined ? { kind: 'ok', value } : { kind: 'refused', problems: [describeProblem([twin], 'twice')] };
  } catch (error) {
    return error instanceof TomlError ? refuse(`line ${error.line}`, 'is no TOML') : refuse(renderFault(text), 'is no JSON');
  }
}

function renderFault(text: string): string {
  const { line, column } = findJsonFault(text);
  return `line ${line}, column ${column}`;
}

function refuse(path: string, what: string): Raw {
  const text = `${path === '' ? 'The file' : path.replace(/^l/, 'L')} ${what}.`;
  return { kind: 'refused', problems: [{ path, code: 'syntax', text }] };
}

/** Keys as hex, times as unix seconds; what cannot be read stays as it is, for the mandate's own check to name. */
function normalize(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { valid_from: from, valid_until: until, peers, ...rest } = value as Record<string, unknown>;
  return {
    ...rest,
    ...(from === undefined ? {} : { valid_from: toSeconds(from) }),
    ...(until === undefined ? {} : { valid_until: toSeconds(until) }),
    ...(peers === undefined ? {} : { peers: normalizePeers(peers) }),
  };
}

function normalizePeers(peers: unknown): unknown {
  if (typeof peers !== 'object' || peers === null || Array.isArray(peers)) return peers;
  const lists = Object.entries(peers).map(([name, list]) => [name, Array.isArray(list) ? list.map(toKey) : list]);
  return Object.fromEntries(lists);
}

function toKey(text: unknown): unknown {
  if (typeof text !== 'string' || !text.startsWith('npub1')) return text;
  try {
    return parsePublicKey(text);
  } catch {
    return text;
  }
}

/** A date without its distance from UTC could be meant in several ways: it is none. */
function toSeconds(value: unknown): unknown {
  if (value instanceof TomlDate) return value.isDateTime() && !value.isLocal() ? toSeconds(value.toISOString()) : 'local';
  if (typeof value !== 'string' || !INSTANT.test(value)) return value;
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? value : Math.floor(milliseconds / 1_000);
}
