import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

describe('the log of a daemon', () => {
  it('writes JSON lines of what matters enough, and says how many it has left out', () => {
    let nowMs = 1_000_000;
    const lines: Record<string, unknown>[] = [];
    const log = createLog(
      (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
      'info',
      () => nowMs,
    );
    log('debug', 'step', { ms: 1 });
    for (let i = 0; i < 100; i += 1) log('info', 'received', { events: i });
    log('error', 'fault', { code: 'store/unavailable' });
    expect(lines).toHaveLength(21);
    expect(lines[0]).toEqual({ time: new Date(nowMs).toISOString(), level: 'info', event: 'received', events: 0 });
    expect(lines[20]).toMatchObject({ level: 'error', event: 'fault', code: 'store/unavailable' });
    nowMs += 10_000;
    log('info', 'received', { events: 1 });
    expect(lines[21]).toMatchObject({ events: 1, suppressed: 80 });
  });
});
