// Counts what a piece of code does, block by block, whatever the clock says: how the cost of an input is held against its size.

import { Session } from 'node:inspector';

interface CoverageRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly CoverageRange[] }[];
}

function post<T>(session: Session, method: string, params: object = {}): T {
  // A session with its own thread answers before `post` returns.
  let answer: { readonly error: Error | null; readonly result: T } | undefined;
  session.post(method, params, (error: Error | null, result?: unknown) => {
    answer = { error, result: result as T };
  });
  if (answer === undefined) throw new Error('the inspector must answer at once');
  if (answer.error !== null) throw answer.error;
  return answer.result;
}

/** How many times blocks of code were entered while `act` ran: calls, turns of loops, branches. Work inside V8 is not counted. */
export function countSteps(act: () => unknown): number {
  const session = new Session();
  session.connect();
  try {
    post(session, 'Profiler.enable');
    post(session, 'Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    // What was counted before is forgotten by asking for it.
    post(session, 'Profiler.takePreciseCoverage');
    act();
    const { result } = post<{ readonly result: readonly ScriptCoverage[] }>(session, 'Profiler.takePreciseCoverage');
    post(session, 'Profiler.stopPreciseCoverage');
    return result.reduce(
      (sum, { functions }) => sum + functions.flatMap(({ ranges }) => ranges).reduce((all, { count }) => all + count, 0),
      0,
    );
  } finally {
    session.disconnect();
  }
}
