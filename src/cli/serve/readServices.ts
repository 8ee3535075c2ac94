// Reads a configuration file of services.

import { dirname } from 'node:path';
import { z } from 'zod';
import type { InputOf } from '../../agent/api.ts';
import { explainInput } from '../../agent/inputProblems.ts';
import { readChoice } from '../../agent/strategies/readChoice.ts';
import { readFileOrStdin } from '../io.ts';
import { parseJsonText } from '../parseValues.ts';

const configSchema = z.strictObject({ services: z.array(z.record(z.string(), z.unknown())).min(1) });

/** The services in the file, with own strategies by absolute paths; they are checked where they are used. Throws `input/…`. */
export function readServices(path: string): NonNullable<InputOf<'pursue'>['services']> {
  const config = parseJsonText(readFileOrStdin(path));
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) throw explainInput('The configuration (docs/serve.md)', parsed.error.issues, config);
  const folder = path === '-' ? process.cwd() : dirname(path);
  const services = parsed.data.services.map((each) =>
    'strategy' in each ? { ...each, strategy: readChoice(each['strategy'], folder) } : each,
  );
  return services as NonNullable<InputOf<'pursue'>['services']>;
}
