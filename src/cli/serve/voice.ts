// How a home that `serve` runs is heard: where several run in one process, each line says whose it is.

import { printJson, printLines, printRemark } from '../io.ts';

/** Where news goes: JSON lines and lines for people to stdout, remarks to stderr. */
export interface Voice {
  readonly json: (value: object) => void;
  readonly lines: (lines: readonly string[]) => void;
  readonly remark: (text: string) => void;
}

/** The voice of a command that has one home. */
export const PLAIN: Voice = { json: printJson, lines: printLines, remark: printRemark };

/** The voice of one home among several. */
export function speakFor(home: string): Voice {
  return {
    json: (value) => printJson({ home, ...value }),
    lines: (lines) => printLines(lines.map((line) => `${home}: ${line}`)),
    remark: (text) => printRemark(`${home}: ${text}`),
  };
}
