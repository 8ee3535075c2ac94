// Where a text stops to be JSON. The words of JSON.parse quote the text, which may be secret, and do not always say where.

/** A place in a text, both counted from 1; columns are UTF-16 code units. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
// A text has no control characters, quotes and backslashes but for those after a backslash.
const TEXT = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/.source;
const SCALAR = new RegExp(`${TEXT}|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null`, 'y');
const NAME = new RegExp(`${TEXT}[ \\t\\n\\r]*:`, 'y');

/**
 * The place of the first character that cannot stand there; the end where something is missing. `text` must not be JSON.
 *
 * @example findJsonFault('{"a": 1,}') // { line: 1, column: 9 }
 */
export function findJsonFault(text: string): TextPlace {
  return placeOf(text, readAsFarAsItGoes(text));
}

/** What is read next: a value, the name of a field, or what may follow a value. */
type Wanted = 'value' | 'name' | 'next';

function readAsFarAsItGoes(text: string): number {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'value';
  let mayEnd = false;
  for (let at = skip(text, 0); ; at = skip(text, at)) {
    const char = text[at];
    const within = open.at(-1);
    const isEnd = char !== undefined && within !== undefined && char === (within === '{' ? '}' : ']');
    if (isEnd && (wanted === 'next' || mayEnd)) {
      open.pop();
      [wanted, mayEnd] = ['next', false];
      at += 1;
    } else if (wanted === 'next') {
      if (within === undefined || char !== ',') return at;
      wanted = within === '{' ? 'name' : 'value';
      at += 1;
    } else if (wanted === 'value' && (char === '{' || char === '[')) {
      open.push(char);
      [wanted, mayEnd] = [char === '{' ? 'name' : 'value', true];
      at += 1;
    } else {
      const end: number = match(wanted === 'name' ? NAME : SCALAR, text, at);
      if (end === at) return at;
      [wanted, mayEnd] = [wanted === 'name' ? 'value' : 'next', false];
      at = end;
    }
  }
}

function skip(text: string, from: number): number {
  return match(SPACE, text, from);
}

/** Where the match that begins at `from` ends; `from` where there is none. */
function match(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

function placeOf(text: string, at: number): TextPlace {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}
