// The use-case table: everything an open agent can do, by name, with the file that does it, loaded when first used.

import { z } from 'zod';
import type { AgentContext } from './context.ts';

/** How to run a use case: the schema of its input and the function. */
export interface Runner<I extends z.ZodType, O> {
  readonly input: I;
  readonly run: (context: AgentContext, input: z.output<I>) => O | Promise<O>;
}

/** One use case. One that `writes` needs the home for itself. */
export interface UseCase<I extends z.ZodType, O> {
  readonly summary: string;
  readonly writes: boolean;
  readonly load: () => Promise<Runner<I, O>>;
}

const nothing = z.strictObject({});

function reading<I extends z.ZodType, O>(summary: string, load: () => Promise<Runner<I, O>>): UseCase<I, O> {
  return { summary, writes: false, load };
}

function writing<I extends z.ZodType, O>(summary: string, load: () => Promise<Runner<I, O>>): UseCase<I, O> {
  return { summary, writes: true, load };
}

/** Every use case of an open agent, in the words of the command line. */
export const USE_CASES = {
  whoami: reading('Show who this agent is and where it is reached', async () => {
    const { whoami: run } = await import('./whoami.ts');
    return { input: nothing, run };
  }),
  start: writing('Start a negotiation with a peer about a service', async () => {
    const { startInput: input, start: run } = await import('./start.ts');
    return { input, run };
  }),
  send: writing('Ask a question, or answer the one that is open', async () => {
    const { sendInput: input, send: run } = await import('./send.ts');
    return { input, run };
  }),
  offer: writing('Make an offer or a counter-offer', async () => {
    const { offerInput: input, offer: run } = await import('./offer.ts');
    return { input, run };
  }),
  accept: writing('Accept the offer of the peer: this signs', async () => {
    const { acceptInput: input, accept: run } = await import('./accept.ts');
    return { input, run };
  }),
  reject: writing('Decline an offer or end a negotiation', async () => {
    const { rejectInput: input, reject: run } = await import('./reject.ts');
    return { input, run };
  }),
  list: reading('List negotiations and waiting invites', async () => {
    const { list: run } = await import('./list.ts');
    return { input: nothing, run };
  }),
  status: reading('Show one negotiation: phase, offers, deal and bundle', async () => {
    const { statusInput: input, status: run } = await import('./status.ts');
    return { input, run };
  }),
  history: reading('Show what was said in one negotiation', async () => {
    const { historyInput: input, history: run } = await import('./history.ts');
    return { input, run };
  }),
  sync: writing('Fetch, answer what is due by itself, publish what waits', async () => {
    const { syncInput: input, sync: run } = await import('./sync.ts');
    return { input, run };
  }),
} as const;

/** The names of the use cases. */
export type UseCaseName = keyof typeof USE_CASES;

/** What a use case takes, before defaults are filled in. */
export type InputOf<N extends UseCaseName> = (typeof USE_CASES)[N] extends UseCase<infer I, unknown> ? z.input<I> : never;
/** What a use case returns. */
export type OutputOf<N extends UseCaseName> = (typeof USE_CASES)[N] extends UseCase<z.ZodType, infer O> ? O : never;

type Method<N extends UseCaseName> =
  Record<string, never> extends InputOf<N> ? (input?: InputOf<N>) => Promise<OutputOf<N>> : (input: InputOf<N>) => Promise<OutputOf<N>>;

/** An open agent: one method for each use case. Calls run one after the other. Close it, or the process does not end. */
export type Agent = { readonly [N in UseCaseName]: Method<N> } & { readonly close: () => Promise<void> };
