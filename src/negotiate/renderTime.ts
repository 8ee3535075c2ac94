// Times and durations in words, without a clock or a time zone.

const DAY_S = 86_400;
const UNITS = [
  [DAY_S, 'day', 'days'],
  [3_600, 'h', 'h'],
  [60, 'min', 'min'],
  [1, 's', 's'],
] as const;

/** Renders unix seconds from 1970 to 9999 in UTC. @example renderUnixSeconds(0) // '1970-01-01 00:00:00 UTC' */
export function renderUnixSeconds(unixSeconds: number): string {
  const ofDay = unixSeconds % DAY_S;
  const clock = [Math.floor(ofDay / 3_600), Math.floor(ofDay / 60) % 60, ofDay % 60].map(padTwo).join(':');
  return `${renderDay(Math.floor(unixSeconds / DAY_S))} ${clock} UTC`;
}

/** Renders a number of seconds exactly. @example renderSeconds(90_000) // '1 day 1 h' */
export function renderSeconds(seconds: number): string {
  let rest = seconds;
  const parts: string[] = [];
  for (const [size, one, many] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${count === 1 ? one : many}`);
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

function renderDay(daysSince1970: number): string {
  let year = 1970 + Math.floor(daysSince1970 / 366); // never too late, so that counting up ends at the right year
  while (daysBefore(year + 1) <= daysSince1970) year += 1;
  let rest = daysSince1970 - daysBefore(year);
  let month = 1;
  for (; rest >= daysIn(year, month); month += 1) rest -= daysIn(year, month);
  return `${year}-${padTwo(month)}-${padTwo(rest + 1)}`;
}

function daysBefore(year: number): number {
  const past = year - 1;
  return (year - 1970) * 365 + (leapDays(past) - leapDays(1969));
}

function leapDays(year: number): number {
  return Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return 28 + leapDays(year) - leapDays(year - 1);
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function padTwo(count: number): string {
  return String(count).padStart(2, '0');
}
