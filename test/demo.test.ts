// The demo as a user runs it: a process that starts the relay and two agents, each of them a process of its own.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from './cli.fixture.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

type Line = Record<string, unknown> & { readonly event: string };

async function runDemo(...args: string[]): Promise<{ readonly code: number | null; readonly lines: readonly Line[]; readonly last: Line }> {
  const { code, stdout, stderr } = await runCli(['demo', '--json', ...args]);
  expect(stderr).toBe('');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const last = lines.at(-1) ?? { event: 'nothing' };
  if (typeof last['bundle'] === 'string') made.push(dirname(last['bundle']));
  return { code, lines, last };
}

describe('the demo', () => {
  it('asks, answers, offers 900, counters 600 and agrees at 700 sats, with a bundle that anyone can check', async () => {
    const { code, lines, last } = await runDemo();
    expect(code).toBe(0);
    const moves = lines
      .filter(({ event }) => event === 'move')
      .map(({ role, type, price }) => [role, type, price].filter(Boolean).join(' '));
    expect(moves).toEqual([
      'buyer open',
      'seller ask',
      'buyer answer',
      'seller offer 900 sats',
      'buyer offer 600 sats',
      'seller offer 700 sats',
      'buyer accept',
      'seller confirm',
      'buyer close',
    ]);
    expect(Object.keys(last)).toEqual(['event', 'agreement', 'buyer', 'provider', 'bundle', 'relayEvents']);
    expect(last).toMatchObject({ event: 'agreed', agreement: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const npubs = lines.filter(({ event }) => event === 'agent').map(({ npub }) => npub);
    expect([last['provider'], last['buyer']]).toEqual(npubs);
    const bundle = String(last['bundle']);
    const checked = await runCli(['verify', bundle, '--json']);
    expect(checked.json()).toMatchObject({ state: 'closed', agreement: last['agreement'], price: '700 sats' });
    expect(lines.find(({ event }) => event === 'privacy')).toMatchObject({ leaks: 0 });
    // The bundle stays; the homes with their keys do not.
    expect(readdirSync(dirname(bundle))).toEqual(['bundle.json']);
    expect(readFileSync(bundle, 'utf8')).toContain('"amount_msat":"700000"');
  });

  it('ends at another price, or without a deal, when the limits are others', async () => {
    const cheap = await runDemo('--seller-min', '500');
    expect(cheap.code).toBe(0);
    expect(readFileSync(String(cheap.last['bundle']), 'utf8')).toContain('"amount_msat":"600000"');
    const none = await runDemo('--buyer-max', '650');
    expect(none.code).toBe(0);
    expect(none.last).toMatchObject({ event: 'no-deal', phase: 'rejected' });
    expect(none.lines.some(({ event }) => event === 'agreed')).toBe(false);
  });

  it('prints what a person would like to read', async () => {
    const { code, stdout } = await runCli(['demo']);
    const bundle = /bundle {5}(\S+)/.exec(stdout)?.[1] ?? '';
    made.push(dirname(bundle));
    expect(code).toBe(0);
    expect(existsSync(bundle)).toBe(true);
    expect(stdout).toContain('seller  offers: 700 sats');
    expect(stdout).toContain('What an eavesdropper on the relay saw');
    expect(stdout).toContain(': none found.');
    expect(stdout).not.toContain('undefined');
  });
});
