// Checks docs/interop.md: each rule has one id, and each test that it cites as proof stands in the named file under that title.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { report } from './run.ts';

const DOCUMENT = 'docs/interop.md';
const HEADER = /^\| *id *\| *rule *\| *where *\| *proof *\|$/;
const CITATION = /^`(\S+\.test\.ts) › (.+)`$/;
const EXCUSE = /^(?:untested live|not done): \S/;

type Titles = ReadonlyMap<string, ReadonlySet<string>>;

/** One row of a rule table; `line` counts from 1. */
interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Counts the rules, and says what is wrong with them, each problem with the row that has it. */
export function checkInterop(): { readonly rules: number; readonly problems: readonly string[] } {
  const rows = readRows(readFileSync(DOCUMENT, 'utf8'));
  const paths = globSync('{src,test}/**/*.test.ts').map((path) => path.replaceAll('\\', '/'));
  const titles = new Map(paths.map((path) => [path, collectTitles(path)]));
  const seen = new Set<string>();
  const problems = rows.flatMap((row) => checkRow(row, seen, titles));
  return { rules: rows.length, problems: rows.length === 0 ? [`${DOCUMENT}: there is no rule in it`] : problems };
}

/** The rows below each header of the four columns; other tables are passed over. */
function readRows(text: string): Row[] {
  let isInside = false;
  return text.split('\n').flatMap((line, index) => {
    const isHeader = HEADER.test(line);
    isInside = isHeader || (isInside && line.startsWith('|'));
    if (!isInside || isHeader || /^[|: -]+$/.test(line)) return [];
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    return [{ line: index + 1, cells: cells.map((cell) => cell.trim().replaceAll('\\|', '|')) }];
  });
}

function checkRow({ line, cells }: Row, seen: Set<string>, titles: Titles): string[] {
  const [mark = '', rule = '', , proof = ''] = cells;
  const id = /^`([a-z0-9]+(?:-[a-z0-9]+)*)`$/.exec(mark)?.[1];
  const problems = proof.split('<br>').flatMap((part) => checkProof(part.trim(), titles));
  if (cells.length !== 4) problems.push(`a row has four cells, not ${cells.length}`);
  if (id === undefined) problems.push('the id is not words in small letters, joined by hyphens, between backticks');
  else if (seen.has(id)) problems.push('another row has this id');
  if (rule === '') problems.push('there is no rule');
  seen.add(id ?? '');
  return problems.map((problem) => `${DOCUMENT}:${line}: ${id ?? mark}: ${problem}`);
}

function checkProof(proof: string, titles: Titles): string[] {
  if (proof === '') return ['the proof is empty'];
  if (EXCUSE.test(proof)) return [];
  const [, path, title] = CITATION.exec(proof) ?? [];
  if (path === undefined || title === undefined) return [`"${proof}" is neither a test, nor "untested live: why", nor "not done: why"`];
  const known = titles.get(path);
  if (known === undefined) return [existsSync(path) ? `${path} is not among the tests` : `${path} does not exist`];
  return known.has(title) ? [] : [`${path} has no test called "${title}"`];
}

/** Titles of the tests of a file that run: as written, and for each row of a table of literals also as vitest prints it. */
function collectTitles(path: string): ReadonlySet<string> {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    const call = ts.isCallExpression(node) ? readCall(node) : undefined;
    // What is skipped, still to be written or expected to fail proves nothing.
    if (call?.modifiers.some((modifier) => ['skip', 'todo', 'fails'].includes(modifier)) === true) return;
    if (call?.name === 'it' || call?.name === 'test') for (const title of expandTitle(call, file)) titles.add(title);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return titles;
}

/** A call such as `it.each(table)(title, …)`: the name it begins with, what follows the dots, the title as written. */
interface TestCall {
  readonly name: string;
  readonly modifiers: readonly string[];
  readonly title: string;
  readonly table: ts.Expression | undefined;
}

function readCall({ expression, arguments: [first] }: ts.CallExpression): TestCall | undefined {
  const title = first === undefined ? undefined : readTitle(first);
  if (title === undefined) return undefined;
  const modifiers: string[] = [];
  let table: ts.Expression | undefined;
  let callee: ts.Expression = expression;
  while (!ts.isIdentifier(callee)) {
    if (ts.isPropertyAccessExpression(callee)) modifiers.push(callee.name.text);
    else if (ts.isCallExpression(callee)) table = callee.arguments[0];
    else return undefined;
    callee = callee.expression;
  }
  return { name: callee.text, modifiers, title, table };
}

function readTitle(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined;
}

function expandTitle({ title, table, modifiers }: TestCall, file: ts.SourceFile): string[] {
  const cases = table === undefined || !modifiers.includes('each') ? [] : readCases(table, file);
  return [title, ...cases.flatMap((values) => fillTitle(title, values) ?? [])];
}

/** The literals of each case, with gaps for other values; the table may be a constant of the file. */
function readCases(table: ts.Expression, file: ts.SourceFile): (readonly (string | undefined)[])[] {
  const list = strip(table);
  if (ts.isIdentifier(list)) {
    const initializer = findConstant(file, list.text);
    return initializer === undefined ? [] : readCases(initializer, file);
  }
  if (!ts.isArrayLiteralExpression(list)) return [];
  return list.elements.map((element) => {
    const row = strip(element);
    return (ts.isArrayLiteralExpression(row) ? [...row.elements] : [row]).map(readLiteral);
  });
}

function findConstant(node: ts.Node, name: string): ts.Expression | undefined {
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name) return node.initializer;
  return ts.forEachChild(node, (child) => findConstant(child, name));
}

function readLiteral(node: ts.Expression): string | undefined {
  const value = strip(node);
  return ts.isStringLiteralLike(value) || ts.isNumericLiteral(value) ? value.text : undefined;
}

function strip(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node) ? strip(node.expression) : node;
}

/** The title with its %s and %i filled in; undefined when a value is no literal or the title wants another form. */
function fillTitle(title: string, values: readonly (string | undefined)[]): string | undefined {
  if (/%[a-z#$]|\$\w/.test(title.replace(/%[sid]/g, ''))) return undefined;
  const isFilled = (title.match(/%[sid]/g) ?? []).every((_, i) => values[i] !== undefined);
  let next = 0;
  return isFilled ? title.replace(/%[sid]/g, () => values[next++] ?? '') : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { rules, problems } = checkInterop();
  report('interop', `${rules} rules`, problems);
}
