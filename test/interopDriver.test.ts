// The interop driver as a process: an agent of ours plays the other side and does what a person would be told to do.

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOptions, USAGE } from '../interop/options.ts';
import type { Agent } from '../src/agent/api.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { publicKeyOf } from '../src/nostr/schnorr.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';

const DRIVER = fileURLToPath(new URL('../interop/drive.ts', import.meta.url));
const STEPS = ['invite', 'talk', 'rename', 'update', 'admin', 'add', 'remove', 'disband'];
const THEIR_STEPS = ['be-invited', 'talk-theirs', 'leave', 'be-left', 'be-removed'];

/** A key that nobody has published anything with. */
const STRANGER = encodeNpub(publicKeyOf(new Uint8Array(32).fill(7)));

type Line = Readonly<Record<string, unknown>>;

interface Drive {
  readonly code: number | null;
  readonly lines: readonly Line[];
  readonly stdout: string;
  readonly stderr: string;
  /** How each step ended. */
  readonly outcomes: Readonly<Record<string, unknown>>;
}

let lab: Lab;
beforeAll(async () => void (lab = await makeLab()));
afterAll(() => lab.close());

/** Runs the driver to its end; `onLine` hears each JSON line as it comes. */
function runDriver(args: readonly string[], onLine: (line: Line, child: ChildProcess) => void = () => undefined): Promise<Drive> {
  const child = spawn(process.execPath, [DRIVER, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', AGENT_NEGOTIATE_STATE: process.env['AGENT_NEGOTIATE_STATE'] ?? '' },
  });
  const isJson = args.includes('--json');
  const lines: Line[] = [];
  const out: string[] = [];
  const err: string[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    out.push(text);
    if (!isJson) return;
    const line = JSON.parse(text) as Line;
    lines.push(line);
    onLine(line, child);
  });
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => {
      const ended = lines.filter(({ type }) => type === 'outcome');
      const outcomes = Object.fromEntries(ended.map(({ step, outcome }) => [String(step), outcome]));
      resolve({ code, lines, stdout: out.join('\n'), stderr: err.join(''), outcomes });
    });
  });
}

/** Plays the person and the client on the other side until the drive is over. */
async function driveWith(peer: TestAgent, args: readonly string[]): Promise<Drive> {
  const asked: Line[] = [];
  let driver = '';
  let isOver = false;
  const drive = runDriver(['--relay', lab.relay.url, '--peer', peer.npub, '--json', ...args], (line) => {
    if (line['type'] === 'open') driver = String(line['npub']);
    if (line['type'] === 'ask') asked.push(line);
  }).finally(() => (isOver = true));
  await peer.call(async (agent) => {
    while (!isOver) {
      await answer(agent);
      const next = asked.shift();
      if (next !== undefined) await obey(agent, driver, next);
    }
  });
  return drive;
}

/** Answers what is said with the number in it, or else with the number in the group's name. */
async function answer(agent: Agent): Promise<void> {
  const { groups } = await agent.sync({ waitS: 0.3 });
  for (const news of groups) {
    if (news.type !== 'message') continue;
    const wanted = /number: (\d+)/.exec(news.text)?.[1] ?? /\d+/.exec(news.name)?.[0] ?? 'Hello';
    // The message may be about a group that is over by now.
    await agent.say({ group: news.group, text: `It is ${wanted}.` }).catch(() => undefined);
  }
}

async function obey(agent: Agent, driver: string, { step, text }: Line): Promise<void> {
  switch (step) {
    case 'admin':
      await agent.changeGroup({ group: await newestGroup(agent), change: { kind: 'rename', name: 'Named by the peer' } });
      return;
    case 'be-invited':
      await agent.createGroup({ name: 'Theirs', members: [driver] });
      return;
    case 'be-left':
      if (String(text).startsWith('Now leave')) await agent.changeGroup({ group: await newestGroup(agent), change: { kind: 'leave' } });
      return;
    case 'be-removed': {
      const { group } = await agent.createGroup({ name: 'Theirs for a moment', members: [driver] });
      await agent.changeGroup({ group, change: { kind: 'remove', member: driver } });
      return;
    }
    default:
  }
}

async function newestGroup(agent: Agent): Promise<string> {
  await agent.sync();
  return (await agent.listGroups()).groups.find(({ state }) => state === 'open')!.group;
}

