// A service as its provider configures it: what is announced, how it is sold, and what does the work.

import { z } from 'zod';
import { parseSats } from '../../core/money.ts';
import type { AnnouncementDraft } from '../../discover/buildAnnouncement.ts';
import { capability, lineText, longText, talkText } from '../../negotiate/fields.ts';
import { MAX_FILE_BYTES } from '../../negotiate/files.ts';
import { checkEndpoint } from '../../request/callEndpoint.ts';
import { NO_DESCRIPTION } from '../../decide/mandatePublic.ts';
import { choiceSchema, roundsSchema } from '../../decide/strategies/strategySchema.ts';

const LONGEST_RUN_S = 3_600;
const AMOUNT = 'must be an amount in sats above 0, in quotes, with at most three decimals, such as "700" or "0.5"';
const amount = z.string(AMOUNT).refine(isPrice, { abort: true, error: AMOUNT }).transform(parseSats);
const ENDPOINT = 'must be an http URL of this machine, such as http://127.0.0.1:8080/job';
const byteCount = z.int().min(1).max(MAX_FILE_BYTES);

/**
 * One service of a provider, as its configuration has it. The work is done by `command` (program and arguments, no shell, in a folder
 * of its own; the first input, or the words of the request, on stdin) or by an HTTP `endpoint` of this machine; what it writes is the result.
 */
export const serviceSchema = z
  .strictObject({
    /** Names the service among those of this provider. */
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be a name of at most 64 small letters, digits and ._-'),
    name: lineText,
    description: longText.default(NO_DESCRIPTION),
    capabilities: z.array(capability).min(1).max(16),
    /** Announced price in sats, and the first one asked for. */
    list_sats: amount,
    /** The least that is taken, in sats; told to nobody. */
    min_sats: amount,
    /** How to bargain between the two; unless named as the policy in force says, else by fixed rules. A module of one's own by its absolute path. */
    strategy: choiceSchema.optional(),
    /** How many offers the strategy has, the policy's too. */
    rounds: roundsSchema.optional(),
    /** What to ask a buyer before a price is named. */
    question: talkText.optional(),
    command: z.array(z.string().min(1)).min(1).max(64).optional(),
    endpoint: z
      .url(ENDPOINT)
      .refine((url) => isEndpoint(url), ENDPOINT)
      .optional(),
    /** Name of the result's file. */
    result: lineText.default('result'),
    /** Words about the form of the result. */
    output: longText.optional(),
    /** Seconds a run may take. */
    timeout_s: z.int().min(1).max(LONGEST_RUN_S).default(60),
    max_output_bytes: byteCount.default(MAX_FILE_BYTES),
    max_input_bytes: byteCount.default(MAX_FILE_BYTES),
    /** Seconds after payment by which the result is promised. */
    within_s: z.int().min(1).default(86_400),
    /** Seconds after delivery within which inputs and results are deleted, as promised to the buyer. */
    retention_s: z.int().min(0).optional(),
    /** Whether buyers who wish to may attest the work in public. */
    attest: z.boolean().default(true),
  })
  .refine(
    ({ command, endpoint }) => (command === undefined) !== (endpoint === undefined),
    'needs either a command or an endpoint, and not both',
  )
  .refine(({ list_sats, min_sats }) => list_sats >= min_sats, {
    path: ['min_sats'],
    error: 'is above list_sats: the least that is taken cannot be more than the price that is announced',
  });

/** A checked service. */
export type Service = z.output<typeof serviceSchema>;

/** The services of a provider; their ids and capabilities differ, so that a request has one meaning. */
export const servicesSchema = z
  .array(serviceSchema)
  .max(32)
  .refine((services) => areDistinct(services.map(({ id }) => id)), 'must have different ids: two services have the same')
  .refine(
    (services) => areDistinct(services.flatMap(({ capabilities }) => capabilities)),
    'must have different capabilities: one is named twice',
  );

/** The announcement of a service. */
export function announcementOf({ id, name, description, capabilities, list_sats }: Service): AnnouncementDraft {
  return {
    service: id,
    name,
    description,
    capabilities,
    price: { amountMsat: list_sats, per: 'request' },
    isActive: true,
    isNegotiable: true,
  };
}

function isPrice(text: string): boolean {
  try {
    return parseSats(text) > 0n;
  } catch {
    return false;
  }
}

function isEndpoint(url: string): boolean {
  try {
    return checkEndpoint(url) !== '';
  } catch {
    return false;
  }
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
