// Tells the demo in the order in which it happened for the buyer: moves as its home has them, steps as it reports them.

import type { Agent } from '../../agent/api.ts';
import { openAgent } from '../../agent/compose.ts';
import type { StepName, StepView } from '../../agent/jobs/viewJob.ts';
import { isSpoken } from '../../agent/spokenMoves.ts';
import { tellAgreed } from './concludeDemo.ts';
import type { DemoLine } from './demoProcess.ts';
import type { Seller, Stage } from './stage.ts';

const STEPS: readonly StepName[] = ['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver', 'attest'];
// What comes before the first word.
const FIRST_STEPS = new Set<StepName>(['discover', 'verify']);
// Which step a move after the deal belongs to; all others negotiate.
const STEP_OF: Readonly<Record<string, StepName>> = {
  input: 'request',
  payterms: 'pay',
  funded: 'pay',
  deliver: 'deliver',
  completion: 'deliver',
  dispute: 'deliver',
};

/** Hears what the agents print and tells it. */
export interface Storyteller {
  readonly hear: (name: string, line: DemoLine) => void;
  /** Tells what is left. False when the two do not hold the same deal. */
  readonly finish: () => Promise<boolean>;
}

/** What was told, and with whom each negotiation of the buyer is. */
interface Tale {
  readonly moves: Set<string>;
  readonly steps: Set<StepName>;
  readonly sellers: Map<string, Seller>;
}

/** A storyteller for one demo. */
export function createStoryteller(stage: Stage): Storyteller {
  const tale: Tale = { moves: new Set(), steps: new Set(), sellers: new Map() };
  let isSound = true;
  let last: Promise<void> = Promise.resolve();
  const hear = async (name: string, line: DemoLine): Promise<void> => {
    if (name === 'buyer') meet(stage, tale, line);
    if (tale.sellers.size === 0 || line.event === 'job') return;
    await tellNews(stage, tale);
    if (name !== 'buyer' || line.event !== 'step' || line.step === undefined || line.nid === undefined) return;
    tellStep(stage, tale, { step: line.step, text: line.text ?? '', ...(line.testMoney === true ? { testMoney: true } : {}) });
    if (line.step === 'negotiate') isSound = await tellAgreed(stage, line.nid);
  };
  return {
    hear: (name, line) => {
      last = last.then(() => hear(name, line));
      last.catch(() => undefined);
    },
    finish: async () => {
      await last;
      await withBuyer(stage, (buyer) => tellMoves(stage, buyer, tale, 'attest'));
      return isSound;
    },
  };
}

/** Notes with whom a negotiation is that the buyer speaks of. */
function meet({ sellers }: Stage, tale: Tale, { nid, peer, asked = [] }: DemoLine): void {
  for (const each of [{ nid, peer }, ...asked]) {
    const seller = sellers.find(({ npub }) => npub === each.peer);
    if (each.nid !== undefined && seller !== undefined) tale.sellers.set(each.nid, seller);
  }
}

async function tellNews(stage: Stage, tale: Tale): Promise<void> {
  await withBuyer(stage, async (buyer) => {
    // A request tells of its steps once it has chosen; what led to it comes first here.
    if (stage.sellers.length > 1) {
      const [first] = (await buyer.jobs({})).jobs;
      for (const step of first?.steps ?? []) if (FIRST_STEPS.has(step.step)) tellStep(stage, tale, step);
    }
    // A move of a step is told before the step is, and none of the next one.
    await tellMoves(stage, buyer, tale, STEPS.find((step) => !tale.steps.has(step)) ?? 'attest');
  });
}

function tellStep({ reporter }: Stage, { steps }: Tale, { step, text, testMoney }: StepView): void {
  if (steps.has(step)) return;
  steps.add(step);
  reporter.step(step, text, testMoney === true);
}

async function tellMoves({ reporter, sellers }: Stage, buyer: Agent, tale: Tale, upTo: StepName): Promise<void> {
  const isDue = (type: string): boolean => STEPS.indexOf(STEP_OF[type] ?? 'negotiate') <= STEPS.indexOf(upTo);
  for (const [nid, seller] of tale.sellers) {
    const { moves } = await buyer.history({ nid });
    for (const move of moves.filter(({ id, type }) => !tale.moves.has(id) && isSpoken(type) && isDue(type))) {
      tale.moves.add(move.id);
      if (move.by === 'peer') reporter.move(seller.name, move);
      else reporter.move('buyer', move, sellers.length > 1 ? seller.name : undefined);
    }
  }
}

async function withBuyer(stage: Stage, tell: (buyer: Agent) => Promise<void>): Promise<void> {
  const buyer = await openAgent({ home: stage.buyer.home, mode: 'read' });
  try {
    await tell(buyer);
  } finally {
    await buyer.close();
  }
}
