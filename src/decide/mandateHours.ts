// Opening hours of a mandate: days and times at a fixed distance from UTC, so that no time zone tables decide what an agent may do.

import { z } from 'zod';
import { word } from './mandateFields.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const SPAN =
  /^(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))? ([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/;
const OFFSET = /^(?:Z|([+-])(0\d|1[0-4]):([0-5]\d))$/;
const DAY_MIN = 1_440;
// The first of January 1970 was a Thursday.
const EPOCH_DAY = 3;

/** When the agent may act by itself. `mon-fri 08:00-18:00`; a span ends later on the day it begins. */
export const hoursSchema = z.strictObject({
  /** Distance from UTC, such as `+02:00`; it does not change with the season. */
  utc_offset: z.string().regex(OFFSET, word('offset')).default('Z'),
  open: z
    .array(z.string().regex(SPAN, word('hours')))
    .min(1, word('empty'))
    .max(32, word('too-large')),
});

/** Opening hours as they are written. */
export type Hours = z.output<typeof hoursSchema>;

interface Span {
  readonly days: readonly number[];
  readonly fromMin: number;
  readonly untilMin: number;
}

/** True when the hours are open at `now` (unix seconds). */
export function isWithinHours({ utc_offset: offset, open }: Hours, now: number): boolean {
  const minute = Math.floor(now / 60) + readOffset(offset);
  const day = (((Math.floor(minute / DAY_MIN) + EPOCH_DAY) % 7) + 7) % 7;
  const ofDay = ((minute % DAY_MIN) + DAY_MIN) % DAY_MIN;
  return open.map(readSpan).some((span) => span !== undefined && span.days.includes(day) && span.fromMin <= ofDay && ofDay < span.untilMin);
}

/** When they open next after `now` (unix seconds); undefined where no span is ever open. */
export function nextOpening({ utc_offset: offset, open }: Hours, now: number): number | undefined {
  const shift = readOffset(offset);
  const today = Math.floor((Math.floor(now / 60) + shift) / DAY_MIN);
  const times = Array.from({ length: 8 }, (_, i) => today + i).flatMap((day) => {
    const weekday = (((day + EPOCH_DAY) % 7) + 7) % 7;
    return open.flatMap((text) => {
      const span = readSpan(text);
      return span?.days.includes(weekday) === true && span.fromMin < span.untilMin ? [(day * DAY_MIN + span.fromMin - shift) * 60] : [];
    });
  });
  const coming = times.filter((time) => time > now);
  return coming.length === 0 ? undefined : Math.min(...coming);
}

/** True for a span that ends before it begins, or at once. */
export function isEmptySpan(text: string): boolean {
  const span = readSpan(text);
  return span !== undefined && span.untilMin <= span.fromMin;
}

function readSpan(text: string): Span | undefined {
  const [, first, last, fromHour, fromMinute, untilHour, untilMinute, endHour] = SPAN.exec(text) ?? [];
  if (first === undefined) return undefined;
  const from = indexOf(first);
  const length = last === undefined ? 1 : ((indexOf(last) - from + 7) % 7) + 1;
  return {
    days: Array.from({ length }, (_, i) => (from + i) % 7),
    fromMin: Number(fromHour) * 60 + Number(fromMinute),
    untilMin: Number(untilHour ?? endHour) * 60 + Number(untilMinute ?? 0),
  };
}

function readOffset(text: string): number {
  const [, sign, hours, minutes] = OFFSET.exec(text) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function indexOf(day: string): number {
  return DAYS.findIndex((each) => each === day);
}
