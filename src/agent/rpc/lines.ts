// Cuts a stream of bytes into lines of a bounded length.

const NEWLINE = 0x0a;

/** Takes in bytes. */
export interface LineReader {
  /** Hands on every line that is whole by now; false once a line is longer than allowed: nothing more is read then. */
  push(chunk: Uint8Array): boolean;
  /** True while a line has begun and not ended. */
  isPartial(): boolean;
}

/** Makes a reader that hands lines of at most `maxBytes` to `onLine`. */
export function createLineReader(maxBytes: number, onLine: (line: string) => void): LineReader {
  let [parts, size, isOver]: [Uint8Array[], number, boolean] = [[], 0, false];
  const add = (part: Uint8Array): void => {
    size += part.length;
    isOver ||= size > maxBytes;
    if (isOver) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const push = (chunk: Uint8Array): boolean => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0 && !isOver; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(parts).toString('utf8');
      [parts, size] = [[], 0];
      if (!isOver && line !== '') onLine(line);
    }
    if (!isOver) add(chunk.subarray(start));
    return !isOver;
  };
  return { push, isPartial: () => size > 0 };
}
