// Tells what happens to jobs, each thing once for each process: JSON lines for programs, words for people.

import type { Agent } from '../../agent/api.ts';
import { nameProblem, type JobProblem } from '../../agent/jobs/jobProblem.ts';
import type { PursueReport } from '../../agent/jobs/pursue.ts';
import type { JobView, StepView } from '../../agent/jobs/viewJob.ts';
import { isSpoken } from '../../agent/spokenMoves.ts';
import { displayText } from '../../core/text.ts';
import { describeAsk, shortId } from '../render.ts';
import { renderUnopened } from './renderUnopened.ts';
import { PLAIN, type Voice } from '../serve/voice.ts';

const PAYMENT_REMARKS: Readonly<Record<string, string>> = {
  failed: 'The wallet could not pay. It is told to try again until the invoice ends; see what it holds with: agent-negotiate wallet',
  unknown: 'The wallet has not said what became of the payment. It is asked until it does; nothing is paid twice.',
};

/** Tells news of jobs. */
export interface Teller {
  /** The names of the problems that were told. */
  readonly known: () => string[];
  readonly jobs: (agent: Agent, jobs: readonly JobView[]) => Promise<void>;
  /** `signer` is what keeps the signer from its work, in no job in particular. */
  readonly problems: (problems: readonly JobProblem[], signer?: PursueReport['signer']) => void;
  /** Messages of strangers that wait unopened, when there are any; said once. */
  readonly unopened: (count: number) => void;
}

/** A teller. For people it says no text and no price of a peer: the output of a daemon ends up in logs. */
export function createTeller(isJson: boolean, voice: Voice = PLAIN): Teller {
  const told = new Set<string>();
  const isNew = (key: string): boolean => !told.has(key) && told.add(key).has(key);
  const tell = async (agent: Agent, job: JobView): Promise<void> => {
    if (isJson) await tellMoves(agent, job, isNew, voice);
    const { payment } = job;
    if (
      payment !== undefined &&
      !job.isOver &&
      payment.state in PAYMENT_REMARKS &&
      isNew(`${job.nid}:${payment.state}:${payment.reason ?? ''}`)
    ) {
      voice.remark(PAYMENT_REMARKS[payment.state] ?? '');
    }
    for (const step of job.steps) if (isNew(`${job.nid}:${step.step}`)) tellStep(job, step, isJson, voice);
    if (job.outcome !== undefined && job.outcome !== 'completed' && isNew(`${job.nid}:${job.outcome}`)) tellEnd(job, isJson, voice);
  };
  const names: string[] = [];
  return {
    known: () => [...names],
    jobs: async (agent, jobs) => {
      for (const job of jobs) await tell(agent, job);
    },
    problems: (problems, signer) => {
      if (signer !== undefined && isNew(`signer:${signer.code}`)) {
        if (isJson) voice.json({ event: 'problem', ...signer });
        voice.remark(signer.message);
      }
      for (const problem of problems) {
        if (!isNew(nameProblem(problem))) continue;
        names.push(nameProblem(problem));
        if (isJson) voice.json({ event: 'problem', ...problem });
        voice.remark(renderProblem(problem));
      }
    },
    unopened: (count) => {
      if (count === 0 || !isNew('unopened')) return;
      if (isJson) voice.json({ event: 'unopened', unopened: count });
      voice.remark(renderUnopened(count, 'sync'));
    },
  };
}

async function tellMoves(agent: Agent, { nid }: JobView, isNew: (key: string) => boolean, voice: Voice): Promise<void> {
  const { moves } = await agent.history({ nid });
  for (const { id, by, type, text, price, lines } of moves) {
    if (by === 'me' && isSpoken(type) && isNew(id)) voice.json({ event: 'move', nid, type, text, price, lines });
  }
}

function tellStep({ nid }: JobView, { step, text, testMoney }: StepView, isJson: boolean, voice: Voice): void {
  if (isJson) voice.json({ event: 'step', step, nid, text, ...(testMoney === undefined ? {} : { testMoney }) });
  else voice.lines([`${shortId(nid)}  ${step.padEnd(9)}  ${text}`]);
}

function tellEnd({ nid, outcome, dispute }: JobView, isJson: boolean, voice: Voice): void {
  if (isJson) voice.json({ event: 'ended', nid, outcome, ...(dispute === undefined ? {} : { dispute }) });
  else if (dispute === undefined) voice.lines([`${shortId(nid)}  ended without a deal`]);
  else
    voice.lines([
      `${shortId(nid)}  dispute    ${dispute.by === 'me' ? 'raised by you' : 'raised by the peer'}: ${displayText(dispute.code)}`,
    ]);
}

/** What it is about comes first: several may run beside one another. */
function renderProblem({ nid, message, ask }: JobProblem): string {
  return `${shortId(nid)}  ${ask === undefined ? '' : `${describeAsk(ask)}: `}${message}`;
}
