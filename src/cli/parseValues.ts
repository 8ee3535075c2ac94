// Values as people type them.

import { NegotiateError } from '../core/errors.ts';
import { findJsonFault } from '../core/jsonFault.ts';

const DURATION = /^(?:([0-9]{1,9})\s*(s|m|h|d)|0)$/;
const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Parses `90s`, `30m`, `24h` or `7d` as seconds; without a unit nothing but 0 is clear. Throws `input/invalid`. */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  if (match === null) throw new NegotiateError('input/invalid', 'Expected a duration with its unit, such as 90s, 30m, 24h or 7d.');
  return Number(match[1] ?? 0) * SECONDS[(match[2] ?? 's') as keyof typeof SECONDS];
}

/** Parses an ISO 8601 date and time, such as 2027-01-31T12:00Z, as unix seconds. Throws `input/invalid`. */
export function parseInstant(text: string): number {
  const milliseconds = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new NegotiateError('input/invalid', 'Expected a date such as 2027-01-31 or 2027-01-31T12:00Z.');
  return Math.floor(milliseconds / 1_000);
}

/** Parses a TCP port. Throws `input/invalid`. */
export function parsePort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new NegotiateError('input/invalid', 'Expected a port from 0 to 65535.');
}

/** Parses a trust score from 0 to 100. Throws `input/invalid`. */
export function parseScore(text: string): number {
  if (/^(?:100|\d{1,2})$/.test(text)) return Number(text);
  throw new NegotiateError('input/invalid', 'Expected a trust score from 0 to 100.');
}

/** Parses a JSON document. Throws `input/invalid`. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new NegotiateError('input/invalid', `This is not JSON${renderFault(text)}. Correct it and try again.`, { cause });
  }
}

function renderFault(text: string): string {
  const { line, column } = findJsonFault(text);
  return `: it goes wrong at line ${line}, column ${column}`;
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** `price=3,time=1`: what is not named counts nothing. Throws `input/invalid`. */
export function parseWeights(text: string): { price: number; time: number; trust: number } {
  const weights = { price: 0, time: 0, trust: 0 };
  for (const part of text.split(',')) {
    const [, name, value] = /^(price|time|trust)=(\d{1,6}(?:\.\d{1,6})?)$/.exec(part.trim()) ?? [];
    if (name === undefined) throw new NegotiateError('input/invalid', 'Expected weights such as price=3,time=1,trust=1.');
    weights[name as keyof typeof weights] = Number(value);
  }
  if (weights.price + weights.time + weights.trust > 0) return weights;
  throw new NegotiateError('input/invalid', 'At least one weight must be above zero.');
}
