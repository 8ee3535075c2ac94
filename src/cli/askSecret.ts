// Asks for a secret on the terminal, without showing it.

import { NegotiateError } from '../core/errors.ts';

const ENTER = ['\r', '\n', '\u0004'];
const INTERRUPT = '\u0003';
const ERASE = ['\b', '\u007f'];

/** Asks on stderr and returns what is typed until Enter. Throws `input/invalid` after Ctrl-C. */
export async function askSecret(question: string): Promise<string> {
  const { stdin } = process;
  // First, so that nothing is shown of what is typed at once.
  stdin.setRawMode(true);
  process.stderr.write(question);
  stdin.setEncoding('utf8');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: readonly string[] = [];
  const onData = (text: string): void => {
    for (const letter of text) {
      if (letter === INTERRUPT) return reject(new NegotiateError('input/invalid', 'Given up: nothing was done.'));
      if (ENTER.includes(letter)) return resolve(typed.join(''));
      typed = ERASE.includes(letter) ? typed.slice(0, -1) : [...typed, letter];
    }
  };
  const onEnd = (): void => reject(new NegotiateError('input/invalid', 'The terminal was closed: nothing was done.'));
  stdin.on('data', onData).once('end', onEnd).resume();
  try {
    return await promise;
  } finally {
    stdin.off('data', onData).off('end', onEnd).pause();
    stdin.setRawMode(false);
    process.stderr.write('\n');
  }
}
