// The verbs around the market: announce, find, trust, jobs.

import type { DecisionsView, DecisionView } from '../../agent/jobs/explainDecisions.ts';
import { printResult, type CommonOptions } from '../io.ts';
import { renderSummary } from '../render.ts';
import { useAgent } from '../useAgent.ts';
import { readApproval } from './talk.ts';
import { readServices } from '../serve/readServices.ts';

/** Options of `announce`. */
export interface AnnounceOptions extends CommonOptions {
  readonly config?: string;
  readonly withdraw?: readonly string[];
  readonly approve?: true;
}

/** Options of `find`. */
export interface FindOptions extends CommonOptions {
  readonly all?: true;
}

/** Announces, withdraws, or shows what is announced. */
export async function runAnnounce(options: AnnounceOptions): Promise<void> {
  const input = {
    ...(options.config === undefined ? {} : { services: readServices(options.config) }),
    withdraw: [...(options.withdraw ?? [])],
    ...readApproval(options),
  };
  const result = await useAgent(options, 'write', (agent) => agent.announce(input));
  printResult(options, result, () => [
    ...result.announced.map((id) => `Announced ${id}`),
    ...result.withdrawn.map((id) => `Withdrawn ${id}`),
    ...(result.services.length === 0 ? ['Nothing is announced.'] : ['Announced by this agent:']),
    ...result.services.flatMap(({ service, name, capabilities, price, against }) => [
      `  ${service}  ${name} (${capabilities.join(', ')})${price === undefined ? '' : `, ${price}`}`,
      ...(against === undefined
        ? []
        : [`    against your policy: ${against}. Announce it anew, or take it back: agent-negotiate announce --withdraw ${service}`]),
    ]),
    ...(result.published.waiting > 0 ? ['Not all of it has reached a relay yet: run agent-negotiate sync'] : []),
  ]);
}

/** Finds services. */
export async function runFind(capability: string, options: FindOptions): Promise<void> {
  const found = await useAgent(options, 'read', (agent) => agent.find({ capability, onlyNegotiable: options.all !== true }));
  printResult(options, found, () => [
    ...found.services.flatMap(({ provider, name, description, price, isNegotiable, oddities }) => [
      `${name}${price === undefined ? '' : `, ${price}`}${isNegotiable ? '' : ' (does not negotiate)'}`,
      `  ${description}`,
      `  by ${provider}`,
      ...oddities.map((oddity) => `  odd: ${oddity}`),
    ]),
    ...(found.services.length === 0 ? ['Nobody on your relays offers this. Look for services that do not negotiate with --all.'] : []),
  ]);
}

/** Explains a score. */
export async function runTrust(peer: string, options: CommonOptions): Promise<void> {
  const view = await useAgent(options, 'read', (agent) => agent.trust({ peer }));
  printResult(options, view, () => [
    ...view.lines,
    `Policy: ${view.verdict.kind}${'reason' in view.verdict ? ` (${view.verdict.reason})` : ''}`,
  ]);
}

/** Lists purchases and sales. */
export async function runJobs(options: CommonOptions): Promise<void> {
  const { jobs } = await useAgent(options, 'read', (agent) => agent.jobs());
  printResult(options, { jobs }, () => [
    ...jobs.flatMap(renderSummary),
    ...(jobs.length === 0 ? ['No jobs yet. Buy with: agent-negotiate deal --find CAPABILITY --max SATS'] : []),
  ]);
}

/** Says why a job bargained as it did. */
export async function runWhy(nid: string, options: CommonOptions): Promise<void> {
  const view = await useAgent(options, 'read', (agent) => agent.explainDecisions({ nid }));
  printResult(options, view, () => {
    const lines = [...view.decisions.flatMap(renderDecision), ...renderFault(view)];
    return lines.length > 0 ? lines : [describeNone(view)];
  });
}

function renderFault({ fault }: DecisionsView): readonly string[] {
  if (fault === undefined) return [];
  return [`The strategy failed when it was last asked (${fault}): it gave no answer that may be sent, and nothing was sent.`];
}

function describeNone({ strategy }: DecisionsView): string {
  if (strategy !== undefined) return `The strategy ${strategy} has decided nothing here yet.`;
  return 'No strategy decided anything here; the fixed rules need none. Choose one with: agent-negotiate deal --strategy NAME';
}

const DONE: Readonly<Record<DecisionView['kind'], string>> = { offer: 'offers', alternatives: 'offers', accept: 'accepts', end: 'ends' };
const REPLAYS: Readonly<Record<DecisionView['replay'], string>> = {
  same: 'decided again, it comes out the same',
  different: 'decided again, it comes out differently: the strategy is another one than it was',
  'other-input': 'what it was decided from is not known any more',
  'unknown-strategy': 'the strategy is not there any more',
};

function renderDecision({
  round,
  rounds,
  strategy,
  kind,
  packages,
  alternative = 0,
  reason,
  figures,
  replay,
}: DecisionView): readonly string[] {
  const which = alternative > 0 ? ` (its alternative ${alternative})` : '';
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toFixed(3))}`);
  return [
    `${round} of ${rounds}  ${strategy} ${DONE[kind]} ${reason ?? packages.join('; or ')}${which}`,
    `   ${numbers.join(', ')}`,
    `   ${REPLAYS[replay]}`,
  ];
}
