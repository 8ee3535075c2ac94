// Runs every check of the project, two at a time where they do not disturb each other: `npm run verify`.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mapWide, runNpm } from './run.ts';

interface Check {
  readonly name: string;
  /** The npm script that does it. */
  readonly script: string;
}

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

// The tests use every core and measure nothing else: they run alone, after the quick answers.
const SIDE_BY_SIDE: readonly Check[] = [
  { name: 'types', script: 'types' },
  { name: 'lint', script: 'lint' },
  { name: 'format', script: 'format:check' },
  { name: 'layers', script: 'layers' },
  { name: 'unused', script: 'unused' },
  { name: 'tree', script: 'tree:check' },
  { name: 'docs', script: 'docs:check' },
  { name: 'package', script: 'package:check' },
];
const ALONE: readonly Check[] = [{ name: 'tests', script: 'test' }];

async function runCheck({ name, script }: Check): Promise<Outcome> {
  const startedAt = performance.now();
  const { code, output } = await runNpm(['run', '--silent', script]);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s`);
  if (code !== 0) console.log(output.replace(/^/gm, '      ').trimEnd());
  return { name, passed: code === 0, seconds };
}

const { values } = parseArgs({ options: { skip: { type: 'string', multiple: true, default: [] }, json: { type: 'string' } } });
const names = [...SIDE_BY_SIDE, ...ALONE].map((check) => check.name);
const unknown = values.skip.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`There is no check called ${unknown.join(', ')}. The checks are: ${names.join(', ')}.`);
const wanted = (check: Check): boolean => !values.skip.includes(check.name);

const outcomes = [...(await mapWide(SIDE_BY_SIDE.filter(wanted), 2, runCheck)), ...(await mapWide(ALONE.filter(wanted), 1, runCheck))];
const failed = outcomes.filter((outcome) => !outcome.passed).length;
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ checks: outcomes }, null, 2)}\n`);
for (const name of values.skip) console.log(`skip  ${name}`);
console.log(`verify: ${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
