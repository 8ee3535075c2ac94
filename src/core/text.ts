// Which text two parties may exchange, and how text of a stranger is shown on a terminal.

// Bidirectional controls, zero-width and other invisible format characters, line and paragraph separators.
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
// C0 and C1 controls but for tab and line feed.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]+/gu;

/** What is wrong with a text, if anything: it must be well-formed, NFC, and free of control and invisible characters. */
export type TextProblem = 'ill-formed' | 'not-nfc' | 'control' | 'invisible';

/** Names the first problem of a text (PROTOCOL "Carrier and envelope"); undefined when the text is clean. Tab and line feed are fine. */
export function findTextProblem(text: string): TextProblem | undefined {
  if (!text.isWellFormed()) return 'ill-formed';
  if (CONTROL.test(text)) return 'control';
  if (INVISIBLE.test(text)) return 'invisible';
  return text.normalize('NFC') === text ? undefined : 'not-nfc';
}

/** True when {@link findTextProblem} finds nothing. */
export function isCleanText(text: string): boolean {
  return findTextProblem(text) === undefined;
}

/**
 * Makes untrusted text safe for one line of a terminal: control and invisible characters become a space or vanish, and a longer
 * text is cut at `maxChars`.
 *
 * @example displayText('a\u001b[31mb') // 'a [31mb'
 */
export function displayText(text: string, maxChars = 2_000): string {
  const printable = text.toWellFormed().replace(UNPRINTABLE, ' ').replace(new RegExp(INVISIBLE, 'gu'), '').trim();
  const chars = [...printable];
  return chars.length <= maxChars ? printable : `${chars.slice(0, maxChars - 1).join('')}…`;
}