// Beside each other: most of the time is spent waiting.
describe.concurrent('the interop driver', () => {
  it('goes through every step with a peer that does what it is asked, and reports each as ok', async () => {
    const peer = await lab.makeAgent();
    const { code, outcomes, lines, stderr } = await driveWith(peer, ['--wait', '40', '--peer-version', 'ours | again']);
    expect(stderr).toBe('');
    expect(outcomes).toEqual(Object.fromEntries([...STEPS, ...THEIR_STEPS].map((step) => [step, 'ok'])));
    expect(code).toBe(0);
    const markdown = String(lines.at(-1)?.['markdown']);
    expect(markdown).toContain('| other side | ours \\| again |');
    expect(markdown.match(/^\| `[a-z-]+` \| ok \|/gm)).toHaveLength(STEPS.length + THEIR_STEPS.length);
    expect(markdown).not.toMatch(/npub1/);
    // What the driver says of its own side holds on the other: all that it ended is over there too.
    const { groups } = await peer.call((agent) => agent.listGroups());
    expect(groups.map(({ state }) => state)).toEqual(groups.map(() => 'over'));
  });

  it('does the steps that are picked and those that they need, and gives up on a peer that is silent', async () => {
    const peer = await lab.makeAgent();
    const { code, lines, outcomes } = await runDriver([
      ...['--relay', lab.relay.url, '--peer', peer.npub, '--json', '--wait', '1', '--steps', 'talk,be-invited'],
    ]);
    expect(outcomes).toEqual({ invite: 'failed', talk: 'skipped', 'be-invited': 'failed' });
    expect(lines.find(({ type, step }) => type === 'outcome' && step === 'invite')).toMatchObject({ code: 'timeout' });
    expect(code).toBe(75);
  });

  it('passes over a step at the word of the person', async () => {
    const peer = await lab.makeAgent();
    const args = ['--relay', lab.relay.url, '--peer', peer.npub, '--json', '--steps', 'be-invited'];
    const { code, outcomes } = await runDriver(args, ({ type }, child) => {
      if (type === 'ask') child.stdin?.write('skip\n');
    });
    expect([code, outcomes]).toEqual([0, { 'be-invited': 'skipped' }]);
  });

  it('reports what it has when it is stopped', async () => {
    const peer = await lab.makeAgent();
    const { code, lines, outcomes } = await runDriver(['--relay', lab.relay.url, '--peer', peer.npub, '--json'], ({ type }, child) => {
      if (type === 'ask') child.kill('SIGINT');
    });
    expect(code).toBe(75);
    expect(outcomes).toEqual(Object.fromEntries([...STEPS, ...THEIR_STEPS].map((step) => [step, 'skipped'])));
    expect(lines.at(-1)).toMatchObject({ type: 'report' });
  });

  it('waits for a key package, then says that there is none; a home that is kept keeps its npub', async () => {
    const args = ['--relay', lab.relay.url, '--peer', STRANGER, '--wait', '1', '--steps', 'invite', '--home', lab.makeHome()];
    const { code, stdout } = await runDriver(args);
    expect(code).toBe(69);
    expect(stdout).toContain('failed: Nothing is known about this npub');
    expect(stdout).toMatch(/^\| `invite` \| failed \|/m);
    const again = await runDriver(args);
    expect(again.code).toBe(69);
    expect(/npub1\w+/.exec(again.stdout)?.[0]).toBe(/npub1\w+/.exec(stdout)?.[0]);
  });

  it('says that no relay answers', async () => {
    const { code, stdout, stderr } = await runDriver(['--relay', 'ws://127.0.0.1:1', '--peer', STRANGER]);
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toContain('None of your relays answered');
  });

  it('says what is wrong with its arguments, to people and to programs', async () => {
    const { code, lines, stderr } = await runDriver(['--json', '--peer', STRANGER]);
    expect(code).toBe(64);
    expect(stderr).toContain('Name a relay');
    expect(lines).toEqual([{ error: { code: 'input/invalid', message: stderr.trim(), retryable: false } }]);
  });
});

describe('the arguments of the interop driver', () => {
  const relay = ['--relay', 'wss://relay.example'];
  const both = [...relay, '--peer', STRANGER];

  it('are all steps unless some are picked, and then these with the ones that they need', () => {
    expect(readOptions(both)?.steps.map(({ name }) => name)).toEqual([...STEPS, ...THEIR_STEPS]);
    expect(readOptions([...both, '--steps', 'leave,remove'])?.steps.map(({ name }) => name)).toEqual([
      ...['invite', 'add', 'remove', 'be-invited', 'leave'],
    ]);
    expect(readOptions([...both, '--wait', '5m'])?.waitS).toBe(300);
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it('and the steps are the ones that the document explains', () => {
    const text = readFileSync(new URL('../interop/README.md', import.meta.url), 'utf8');
    const table = text.slice(text.indexOf('### The steps')).split('\n## ')[0] ?? '';
    expect([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)).toEqual([...STEPS, ...THEIR_STEPS]);
    const options = [...text.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, name = '']) => name);
    expect(USAGE.match(/^ {2}--[a-z-]+/gm)?.map((option) => option.trim())).toEqual([...options, '--help']);
  });

  it.each([
    ['Name a relay', []],
    ['Name the account', relay],
    ['not a Nostr public key', [...relay, '--peer', 'npub1nobody']],
    ['relay URL', ['--relay', 'https://relay.example', '--peer', STRANGER]],
    ['no step called "fly"', [...both, '--steps', 'invite,fly']],
    ['duration', [...both, '--wait', 'long']],
    ['at least 1 second', [...both, '--wait', '0']],
    ['--help', ['--verbose']],
  ])('are refused with "%s" where they are wrong', (words, args) => {
    const refusal = expect.objectContaining({ message: expect.stringContaining(words) as string, exitCode: 64 });
    expect(() => readOptions(args)).toThrow(refusal as Error);
  });
});
