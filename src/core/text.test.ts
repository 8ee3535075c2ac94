import { describe, expect, it } from 'vitest';
import { displayText, findTextProblem, isCleanText } from './text.ts';

describe('text', () => {
  it('accepts ordinary writing of many scripts, line feeds and tabs', () => {
    for (const text of ['', 'Übersetzung, 700 sats', '日本語', 'مرحبا', 'a\n\tb', '😀']) expect(isCleanText(text)).toBe(true);
  });

  it.each([
    ['\ud800', 'ill-formed'],
    ['a\u0000', 'control'],
    ['\u001b[31m', 'control'],
    ['\u0085', 'control'],
    ['a\u202eb', 'invisible'],
    ['pay\u200bment', 'invisible'],
    ['\ufeffx', 'invisible'],
    ['\u{e0041}', 'invisible'],
    ['e\u0301', 'not-nfc'],
  ])('names the problem of %j', (text, problem) => {
    expect(findTextProblem(text)).toBe(problem);
  });

  it('shows a stranger’s text on one line, without escape sequences, cut to size', () => {
    expect(displayText('a\u001b[2J\r\nb\u202ec')).toBe('a [2J bc');
    expect(displayText('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});
