// What a flood of junk costs a daemon, and what the invite of a peer that comes last has to wait for.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFlood } from '../test/flood.fixture.ts';
import type { Metric } from './measure.ts';

const WAITING = 10_000;
const PER_SECOND = 100;

/** Runs the bench `flood`. Relay, junk and peer are made in this process: on two cores they take their share of the time that is told. */
export async function run(): Promise<readonly Metric[]> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-flood-'));
  try {
    const { calmRssMib } = await runFlood(join(folder, 'calm'), { waiting: 0, perSecond: 0 });
    const report = await runFlood(join(folder, 'flood'), { waiting: WAITING, perSecond: PER_SECOND });
    return [
      { metric: 'invite after 10,000 junk', value: report.invitedMs, unit: 'ms' },
      { metric: 'junk before the invite', value: report.looked, unit: 'count' },
      { metric: 'junk in all', value: report.sentInAll, unit: 'count' },
      { metric: 'CPU for one junk wrap', value: report.cpuMsPerWrap, unit: 'ms' },
      { metric: 'memory that it took', value: report.calmRssMib - calmRssMib, unit: 'MiB' },
      { metric: 'database after it', value: report.databaseMib, unit: 'MiB' },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
