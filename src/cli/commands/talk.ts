// The verbs with which the owner moves: start, send, offer, accept, reject.

import type { MoveResult } from '../../agent/finishStep.ts';
import type { InputOf } from '../../agent/api.ts';
import { NegotiateError } from '../../core/errors.ts';
import { parseSats } from '../../core/money.ts';
import { printResult, readFileOrStdin, readTextArgument, type CommonOptions } from '../io.ts';
import { parseDuration, parseInstant, parseJsonText } from '../parseValues.ts';
import { renderMoveResult } from '../render.ts';
import { useAgent } from '../useAgent.ts';

/** Options of the moves that a policy may ask about. */
export interface ApprovableOptions extends CommonOptions {
  readonly approve?: true;
}

/** Options of `start`. */
export interface StartOptions extends ApprovableOptions {
  readonly role?: string;
  readonly terms?: string;
  readonly for?: string;
}

/** Options of `offer`. */
export interface OfferOptions extends ApprovableOptions {
  readonly sats?: string;
  readonly summary?: string;
  readonly output?: string;
  readonly within?: string;
  readonly by?: string;
  readonly terms?: string;
  readonly for?: string;
  readonly or?: readonly string[];
  readonly sign?: true;
  readonly amend?: true;
  readonly callOff?: true;
}

/** Options of `accept`, `reject` and `withdraw`. */
export interface AnswerOptions extends ApprovableOptions {
  readonly offer?: string;
  readonly alternative?: string;
  readonly sats?: string;
  readonly reason?: string;
  readonly keepTalking?: true;
}

/** Starts a negotiation. */
export async function runStart(peer: string, service: string, requirements: string | undefined, options: StartOptions): Promise<void> {
  const role = options.role ?? 'buyer';
  const input = {
    peer,
    service,
    requirements: readTextArgument(requirements ?? (role === 'buyer' ? `I need: ${service}` : `I offer: ${service}`)),
    role,
    ...(options.terms === undefined ? {} : { terms: readTerms(options.terms) }),
    ...(options.for === undefined ? {} : { lifeS: parseDuration(options.for) }),
    ...readApproval(options),
  };
  const result = await useAgent(options, 'write', (agent) => agent.start(input as InputOf<'start'>));
  printMove(options, 'Started', result);
}

/** Says something. */
export async function runSend(nid: string, text: string, options: ApprovableOptions): Promise<void> {
  const input = { nid, text: readTextArgument(text), ...readApproval(options) };
  printMove(options, 'Sent', await useAgent(options, 'write', (agent) => agent.send(input)));
}

/** Makes an offer. */
export async function runOffer(nid: string, options: OfferOptions): Promise<void> {
  const { sats, summary, output, within, by, terms, for: life, or = [], sign, amend, callOff } = options;
  if (amend === true && callOff === true)
    throw new NegotiateError('input/invalid', 'An offer amends the deal or calls off from it, not both.');
  const input = {
    nid,
    ...(sats === undefined ? {} : { priceMsat: parseSats(sats) }),
    ...(summary === undefined ? {} : { summary: readTextArgument(summary) }),
    ...(output === undefined ? {} : { output }),
    ...(within === undefined ? {} : { deliverWithinS: parseDuration(within) }),
    ...(by === undefined ? {} : { deliverBy: parseInstant(by) }),
    ...(terms === undefined ? {} : { terms: readTerms(terms) }),
    ...(life === undefined ? {} : { lifeS: parseDuration(life) }),
    ...(or.length === 0 ? {} : { alternatives: or.map((path) => ({ terms: readTerms(path) })) }),
    ...(sign === undefined ? {} : { isPresigned: sign }),
    ...(amend === true ? { to: 'amend' } : callOff === true ? { to: 'call-off' } : {}),
    ...readApproval(options),
  };
  const result = await useAgent(options, 'write', (agent) => agent.offer(input as InputOf<'offer'>));
  printMove(options, `Offered ${result.negotiation.offers.findLast((each) => each.by === 'me')?.price ?? ''}`, result);
}

/** Accepts an offer. */
export async function runAccept(nid: string, options: AnswerOptions): Promise<void> {
  const { offer, sats, alternative } = options;
  const input = {
    nid,
    ...(offer === undefined ? {} : { offer }),
    ...(sats === undefined ? {} : { priceMsat: parseSats(sats) }),
    ...(alternative === undefined ? {} : { alternative: Number(alternative) }),
    ...readApproval(options),
  };
  const result = await useAgent(options, 'write', (agent) => agent.accept(input));
  const signed = result.negotiation.agreements.at(-1);
  const next = signed?.state === 'sealing' ? 'both have signed, the peer has to close' : 'signed, the other signature is due';
  printMove(options, `Accepted ${signed?.price ?? ''}: ${next}`, result);
}

/** Takes an offer back. */
export async function runWithdraw(nid: string, options: AnswerOptions): Promise<void> {
  const input = { nid, ...(options.offer === undefined ? {} : { offer: options.offer }) };
  printMove(options, 'Taken back', await useAgent(options, 'write', (agent) => agent.withdraw(input)));
}

/** Declines. */
export async function runReject(nid: string, options: AnswerOptions): Promise<void> {
  const { offer, reason, keepTalking = false } = options;
  const input = {
    nid,
    keepTalking,
    ...(offer === undefined ? {} : { offer }),
    ...(reason === undefined ? {} : { text: reason }),
    ...readApproval(options),
  };
  printMove(options, 'Declined', await useAgent(options, 'write', (agent) => agent.reject(input)));
}

/** The owner's yes, where he has said it with `--approve`. */
export function readApproval({ approve }: ApprovableOptions): { readonly isApproved?: true } {
  return approve === undefined ? {} : { isApproved: approve };
}

function printMove(options: CommonOptions, done: string, result: MoveResult): void {
  printResult(options, result, () => renderMoveResult(done, result));
}

function readTerms(path: string): unknown {
  return parseJsonText(readFileOrStdin(path));
}
