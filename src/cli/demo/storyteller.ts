// Tells the demo in the order in which it happened for the buyer: moves as its home has them, steps as it reports them.

import { openAgent } from '../../agent/compose.ts';
import type { StepName } from '../../agent/jobs/viewJob.ts';
import { join } from 'node:path';
import { tellAgreed } from './concludeDemo.ts';
import type { DemoLine } from './demoProcess.ts';
import type { DemoRole } from './report.ts';
import type { Stage } from './stage.ts';

const STEPS: readonly StepName[] = ['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver', 'attest'];
// Which step a move after the deal belongs to; all others negotiate.
const STEP_OF: Readonly<Record<string, StepName>> = {
  input: 'request',
  payterms: 'pay',
  funded: 'pay',
  deliver: 'deliver',
  completion: 'deliver',
  dispute: 'deliver',
};
const NOTICES = new Set(['receipt', 'error']);

/** Hears what the agents print and tells it. */
export interface Storyteller {
  readonly hear: (role: DemoRole, line: DemoLine) => void;
  /** Tells what is left. False when the two do not hold the same deal. */
  readonly finish: () => Promise<boolean>;
}

/** A storyteller for one demo. */
export function createStoryteller(stage: Stage): Storyteller {
  const told = new Set<string>();
  const reached = new Set<StepName>();
  let nid: string | undefined;
  let isSound = true;
  let last: Promise<void> = Promise.resolve();
  // A move of a step is told before the step is, and none of the next one.
  const currentStep = (): StepName => STEPS.find((step) => !reached.has(step)) ?? 'attest';
  const hear = async (role: DemoRole, { event, step, text, nid: named, testMoney }: DemoLine): Promise<void> => {
    if (role === 'buyer') nid ??= named;
    if (nid === undefined || event === 'job') return;
    await tellMoves(stage, nid, told, currentStep());
    if (role !== 'buyer' || event !== 'step' || step === undefined) return;
    reached.add(step);
    stage.reporter.step(step, text ?? '', testMoney === true);
    if (step === 'negotiate') isSound = await tellAgreed(stage, nid);
  };
  const enqueue = (role: DemoRole, line: DemoLine): void => {
    last = last.then(() => hear(role, line));
    last.catch(() => undefined);
  };
  return {
    hear: enqueue,
    finish: async () => {
      await last;
      if (nid !== undefined) await tellMoves(stage, nid, told, 'attest');
      return isSound;
    },
  };
}

async function tellMoves({ folder, reporter }: Stage, nid: string, told: Set<string>, upTo: StepName): Promise<void> {
  const isDue = (type: string): boolean => STEPS.indexOf(STEP_OF[type] ?? 'negotiate') <= STEPS.indexOf(upTo);
  const buyer = await openAgent({ home: join(folder, 'buyer'), mode: 'read' });
  try {
    const { moves } = await buyer.history({ nid });
    for (const move of moves.filter(({ id, type }) => !told.has(id) && !NOTICES.has(type) && isDue(type))) {
      told.add(move.id);
      reporter.move(move.by === 'me' ? 'buyer' : 'seller', move);
    }
  } finally {
    await buyer.close();
  }
}
