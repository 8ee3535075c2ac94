// What a check of the doctor finds, and how it is written down.

/** The outcome of one check. No secret and no text of a peer or a relay stands in it. */
export interface Check {
  /** Names the check; of a relay of ours with its URL: `relay wss://relay.example`. */
  readonly id: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** One sentence: what was found. */
  readonly finding: string;
  /** What to do; empty when there is nothing to do. */
  readonly advice: string;
}

/** A check that finds nothing wrong. */
export function pass(id: string, finding: string, advice = ''): Check {
  return { id, state: 'ok', finding, advice };
}

/** A check that finds something to look at: the agent works, but less well than it could, or nobody knows. */
export function warn(id: string, finding: string, advice: string): Check {
  return { id, state: 'warning', finding, advice };
}

/** A check that finds what keeps the agent from its work. */
export function fail(id: string, finding: string, advice: string): Check {
  return { id, state: 'problem', finding, advice };
}

/** Splits a message of ours, which says what is and then what to do. */
export function splitMessage(message: string): { readonly finding: string; readonly advice: string } {
  const end = message.indexOf('. ');
  return end < 0 ? { finding: message, advice: '' } : { finding: message.slice(0, end + 1), advice: message.slice(end + 2) };
}

/** `1 event`, `2 events`. */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** The day of a time, as 2027-01-31. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 10);
}
