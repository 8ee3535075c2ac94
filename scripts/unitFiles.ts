// Checks service files in the documents: every option in them is explained beside them, and the commands in them exist.

import type { Fence, Markdown } from './markdown.ts';
import { findCalls } from './commandLine.ts';

/** What a fence of a systemd unit or a Dockerfile holds. */
interface UnitFile {
  /** Its options or instructions. */
  readonly names: readonly string[];
  /** Calls of our command in it, without the program's name. */
  readonly calls: readonly string[][];
}

/** The calls in the service files of a document, and what is wrong with the rest of them. */
export function checkUnitFiles({ fences, prose }: Markdown): { readonly calls: readonly string[][]; readonly problems: readonly string[] } {
  const units = fences.flatMap((fence) => readUnit(fence) ?? []);
  const explained = new Set(
    [...prose.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)),
  );
  const missing = units.flatMap(({ names }) => names.filter((name) => !explained.has(name)));
  return {
    calls: units.flatMap(({ calls }) => calls),
    problems: [...new Set(missing)].map((name) => `the option ${name} is explained nowhere`),
  };
}

function readUnit({ language, text }: Fence): UnitFile | undefined {
  if (language === 'ini') return readSystemd(text);
  return language === 'dockerfile' ? readDockerfile(text) : undefined;
}

function readSystemd(text: string): UnitFile {
  const lines = [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => ({ name, value }));
  const commands = lines.filter(({ name }) => name.startsWith('Exec')).map(({ value }) => value.replace(/^[-@+!:]*\S*\//, ''));
  return { names: lines.map(({ name }) => name), calls: commands.flatMap(findCalls) };
}

function readDockerfile(text: string): UnitFile {
  const lines = [...text.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, name = '', value = '']) => ({ name, value }));
  const words = lines.filter(({ name }) => name === 'ENTRYPOINT' || name === 'CMD').flatMap(({ value }) => JSON.parse(value) as string[]);
  return { names: lines.map(({ name }) => name), calls: findCalls(words.join(' ')) };
}
