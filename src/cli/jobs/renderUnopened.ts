// What is said when messages of strangers were not opened yet.

/** One sentence on how many there are, and what to do; `again` is the verb to run again. */
export function renderUnopened(count: number, again: string): string {
  const what = count === 1 ? 'One message of a stranger was' : `About ${count} messages of strangers were`;
  return `${what} not opened yet: there is more than one call may spend on them. Run ${again} again to go on, or serve.`;
}
