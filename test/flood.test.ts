// A stranger who floods the inbox keeps nobody out.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runFlood } from './flood.fixture.ts';
import { scale } from './lane.fixture.ts';

it('an invite of a peer that comes last comes in, and all the junk is looked at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-flood-'));
  try {
    const report = await runFlood(folder, { waiting: scale(10_000, 1_000), perSecond: 100 });
    expect(report.passedInAll).toBe(report.sentInAll);
    expect(report.exit).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
