// Finds a name that a JSON text gives twice to one object: of those JSON.parse would keep the last and say nothing.

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}:]/g;

/**
 * The first name that is given twice to one object; undefined where there is none. `text` has to be JSON.
 *
 * @example findTwin('{"deny":["a"],"deny":[]}') // 'deny'
 */
export function findTwin(text: string): string | undefined {
  const open: Set<string>[] = [];
  let latest = '';
  for (const [token] of text.matchAll(TOKEN)) {
    const names = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token !== ':') latest = token;
    else if (names !== undefined) {
      const name = JSON.parse(latest) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
  }
  return undefined;
}
