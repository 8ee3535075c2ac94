// Checks the import table (.dependency-cruiser.cjs), and that the check has really read every source file.

import { readdirSync } from 'node:fs';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { report } from './run.ts';

const CONFIG = '.dependency-cruiser.cjs';

/** The source files on disk, relative to the package, sorted. */
function listSources(): string[] {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .sort();
}

async function cruiseSources(): Promise<ICruiseResult> {
  const options: ICruiseOptions = await extractDepcruiseOptions(`./${CONFIG}`);
  const result = await cruise(['src'], options, {}, { tsConfig: extractTSConfig('./tsconfig.json') });
  if (typeof result.output === 'string') throw new Error('dependency-cruiser returned text where a result was expected.');
  return result.output;
}

function describeViolations(result: ICruiseResult): string[] {
  const comments = new Map(result.summary.ruleSetUsed?.forbidden?.map((rule) => [rule.name, rule.comment]));
  return result.summary.violations.map(({ rule, from, to, cycle }) => {
    const target = cycle === undefined ? to : cycle.map((step) => step.name).join(' → ');
    return `${rule.name}: ${from} → ${target}\n    ${comments.get(rule.name) ?? ''}`;
  });
}

// A tool that cannot read a file finds nothing wrong with it.
function describeUnread(result: ICruiseResult, sources: readonly string[]): string[] {
  const read = new Set(result.modules.map((module) => module.source));
  return sources.filter((source) => !read.has(source)).map((source) => `not read: ${source}`);
}

function describeStrangers(result: ICruiseResult, sources: readonly string[]): string[] {
  const rules = new Set(result.summary.ruleSetUsed?.forbidden?.map((rule) => rule.name));
  const folders = new Set(sources.map((source) => source.split('/').slice(1, -1)[0]).filter((folder) => folder !== undefined));
  return [...folders]
    .filter((folder) => !rules.has(`layer-${folder}`))
    .map((folder) => `src/${folder} has no row in the import table of ${CONFIG}`);
}

const sources = listSources();
const result = await cruiseSources();
const imports = result.modules
  .filter((module) => module.source.startsWith('src/'))
  .reduce((sum, module) => sum + module.dependencies.length, 0);
const problems = [...describeViolations(result), ...describeUnread(result, sources), ...describeStrangers(result, sources)];
if (imports === 0)
  problems.push('no import was found in any file: dependency-cruiser cannot read TypeScript here (is TypeScript 6.0 installed?)');
report('layers', `${sources.length} files, ${imports} imports`, problems);
