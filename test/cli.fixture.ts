// Runs the command line as a user does: a process of its own through bin/, with a home of its own.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The only JSON document on stdout. */
  readonly json: () => Record<string, unknown> & { readonly error?: { readonly code: string; readonly message: string } };
}

export interface CliOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function runCli(args: readonly string[], { stdin = '', env = {} }: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      AGENT_NEGOTIATE_STATE: process.env['AGENT_NEGOTIATE_STATE'] ?? '',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined).end(stdin);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => {
      const [stdout, stderr] = [Buffer.concat(out).toString(), Buffer.concat(err).toString()];
      const json = (): ReturnType<CliResult['json']> => {
        const lines = stdout.split('\n').filter((line) => line !== '');
        if (lines.length !== 1) throw new Error(`expected one JSON document, got: ${stdout}\n${stderr}`);
        return JSON.parse(lines[0] ?? '') as ReturnType<CliResult['json']>;
      };
      resolve({ code, stdout, stderr, json });
    });
  });
}
