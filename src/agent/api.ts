// The use-case table: everything an open agent can do, by name, with the file that does it, loaded when first used.

import type { AgentContext } from './context.ts';
import { plainInput, type InputFor, type InputSchema, type ParsedBy } from './plainInput.ts';

/** How to run a use case: the schema of its input and the function. */
export interface Runner<I extends InputSchema, O> {
  readonly input: I;
  readonly run: (context: AgentContext, input: ParsedBy<I>) => O | Promise<O>;
}

/** One use case. One that `writes` needs the home for itself. */
export interface UseCase<I extends InputSchema, O> {
  readonly summary: string;
  readonly writes: boolean;
  readonly load: () => Promise<Runner<I, O>>;
}

const nothing = plainInput<Record<never, never>>({});

function reading<I extends InputSchema, O>(summary: string, load: () => Promise<Runner<I, O>>): UseCase<I, O> {
  return { summary, writes: false, load };
}

function writing<I extends InputSchema, O>(summary: string, load: () => Promise<Runner<I, O>>): UseCase<I, O> {
  return { summary, writes: true, load };
}

/** Every use case of an open agent, in the words of the command line. */
export const USE_CASES = {
  whoami: reading('Show who this agent is and where it is reached', async () => {
    const { whoami: run } = await import('./whoami.ts');
    return { input: nothing, run };
  }),
  relays: reading('Show where this agent is reached', async () => {
    const { relays: run } = await import('./changeRelays.ts');
    return { input: nothing, run };
  }),
  changeRelays: writing('Change where this agent is reached, and publish it', async () => {
    const { changeRelaysInput: input, changeRelays: run } = await import('./changeRelays.ts');
    return { input, run };
  }),
  doctor: reading('Look for what keeps this agent, or a peer, from negotiating', async () => {
    const { doctorInput: input, doctor: run } = await import('./doctor/doctor.ts');
    return { input, run };
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
  withdraw: writing('Take an own offer back', async () => {
    const { withdrawInput: input, withdraw: run } = await import('./withdraw.ts');
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
  invites: writing('Show and change who may open a channel', async () => {
    const { invitesInput: input, invites: run } = await import('./inbox/invites.ts');
    return { input, run };
  }),
  listGroups: reading('List groups and private channels', async () => {
    const { listGroups: run } = await import('./groups/listGroups.ts');
    return { input: nothing, run };
  }),
  showGroup: reading('Show a group and what was said in it', async () => {
    const { showGroupInput: input, showGroup: run } = await import('./groups/listGroups.ts');
    return { input, run };
  }),
  createGroup: writing('Make a group of several', async () => {
    const { createGroupInput: input, createGroup: run } = await import('./groups/createGroup.ts');
    return { input, run };
  }),
  changeGroup: writing('Add or remove members, rename, change admins, leave, disband', async () => {
    const { changeGroupInput: input, changeGroup: run } = await import('./groups/changeGroup.ts');
    return { input, run };
  }),
  say: writing('Say something to everybody in a group', async () => {
    const { sayInput: input, say: run } = await import('./groups/say.ts');
    return { input, run };
  }),
  startRfq: writing('Ask several providers for offers, each in private', async () => {
    const { startRfqInput: input, startRfq: run } = await import('./rfq/startRfq.ts');
    return { input, run };
  }),
  advanceRfq: writing('See requests through: gather offers, sign the best one, tell the others', async () => {
    const { advanceRfqInput: input, advanceRfq: run } = await import('./rfq/advanceRfq.ts');
    return { input, run };
  }),
  showRfqs: reading('Show requests to several providers', async () => {
    const { showRfqs: run } = await import('./rfq/advanceRfq.ts');
    return { input: nothing, run };
  }),
  setPolicy: writing('Put the owner’s policy in force, or take it out of force', async () => {
    const { setPolicyInput: input, setPolicy: run } = await import('./mandate/policy.ts');
    return { input, run };
  }),
  showPolicy: reading('Show the policy in force, and what is promised, paid and waiting under it', async () => {
    const { showPolicy: run } = await import('./mandate/policy.ts');
    return { input: nothing, run };
  }),
  settlePromise: writing('Say that a deal is paid or written off in another way', async () => {
    const { settlePromiseInput: input, settlePromise: run } = await import('./mandate/settlePromise.ts');
    return { input, run };
  }),
  approve: writing('Say yes to one thing that the policy asks about', async () => {
    const { approveInput: input, approve: run } = await import('./mandate/approve.ts');
    return { input, run };
  }),
  announce: writing('Announce services, change or withdraw them', async () => {
    const { announceInput: input, announce: run } = await import('./announce.ts');
    return { input, run };
  }),
  find: reading('Find services by capability', async () => {
    const { findInput: input, find: run } = await import('./findServices.ts');
    return { input, run };
  }),
  trust: reading('Show what others say of a key (ai.wot)', async () => {
    const { trustInput: input, trust: run } = await import('./trust.ts');
    return { input, run };
  }),
  wallet: reading('Show the wallet', async () => {
    const { wallet: run } = await import('./wallet.ts');
    return { input: nothing, run };
  }),
  connectWallet: writing('Connect a wallet (NIP-47)', async () => {
    const { connectWalletInput: input, connectWallet: run } = await import('./wallet.ts');
    return { input, run };
  }),
  buy: writing('Order a job: find, look at the provider, start the negotiation', async () => {
    const [{ buy: run }, { buyInput: input }] = await Promise.all([import('./jobs/buy.ts'), import('./jobs/order.ts')]);
    return { input, run };
  }),
  pursue: writing('See purchases and sales through, step by step', async () => {
    const { pursueInput: input, pursue: run } = await import('./jobs/pursue.ts');
    return { input, run };
  }),
  jobs: reading('Show purchases and sales', async () => {
    const { jobsInput: input, jobs: run } = await import('./jobs/listJobs.ts');
    return { input, run };
  }),
  explainDecisions: reading('Explain why a job bargained as it did', async () => {
    const { explainDecisionsInput: input, explainDecisions: run } = await import('./jobs/explainDecisions.ts');
    return { input, run };
  }),
  result: reading('Hand out the result of a purchase', async () => {
    const { resultInput: input, result: run } = await import('./jobs/result.ts');
    return { input, run };
  }),
} as const;

/** The names of the use cases. */
export type UseCaseName = keyof typeof USE_CASES;

/** What a use case takes, before defaults are filled in. */
export type InputOf<N extends UseCaseName> = (typeof USE_CASES)[N] extends UseCase<infer I, unknown> ? InputFor<I> : never;
/** What a use case returns. */
export type OutputOf<N extends UseCaseName> = (typeof USE_CASES)[N] extends UseCase<InputSchema, infer O> ? O : never;

type Method<N extends UseCaseName> =
  Record<string, never> extends InputOf<N> ? (input?: InputOf<N>) => Promise<OutputOf<N>> : (input: InputOf<N>) => Promise<OutputOf<N>>;

/** An open agent: one method for each use case. Calls run one after the other. Close it, or the process does not end. */
export type Agent = { readonly [N in UseCaseName]: Method<N> } & { readonly close: () => Promise<void> };
