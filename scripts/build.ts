// Builds dist/ from src/: compiled modules with their types, and the files that are not TypeScript as they are.

import { cpSync, rmSync, statSync } from 'node:fs';
import { run } from './run.ts';

const NOT_COPIED = /\.ts$|\.fixture\.|[\\/]vectors(?:[\\/]|$)/;

rmSync('dist', { recursive: true, force: true });
const compiled = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
process.stderr.write(compiled.output);
cpSync('src', 'dist', { recursive: true, filter: (source) => statSync(source).isDirectory() || !NOT_COPIED.test(source) });
process.exitCode = compiled.code;
