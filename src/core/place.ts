// Where in a document something is, in words.

/** A place as `issues[0].reserve`. A name that is no plain word is quoted, so that a place always reads in one way. */
export function renderPlace(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part).slice(0, 80);
    const shown = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return text === '' ? shown : `${text}.${shown}`;
  }, '');
}
