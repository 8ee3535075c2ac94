// Runs many schedules, and makes of one that fails the shortest that still does.

/** What a lane needs to know of its schedules. */
export interface Lane<S extends { readonly events: readonly unknown[] }> {
  readonly make: (seed: number) => S;
  /** Throws when something does not hold. */
  readonly run: (schedule: S) => void;
  /** What happens in a schedule, line by line. */
  readonly tell: (schedule: S) => readonly string[];
}

/** A run: its first seed, its length, and which share of a whole lane it is; undefined for one that was chosen by hand. */
export interface Run {
  readonly first: number;
  readonly count: number;
  readonly share?: number;
}

/** A tenth of a whole lane; with `MODEL_LANE=whole` all of it; with `MODEL_SEED` and `MODEL_RUNS` any. */
export function readRun(whole: number): Run {
  const { MODEL_SEED: seed, MODEL_RUNS: runs, MODEL_LANE: lane } = process.env;
  const share = lane === 'whole' ? 1 : 0.1;
  const usual = { first: Number(seed ?? 1), count: Number(runs ?? whole * share) };
  return seed === undefined && runs === undefined ? { ...usual, share } : usual;
}

/** Runs `count` schedules from the seed `first`; throws for the first that fails, with its seed and its shortest form. */
export function runLane<S extends { readonly events: readonly unknown[] }>(lane: Lane<S>, first: number, count: number): void {
  for (let seed = first; seed < first + count; seed += 1) {
    const schedule = lane.make(seed);
    const problem = findProblem(lane, schedule);
    if (problem !== undefined) throw describeFailure(lane, schedule, seed, problem);
  }
}

function findProblem<S extends { readonly events: readonly unknown[] }>(lane: Lane<S>, schedule: S): Error | undefined {
  try {
    lane.run(schedule);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function describeFailure<S extends { readonly events: readonly unknown[] }>(
  lane: Lane<S>,
  schedule: S,
  seed: number,
  problem: Error,
): Error {
  const short = shrink(lane, schedule);
  const { events, ...rest } = short;
  const head = [`seed ${seed}: ${problem.message}`, `${JSON.stringify(rest)}, ${events.length} of ${schedule.events.length} events:`];
  return new Error([...head, ...events.map((event) => `  ${JSON.stringify(event)}`), ...lane.tell(short)].join('\n'), { cause: problem });
}

/** Leaves out events as long as it still fails, in any way: the first problem may hide a simpler one. */
export function shrink<S extends { readonly events: readonly unknown[] }>(lane: Lane<S>, schedule: S): S {
  let shortest = schedule;
  for (let size = Math.ceil(schedule.events.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let start = shortest.events.length - size; start >= 0; start -= 1) {
      const shorter = { ...shortest, events: shortest.events.toSpliced(start, size) };
      if (findProblem(lane, shorter) !== undefined) shortest = shorter;
    }
  }
  return shortest;
}
