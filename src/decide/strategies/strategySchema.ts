// A strategy as its owner writes it, in a file, a configuration or an order.

import { z } from 'zod';
import { isNegotiateError } from '../../core/errors.ts';
import { buildStrategy, type OwnStrategy, type StrategyChoice, type StrategySpec } from './buildStrategy.ts';
import { NAMED_STRATEGIES } from './namedStrategies.ts';

const curve = { curve: z.enum(['polynomial', 'exponential']).default('polynomial'), exponent: z.number() };
const tolerance = z.number().default(0);
const common = {
  acceptFrom: z.number().exactOptional(),
  alternatives: z.number().exactOptional(),
  spread: z.number().exactOptional(),
  impasseRounds: z.number().exactOptional(),
};
const named = z.enum(Object.keys(NAMED_STRATEGIES) as [keyof typeof NAMED_STRATEGIES]).transform((name) => NAMED_STRATEGIES[name]);
const described = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('time'), ...curve, fall: z.enum(['scaled', 'plain']).default('scaled'), tolerance, ...common }),
  z.strictObject({
    kind: z.literal('tit-for-tat'),
    imitates: z.enum(['relative', 'absolute', 'averaged']).default('absolute'),
    window: z.number().default(1),
    kindness: z.number().default(0.5),
    noise: z.number().default(0),
    tolerance,
    ...common,
  }),
  z.strictObject({
    kind: z.literal('naive-tit-for-tat'),
    kindness: z.number().default(0),
    mirrors: z.boolean().default(false),
    tolerance,
    ...common,
  }),
  z.strictObject({ kind: z.literal('micro'), skips: z.boolean().default(true), ...common }),
  z.strictObject({ kind: z.literal('firm'), level: z.number(), ...common }),
]);

/** A strategy as its owner writes it: a name, or a kind with options, of which those that are left out have their defaults. */
export const strategySchema: z.ZodType<StrategySpec> = z.union([named, described]);

/** A strategy that can be built: its options are in their ranges. */
export const soundStrategySchema = strategySchema.superRefine((spec, context) => {
  const message = findProblem(spec);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** A strategy of the owner's own; whether its module can be loaded is seen by whoever runs it. */
export const ownStrategySchema: z.ZodType<OwnStrategy> = z.strictObject({
  kind: z.literal('own'),
  module: z.string().min(1).max(1_024),
  export: z
    .string()
    .max(64)
    .regex(/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u)
    .exactOptional(),
});

const NO_CHOICE = `must be one of ${Object.keys(NAMED_STRATEGIES).join(', ')}; or a kind with options, or a module of your own by its path (docs/strategies.md)`;

/** A strategy of the product that can be built, or one of the owner's own. */
export const choiceSchema: z.ZodType<StrategyChoice> = z.union([soundStrategySchema, ownStrategySchema], {
  // What an object lacks is told field by field.
  error: ({ input }) => (typeof input === 'object' ? undefined : NO_CHOICE),
});

/** No strategy has more offers. */
export const MOST_ROUNDS = 100;
/** How many offers a side makes before it takes what there is or ends. */
export const roundsSchema = z.int().min(1).max(MOST_ROUNDS);
/** So many unless named. */
export const DEFAULT_ROUNDS = 12;

function findProblem(spec: StrategySpec): string | undefined {
  try {
    buildStrategy(spec);
    return undefined;
  } catch (error) {
    return isNegotiateError(error)
      ? `has an option out of its range: ${error.message.replace(/^The/, 'the').replace(/\.$/, '')}`
      : 'is no strategy';
  }
}
