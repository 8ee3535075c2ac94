// What agents keep outside their homes goes to a folder that is gone after the tests, also for the processes that they start.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-state-'));
  process.env['AGENT_NEGOTIATE_STATE'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
