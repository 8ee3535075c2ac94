// A simulation file: what is negotiated, what it is worth to its owner, and if the owner likes to guess, to the other side.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import type { StrategyChoice } from '../../decide/strategies/buildStrategy.ts';
import type { Domain, Utility } from '../../decide/utility.ts';
import { findDomainProblem, findUtilityProblem, type UtilityProblem } from '../../decide/utilityProblem.ts';
import { explainInput } from '../inputProblems.ts';
import { choiceSchema } from '../../decide/strategies/strategySchema.ts';

/** What a simulation file says. Without `opponent` the other side is made up: it wants the opposite, and other issues matter to it. */
export interface SimulationFile {
  readonly domain: Domain;
  readonly utility: Utility;
  readonly opponent?: Utility | undefined;
  readonly strategy?: StrategyChoice | undefined;
}

const WHOLE = 'must be a whole number, in quotes where it is larger than 9007199254740991';
// Numbers as JSON has them, or as decimal digits where they may be large, as amounts in msat are.
const integer = z.union([z.int(), z.string().regex(/^-?(?:0|[1-9][0-9]{0,21})$/)], WHOLE).transform((value) => BigInt(value));
const issue = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('discrete'), name: z.string(), values: z.array(z.string()).readonly() }),
  z.strictObject({ kind: z.literal('integer'), name: z.string(), min: integer, max: integer, step: integer.default(1n) }),
]);
const valuation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('table'), values: z.record(z.string(), z.number()) }),
  z.strictObject({ kind: z.literal('linear'), best: z.enum(['low', 'high']) }),
  z.strictObject({ kind: z.literal('points'), points: z.array(z.strictObject({ at: integer, value: z.number() })).readonly() }),
]);
const utility = z.strictObject({
  issues: z.record(z.string(), z.strictObject({ weight: z.number(), value: valuation })),
  reserve: z.number(),
});

const fileSchema = z.strictObject({
  domain: z.strictObject({ issues: z.array(issue).max(64).readonly() }),
  utility,
  opponent: utility.optional(),
  strategy: choiceSchema.optional(),
});

/** Reads a simulation file from its JSON value. Throws `input/invalid`, with the place of what is wrong. */
export function parseSimulationFile(value: unknown): SimulationFile {
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) throw explainInput('The simulation file', parsed.error.issues, value);
  const { domain, utility: own, opponent } = parsed.data;
  refuseUnsound('the domain', findDomainProblem(domain));
  refuseUnsound('the utility', findUtilityProblem(domain, own));
  if (opponent !== undefined) refuseUnsound('the opponent', findUtilityProblem(domain, opponent));
  return parsed.data;
}

function refuseUnsound(what: string, problem: UtilityProblem | undefined): void {
  if (problem === undefined) return;
  throw fail(`${what}${problem.issue === undefined ? '' : `, issue ${problem.issue}`}: ${problem.problem}`);
}

function fail(words: string): NegotiateError {
  return new NegotiateError(
    'input/invalid',
    `The simulation file is not valid at ${words}. Correct it and try again (docs/strategies.md).`,
  );
}
