// What a flood of junk costs a daemon, and a sync without one, and what the invite of a peer that comes last has to wait for.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countPassed, openFlood, runFlood } from '../test/flood.fixture.ts';
import { measureChild, type Metric } from './measure.ts';

const WAITING = 10_000;
const PER_SECOND = 100;
const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));

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
      ...(await measureAlone(join(folder, 'alone'))),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first sync without a daemon, and how many it takes until all was looked at. */
async function measureAlone(folder: string): Promise<readonly Metric[]> {
  const flood = await openFlood(folder, WAITING);
  try {
    await flood.invite();
    const syncOnce = (): ReturnType<typeof measureChild> => measureChild([BIN, 'sync', '--home', flood.home, '--json']);
    const { cpuMs } = await syncOnce();
    const looked = countPassed(flood.home);
    let syncs = 1;
    for (; countPassed(flood.home) < WAITING; syncs += 1) await syncOnce();
    const last = await syncOnce();
    return [
      { metric: 'sync alone amid 10,000 junk', value: cpuMs, unit: 'ms' },
      { metric: 'junk that it looked at', value: looked, unit: 'count' },
      { metric: 'syncs until all is looked at', value: syncs, unit: 'count' },
      { metric: 'sync alone after that', value: last.cpuMs, unit: 'ms' },
    ];
  } finally {
    await flood.close();
  }
}
