// A job runs as configured, alone in its folder, and ends, whatever the command or the endpoint does.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callEndpoint, checkEndpoint } from './callEndpoint.ts';
import { runCommand, type JobOutcome } from './runCommand.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'agent-negotiate-job-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = (script: string, options: Partial<Parameters<typeof runCommand>[0]> = {}): Promise<JobOutcome> =>
  runCommand({
    argv: [process.execPath, '-e', script],
    cwd,
    stdin: Buffer.from('grüezi'),
    timeoutMs: 20_000,
    maxOutputBytes: 10_000,
    ...options,
  });
const textOf = (outcome: JobOutcome): string => (outcome.kind === 'done' ? Buffer.from(outcome.output).toString() : outcome.reason);

describe('a command', () => {
  it('gets the input on stdin and gives the result on stdout', async () => {
    const upper = 'let t="";process.stdin.on("data",(c)=>t+=c).on("end",()=>process.stdout.write(t.toUpperCase()))';
    expect(textOf(await run(upper))).toBe('GRÜEZI');
  });

  it('runs without a shell, in its own folder, without our environment', async () => {
    process.env['AGENT_NEGOTIATE_SECRET'] = 'nwc';
    const report =
      'process.stdout.write(JSON.stringify([process.cwd(), process.env.HOME, process.env.AGENT_NEGOTIATE_SECRET, process.argv[1]]))';
    const outcome = await runCommand({
      argv: [process.execPath, '-e', report, '$(touch hacked); `id`'],
      cwd,
      stdin: new Uint8Array(),
      timeoutMs: 20_000,
      maxOutputBytes: 10_000,
    });
    delete process.env['AGENT_NEGOTIATE_SECRET'];
    expect(JSON.parse(textOf(outcome))).toEqual([cwd, cwd, null, '$(touch hacked); `id`']);
  });

  it.each([
    ['fails', 'process.exit(3)', 'exit-code', {}],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', 'killed', {}],
    ['hangs', 'setInterval(()=>{}, 1000)', 'timeout', { timeoutMs: 300 }],
    ['floods', 'setInterval(()=>process.stdout.write("x".repeat(100000)), 1)', 'too-much-output', {}],
    ['ignores its input', 'process.exit(0)', '', { stdin: new Uint8Array(1_000_000) }],
  ])('that %s has an outcome', async (_, script, reason, options) => {
    expect(textOf(await run(script, options))).toBe(reason);
  });

  it('that cannot be started has an outcome, and one without a name is refused', async () => {
    expect(textOf(await run('', { argv: [join(cwd, 'nothing-here')] }))).toBe('not-started');
    await expect(run('', { argv: [] })).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('takes what it has started down with it', async () => {
    const pidFile = join(cwd, 'pid');
    const script = `
      const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)'], { stdio: 'inherit' });
      require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      setInterval(()=>{}, 1000);`;
    writeFileSync(pidFile, '');
    expect(textOf(await run(script, { timeoutMs: 1_500 }))).toBe('timeout');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    // The group was killed outright at the end; what is left for a moment is at most a zombie.
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('ends when the agent does', async () => {
    const stop = new AbortController();
    const running = run('setInterval(()=>{}, 1000)', { signal: stop.signal });
    stop.abort();
    expect(textOf(await running)).toBe('aborted');
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

describe('an endpoint', () => {
  const serve = async (listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/job`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };
  const call = (url: string, timeoutMs = 20_000): Promise<JobOutcome> =>
    callEndpoint({ url, body: Buffer.from('abc'), timeoutMs, maxOutputBytes: 1_000 });

  it('gets the input as the body and gives the result as the body', async () => {
    await serve(
      (request, response) => {
        request.setEncoding('utf8');
        let text = '';
        request.on('data', (chunk: string) => (text += chunk)).on('end', () => response.end(text.toUpperCase()));
      },
      async (url) => expect(textOf(await call(url))).toBe('ABC'),
    );
  });

  it.each<[string, RequestListener, string, number?]>([
    ['fails', (_, response) => response.writeHead(500).end(), 'exit-code'],
    ['redirects', (_, response) => response.writeHead(302, { location: 'http://example.com/' }).end(), 'not-started'],
    ['floods', (_, response) => response.end('x'.repeat(5_000)), 'too-much-output'],
    ['hangs', () => undefined, 'timeout', 300],
    ['drops the connection', (request) => request.socket.destroy(), 'not-started'],
  ])('that %s has an outcome', async (_, listener, reason, timeoutMs) => {
    await serve(listener, async (url) => expect(textOf(await call(url, timeoutMs))).toBe(reason));
  });

  it('must be on this machine', () => {
    for (const url of [
      'https://127.0.0.1/',
      'http://example.com/',
      'http://10.0.0.1/',
      'http://user:pw@127.0.0.1/',
      'file:///etc/passwd',
      'x',
    ]) {
      expect(() => checkEndpoint(url)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    }
    expect(checkEndpoint('http://localhost:8080/job')).toBe('http://localhost:8080/job');
  });
});
