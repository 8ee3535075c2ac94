// Counts what code does, block by block, whatever the clock says: how the cost of an input is held against its size. To be imported
// before the code that is counted.

import { Session } from 'node:inspector';

interface ScriptCoverage {
  readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
}

const session = new Session();

function post<T>(method: string, params: object = {}): T {
  // A session with its own thread answers before `post` returns.
  let answer: { readonly error: Error | null; readonly result: T } | undefined;
  session.post(method, params, (error: Error | null, result?: unknown) => {
    answer = { error, result: result as T };
  });
  if (answer === undefined) throw new Error('the inspector must answer at once');
  if (answer.error !== null) throw answer.error;
  return answer.result;
}

// V8 puts the counters into a function when it first compiles it; one that was compiled before loses counts once it is optimized.
session.connect();
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** How many times blocks of code were entered while `act` ran: calls, turns of loops, branches. Work inside V8 is not counted. */
export function countSteps(act: () => unknown): number {
  // Once before, so that nothing is counted that is made at the first use only; and what was counted is forgotten by asking for it.
  act();
  post('Profiler.takePreciseCoverage');
  act();
  const { result } = post<{ readonly result: readonly ScriptCoverage[] }>('Profiler.takePreciseCoverage');
  return result.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges)).reduce((sum, { count }) => sum + count, 0);
}

/** Ends the counting, which slows everything down. */
export function stopCounting(): void {
  session.disconnect();
}
