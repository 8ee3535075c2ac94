// Checks that commands written in a text exist: each verb and flag is looked up in the command's own help.

import { run } from './run.ts';

const SHELL = /^(?:|sh|bash|shell|console|text)$/;
// Everything before the verb: variables, a prompt, npx or node.
const CALL =
  /^(?:\$\s+)?(?:[A-Z_]+=\S*\s+)*(?:npx\s+(?:-y\s+|--yes\s+|-p\s+\S+\s+)*|node\s+(?:\S*\/)?bin\/)?agent-negotiate(?:\.js|@\S+)?(?:\s+|$)/;

interface Help {
  readonly verbs: ReadonlySet<string>;
  /** Each flag, and whether a value follows it. */
  readonly flags: ReadonlyMap<string, boolean>;
}

/** True for the languages of fences that hold shell commands. */
export function isShell(language: string): boolean {
  return SHELL.test(language);
}

/** The words of each call of `agent-negotiate` in shell text, without the program's name. Quoted text becomes one word. */
export function findCalls(shell: string): string[][] {
  const joined = shell.replace(/\\\n\s*/g, ' ').replace(/'[^']*'|"[^"]*"/g, 'QUOTED');
  const parts = joined.split('\n').flatMap((line) => line.replace(/(?:^|\s)#.*$/, '').split(/\|\||&&|[|;]|\$\(|\s&(?=\s|$)/));
  return parts.flatMap((part) => {
    const trimmed = part.trim();
    const call = CALL.exec(trimmed);
    return call === null ? [] : [trimmed.slice(call[0].length).split(/\s+/).filter(isWord)];
  });
}

// Redirections and closing brackets belong to the shell.
function isWord(word: string): boolean {
  return word !== '' && !/^[0-9&]*[<>]/.test(word) && word !== ')';
}

/** Looks verbs and flags up by running `<verb> --help`, once each. */
export function createCommandChecker(program: readonly [string, ...string[]]): (words: readonly string[]) => Promise<string | undefined> {
  const known = new Map<string, Promise<Help>>();
  const helpOf = (verbs: readonly string[]): Promise<Help> => {
    const key = verbs.join(' ');
    const help = known.get(key) ?? readHelp([...program, ...verbs, '--help']);
    known.set(key, help);
    return help;
  };
  return (words) => checkCall(words, helpOf);
}

async function readHelp([command = '', ...args]: readonly string[]): Promise<Help> {
  const { code, output } = await run(command, args);
  if (code !== 0)
    throw new Error(`the help of the command line cannot be read (${args.slice(1).join(' ')}): ${output.split('\n')[0] ?? ''}`);
  const commands = /^Commands:\n((?: .*\n?|\n)*)/m.exec(output)?.[1] ?? '';
  const verbs = [...commands.matchAll(/^ {2}([a-z][\w-]*)(?:\|([\w-]+))?/gm)].flatMap((match) => [match[1] ?? '', match[2] ?? '']);
  const flags = [...output.matchAll(/(?<![\w-])(--?[a-zA-Z][\w-]*)(?:, (--[\w-]+))?( <)?/g)].flatMap(([, one = '', other, value]) =>
    [one, other].filter((flag) => flag !== undefined).map((flag) => [flag, value !== undefined] as const),
  );
  return { verbs: new Set(verbs.filter((verb) => verb !== '')), flags: new Map([...flags, ['--help', false], ['-h', false]]) };
}

/** What is wrong with a call: a verb or a flag that does not exist; undefined when nothing is. */
async function checkCall(words: readonly string[], helpOf: (verbs: readonly string[]) => Promise<Help>): Promise<string | undefined> {
  const verbs: string[] = [];
  let help = await helpOf(verbs);
  const flags = new Map(help.flags);
  const rest = words.values();
  for (const word of rest) {
    const name = ['agent-negotiate', ...verbs].join(' ');
    if (word === '--') return undefined;
    if (/^--?[a-zA-Z]/.test(word)) {
      const flag = word.replace(/[=\]),.].*$/, '');
      const takesValue = flags.get(flag);
      if (takesValue === undefined) return `${name} has no ${flag}`;
      if (takesValue && !word.includes('=')) rest.next();
    } else if (help.verbs.has(word)) {
      verbs.push(word);
      help = await helpOf(verbs);
      for (const [flag, takesValue] of help.flags) flags.set(flag, takesValue);
    } else if (help.verbs.size > 0) {
      // Anything but a plain word is a placeholder such as "…" or "<verb>".
      return /^[a-z][a-z-]*$/.test(word) ? `${name} has no command ${word}` : undefined;
    }
  }
  return undefined;
}
