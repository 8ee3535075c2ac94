// Checks that the documents tell the truth where a program can tell: links, anchors, paths, npm scripts, commands and flags,
// and the tests that docs/interop.md cites.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { checkInterop } from './checkInterop.ts';
import { createCommandChecker, findCalls, isShell } from './commandLine.ts';
import { readMarkdown, type Markdown } from './markdown.ts';
import { mapWide, report } from './run.ts';
import { checkUnitFiles } from './unitFiles.ts';

const EXPECTED = ['README.md', 'AGENTS.md', 'SECURITY.md', 'CONTRIBUTING.md'];
const OWN_PATH = /(?<![\w./@:~<-])(?:src|scripts|test|bench|interop|bin|docs|vectors|\.ci)\/[\w.*<>{}/-]*/g;
const NPM_BUILT_IN = new Set(['test', 'start', 'stop', 'restart']);

const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
const documents = new Map(
  [...new Set([...EXPECTED, ...globSync(['docs/**/*.md', 'interop/**/*.md'])])]
    .filter(existsSync)
    .map((path) => [path, readMarkdown(readFileSync(path, 'utf8'))]),
);

function checkLinks(path: string, { links }: Markdown): string[] {
  return links.flatMap((link) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return [];
    const [file = '', anchor] = decodeURI(link).split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (target.startsWith('..') || !existsSync(target)) return [`${path}: the link ${link} leads nowhere`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    const anchors = documents.get(target)?.anchors ?? readMarkdown(readFileSync(target, 'utf8')).anchors;
    return anchors.has(anchor) ? [] : [`${path}: the link ${link} has no such heading`];
  });
}

function checkPaths(path: string, text: string): string[] {
  const named = [...text.matchAll(OWN_PATH)].map((match) => match[0].replace(/[.]+$/, ''));
  // A pattern or a placeholder names no file: its folder must be there.
  const targets = named.map((name) => (/[*<{]/.test(name) ? name.slice(0, name.search(/[^/]*[*<{]/)) : name));
  return targets
    .filter((name) => !existsSync(name) && !existsSync(join(dirname(path), name)))
    .map((name) => `${path}: ${name} does not exist`);
}

function checkNpmScripts(path: string, text: string): string[] {
  const named = [...text.matchAll(/\bnpm (?:(?:run|run-script) (?:-s |--silent )?([\w:-]+)|(test|start|stop|restart)\b)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return named
    .filter((name) => !(name in scripts))
    .map((name) => `${path}: npm ${NPM_BUILT_IN.has(name) ? '' : 'run '}${name} does not exist`);
}

async function checkCommands(path: string, document: Markdown): Promise<string[]> {
  const { fences, codes } = document;
  const units = checkUnitFiles(document);
  const shell = [...fences.filter((fence) => isShell(fence.language)).map((fence) => fence.text), ...codes];
  const answers = await mapWide([...shell.flatMap(findCalls), ...units.calls], 2, (words) =>
    checkCommand(words).catch((error: Error) => error.message),
  );
  return [...units.problems, ...answers].filter((answer) => answer !== undefined).map((answer) => `${path}: ${answer}`);
}

const checkCommand = createCommandChecker([process.execPath, 'bin/agent-negotiate.js']);
const problems = EXPECTED.filter((path) => !documents.has(path)).map((path) => `${path} is missing`);
problems.push(...checkInterop().problems);
for (const [path, document] of documents) {
  const text = readFileSync(path, 'utf8');
  problems.push(
    ...checkLinks(path, document),
    ...checkPaths(path, text),
    ...checkNpmScripts(path, text),
    ...(await checkCommands(path, document)),
  );
}
report('docs', `${documents.size} documents`, [...new Set(problems)]);
