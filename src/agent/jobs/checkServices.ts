// Checks services before a daemon starts with them: their form, and whether their commands can be started.

import { z } from 'zod';
import { findProgramProblem, type ProgramProblem } from '../../request/findProgram.ts';
import { explainInput, type InputIssue } from '../inputProblems.ts';
import { servicesSchema, type Service } from './service.ts';

const configSchema = z.strictObject({ services: servicesSchema });

const TEXTS: Readonly<Record<ProgramProblem, string>> = {
  missing: 'is no program on this machine: give its absolute path, or install it where PATH finds it',
  'not-executable': 'is a file that you may not run: make it executable (chmod +x), or name the program that runs it first',
  relative: 'must be an absolute path, or a name that PATH finds: each job runs in a folder of its own',
};

/** Checks what a configuration file says. Throws `input/invalid` with everything that is wrong; nothing is started. */
export function checkServices(services: unknown): readonly Service[] {
  const parsed = configSchema.safeParse({ services });
  if (!parsed.success) throw explainInput('The configuration', parsed.error.issues, { services });
  const issues = parsed.data.services.flatMap(findIssue);
  if (issues.length > 0) throw explainInput('The configuration', issues, { services });
  return parsed.data.services;
}

function findIssue({ command }: Service, place: number): readonly InputIssue[] {
  const [program] = command ?? [];
  const problem = program === undefined ? undefined : findProgramProblem(program);
  if (problem === undefined) return [];
  return [{ code: 'custom', path: ['services', place, 'command', 0], message: TEXTS[problem] }];
}
