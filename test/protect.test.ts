// The protection of a home on the command line: chosen, changed, removed; its key from a file, stdin, a program or the environment.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decryptKey } from '../src/nostr/nip49.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { runCli, type CliResult } from './cli.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

let relay: RunningRelay;
let folder: string;
beforeAll(async () => {
  relay = await startRelay();
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-protect-cli-'));
  writeFileSync(join(folder, 'passphrase'), 'correct horse battery\n');
  writeFileSync(join(folder, 'other'), 'another passphrase\n');
  writeFileSync(join(folder, 'key'), Buffer.alloc(32, 4));
  writeFileSync(join(folder, 'secret'), '01'.repeat(32));
});
afterAll(async () => {
  await relay.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string): string => join(folder, name);
const run = (home: string, args: readonly string[], options: Parameters<typeof runCli>[1] = {}): Promise<CliResult> =>
  runCli([...args, '--json', '--home', file(home)], options);
const NPUB = '1b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f';

describe('a home that is protected', () => {
  it('with a passphrase opens with that from a file, from stdin or where the environment says', async () => {
    const args = ['init', '--relay', relay.url, '--key-file', file('secret'), '--protect', 'passphrase'];
    const made = await run('p', [...args, '--passphrase-file', file('passphrase')]);
    expect(made.json()).toMatchObject({ pubkey: NPUB, protected: 'passphrase' });
    const ncryptsec = readFileSync(file('p/identity.key'), 'utf8').trim();
    expect(Buffer.from(decryptKey(ncryptsec, 'correct horse battery')).toString('hex')).toBe('01'.repeat(32));

    const closed = await run('p', ['whoami']);
    expect([closed.code, closed.json().error?.code]).toEqual([78, 'home/key-needed']);
    expect(closed.stderr).toContain('--passphrase-file FILE');
    const wrong = await run('p', ['sync', '--passphrase-file', file('other')]);
    expect([wrong.code, wrong.json().error?.code]).toEqual([77, 'home/wrong-key']);
    expect(wrong.stderr).not.toContain('another');
    for (const open of [
      await run('p', ['sync', '--passphrase-file', file('passphrase')]),
      await run('p', ['list', '--passphrase-file', '-'], { stdin: 'correct horse battery' }),
      await run('p', ['whoami'], { env: { AGENT_NEGOTIATE_PASSPHRASE_FILE: file('passphrase') } }),
    ])
      expect(open.code, open.stderr).toBe(0);

    const elsewhere = await run('q', [
      ...['init', '--relay', relay.url, '--key-file', file('p/identity.key'), '--passphrase-file', file('passphrase')],
    ]);
    expect(elsewhere.json()['pubkey']).toBe(NPUB);
  });

  it.runIf(isWholeLane)('can get another key of another kind, and none', async () => {
    await run('c', ['init', '--relay', relay.url, '--key-file', file('secret')]);
    expect((await run('c', ['protect'])).json()).toEqual({ protected: 'none' });
    expect((await run('c', ['protect', 'key-file'])).json().error?.code).toBe('input/invalid');
    expect((await run('c', ['protect', 'key-file', '--key-file', file('key')])).json()).toEqual({ protected: 'key-file' });
    expect((await run('c', ['whoami'])).json().error?.code).toBe('home/key-needed');
    expect((await run('c', ['whoami', '--key-file', file('key')])).json()).toMatchObject({ pubkey: NPUB });

    const command = JSON.stringify([process.execPath, '-e', 'console.log("from a program")']);
    const changed = await run('c', ['protect', 'key-command', '--key-file', file('key'), '--new-key-command', command]);
    expect(changed.json()).toEqual({ protected: 'key-command' });
    expect((await run('c', ['whoami', '--key-file', file('key')])).json().error?.code).toBe('home/key-needed');
    expect((await run('c', ['whoami'], { env: { AGENT_NEGOTIATE_KEY_COMMAND: command } })).json()).toMatchObject({ pubkey: NPUB });
    // No shell: what would be one is a word like any other.
    const failed = await run('c', ['whoami', '--key-command', 'echo x; echo y']);
    expect(failed.json().error?.code).toBe('home/wrong-key');
    expect((await run('c', ['whoami', '--key-command', 'false'])).json().error?.code).toBe('input/invalid');

    expect((await run('c', ['protect', 'none', '--key-command', command])).json()).toEqual({ protected: 'none' });
    expect((await run('c', ['whoami'])).json()).toMatchObject({ pubkey: NPUB });
    expect(readFileSync(file('c/identity.key'), 'utf8').trim()).toBe('01'.repeat(32));
  });

  it('is refused when others can read it, with the command that changes that', async () => {
    await run('m', ['init', '--relay', relay.url]);
    for (const [path, mode] of [
      ['m', 0o755],
      ['m/agent.db', 0o640],
      ['m/identity.key', 0o602],
    ] as const) {
      chmodSync(file(path), mode);
      const refused = await run('m', ['whoami']);
      expect([refused.code, refused.json().error?.code]).toEqual([77, 'home/exposed']);
      expect(refused.stderr).toContain(`chmod -R go-rwx ${file('m')}`);
      chmodSync(file(path), path === 'm' ? 0o700 : 0o600);
    }
    expect((await run('m', ['whoami'])).code).toBe(0);
  });

  it('refuses a key that is too easy, and two keys at once', async () => {
    writeFileSync(file('short'), 'short');
    const args = ['init', '--relay', relay.url, '--protect'];
    expect((await run('e', [...args, 'passphrase', '--passphrase-file', file('short')])).json().error?.code).toBe('input/invalid');
    expect((await run('e', [...args, 'key-file', '--home-key-file', file('short')])).json().error?.code).toBe('input/invalid');
    expect((await run('e', [...args, 'rot13'])).json().error?.code).toBe('input/invalid');
    const both = ['whoami', '--key-file', file('key'), '--passphrase-file', file('passphrase')];
    await run('e', [...args, 'key-file', '--home-key-file', file('key')]);
    expect((await run('e', both)).json().error?.code).toBe('input/invalid');
  });
});
