// Services are checked before a daemon starts with them, the programs that do their work too.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgramProblem } from '../../request/findProgram.ts';
import { checkServices } from './checkServices.ts';

const SERVICE = { id: 'a', name: 'A', capabilities: ['translation'], list_sats: '1000', min_sats: '600' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-program-'));
  writeFileSync(join(folder, 'plain'), '');
  writeFileSync(join(folder, 'program'), '');
  chmodSync(join(folder, 'plain'), 0o600);
  chmodSync(join(folder, 'program'), 0o700);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the program of a command', () => {
  it('is found by its absolute path, or by its name in a folder of PATH', () => {
    expect(findProgramProblem(join(folder, 'program'))).toBeUndefined();
    expect(findProgramProblem('program', `/nonexistent:${folder}`)).toBeUndefined();
    expect(findProgramProblem('program', '/nonexistent')).toBe('missing');
    expect(findProgramProblem(folder)).toBe('missing');
    expect(findProgramProblem(join(folder, 'plain'))).toBe('not-executable');
    expect(findProgramProblem('plain', folder)).toBe('not-executable');
    expect(findProgramProblem('./program', folder)).toBe('relative');
  });
});

describe('services', () => {
  it('with programs that are there are in order', () => {
    const services = [
      { ...SERVICE, command: [join(folder, 'program'), 'nonexistent'] },
      { ...SERVICE, id: 'b', capabilities: ['b'], endpoint: 'http://127.0.0.1:1/' },
    ];
    expect(checkServices(services).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(checkServices([])).toEqual([]);
  });

  it('with programs that cannot be started are refused, all of them at once and with what to do', () => {
    const services = [
      { ...SERVICE, command: ['/nonexistent/program'] },
      { ...SERVICE, id: 'b', capabilities: ['b'], command: ['./program'] },
    ];
    const told = expect.stringMatching(
      /has 2 problems.*services\[0\]\.command\[0\] is no program on this machine.*services\[1\]\.command\[0\] must be an absolute path/s,
    ) as string;
    expect(() => checkServices(services)).toThrow(expect.objectContaining({ code: 'input/invalid', message: told }));
  });

  it('of a wrong form are refused as such', () => {
    expect(() => checkServices([{ ...SERVICE, command: ['/bin/cat'], min_sat: '1' }])).toThrow('services[0].min_sat is not known here');
  });
});
