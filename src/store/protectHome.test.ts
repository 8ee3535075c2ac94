// A home opens with its key alone, whatever happens while the key is changed, and no file of it tells what is in it.

import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, id } from './everything.fixture.ts';
import { databasePath, makeHome, readIdentity, writeIdentity, writeWallet } from './home.ts';
import { openHome, type OpenedHome } from './openHome.ts';
import { OTHER_TABLES, SEALED_TABLES } from './sealedColumns.ts';
import type { Change } from './records.ts';
import { unwrapDataKey, wrapDataKey, type HomeKey } from './wrapKey.ts';

let home: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'agent-negotiate-protect-')), 'home');
  makeHome(home);
});
afterEach(() => rmSync(join(home, '..'), { recursive: true, force: true }));

const fileKey = (fill: number): HomeKey => ({ kind: 'key-file', bytes: new Uint8Array(32).fill(fill) });
const open = (key?: HomeKey): OpenedHome => openHome({ home, isExclusive: true, lockWaitMs: 0, key });
const SECRET = new Uint8Array(32).fill(7);
const WALLET = 'nostr+walletconnect://somewhere';

/** A home with something in every table. */
function fill(opened: OpenedHome): void {
  writeIdentity(opened.secrets, SECRET);
  writeWallet(opened.secrets, WALLET);
  opened.store.save(everything);
}

function isWhole({ store, secrets }: OpenedHome): void {
  expect(readIdentity(secrets)).toEqual(SECRET);
  expect(secrets.read('wallet')?.trim()).toBe(WALLET);
  expect(store.findChannel(id('1'))).toMatchObject({ peer: id('3'), state: Uint8Array.of(0, 1, 255) });
  expect(store.listParcels(id('3'), id('e'))).toHaveLength(1);
  expect(store.findPayment({ paymentHash: id('d') })?.body).toBe('{"sats":1}');
  expect(store.listQueued()[0]).toMatchObject({ event: '{"kind":445}', moveId: id('6') });
}

const refuses = (key: HomeKey | undefined, code: string): void => expect(() => open(key)).toThrow(expect.objectContaining({ code }));

describe('a protected home', () => {
  it('opens with its key alone, and is as it was after a wrong one', () => {
    const first = open();
    fill(first);
    const opened = first.protect(fileKey(1));
    isWhole(opened);
    opened.close();
    const before = readFileSync(databasePath(home));
    refuses(fileKey(2), 'home/wrong-key');
    refuses(undefined, 'home/key-needed');
    refuses({ kind: 'key-command', bytes: new Uint8Array(32).fill(1) }, 'home/key-needed');
    expect(readFileSync(databasePath(home)).equals(before)).toBe(true);
    const again = open(fileKey(1));
    isWhole(again);
    again.close();
  });

  it('opens with the new key alone once that was changed, and with none once it is removed', () => {
    const first = open();
    fill(first);
    first.protect(fileKey(1)).protect(fileKey(2)).close();
    refuses(fileKey(1), 'home/wrong-key');
    const opened = open(fileKey(2));
    isWhole(opened);
    opened.protect(undefined).close();
    const plain = open();
    isWhole(plain);
    expect(plain.protection).toBeUndefined();
    plain.close();
  });

  it('refuses a sealed value in another place', () => {
    const first = open();
    fill(first);
    first.store.save([{ kind: 'setting', key: 'other', value: 'w' }]);
    first.protect(fileKey(1)).close();
    const db = new DatabaseSync(databasePath(home));
    db.exec("UPDATE setting SET value = (SELECT value FROM setting WHERE key = 'k') WHERE key = 'other'");
    db.close();
    const opened = open(fileKey(1));
    expect(opened.store.readSetting('k')).toBe('v');
    expect(() => opened.store.readSetting('other')).toThrow(expect.objectContaining({ code: 'store/corrupt' }));
    opened.close();
  });

  it('says of every table what is sealed in it', () => {
    const { db, close } = open();
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name));
    expect(tables.toSorted()).toEqual([...Object.keys(SEALED_TABLES), ...OTHER_TABLES].toSorted());
    close();
  });

  it('leaves nothing of what it held before in any of its files', () => {
    const first = open();
    const marked = ['one', 'two'].map((word): Change => ({ kind: 'setting', key: word, value: `needle-${word}`.repeat(100) }));
    fill(first);
    first.store.save(marked);
    first.protect(fileKey(1));
    for (const file of readdirSync(home))
      expect(readFileSync(join(home, file), 'latin1'), file).not.toMatch(/needle|walletconnect|0707070707/);
    first.close();
    for (const file of readdirSync(home))
      expect(readFileSync(join(home, file), 'latin1'), file).not.toMatch(/needle|walletconnect|0707070707/);
  });
});

describe('a wrapped key', () => {
  it('comes from a passphrase at the stated cost, however its letters are typed', () => {
    const key = new Uint8Array(32).fill(3);
    const wrapped = wrapDataKey(key, { kind: 'passphrase', passphrase: 'long passphrase Å' });
    expect(wrapped.logN).toBe(17);
    expect(unwrapDataKey(wrapped, { kind: 'passphrase', passphrase: 'long passphrase Å' })).toEqual(key);
    expect(() => unwrapDataKey({ ...wrapped, logN: 16 }, { kind: 'passphrase', passphrase: 'long passphrase Å' })).toThrow(
      expect.objectContaining({ code: 'home/wrong-key' }),
    );
  });

  it.each<HomeKey>([
    { kind: 'passphrase', passphrase: 'short' },
    { kind: 'key-file', bytes: new Uint8Array(31) },
    { kind: 'key-command', bytes: new Uint8Array(7) },
  ])('is not made from too little: %o', (key) => {
    expect(() => wrapDataKey(new Uint8Array(32), key)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});

describe('a process that is killed while it changes the protection', () => {
  it('leaves a home that opens with the old key or the new one', async () => {
    const first = open();
    fill(first);
    first.store.save(Array.from({ length: 300 }, (_, n): Change => ({ kind: 'setting', key: `n${n}`, value: 'x'.repeat(2_000) })));
    first.close();
    const program = join(home, '..', 'change.ts');
    writeFileSync(
      program,
      `import { openHome } from ${JSON.stringify(new URL('./openHome.ts', import.meta.url).href)};
       const key = (n) => (n === 0 ? undefined : { kind: 'key-file', bytes: new Uint8Array(32).fill(n) });
       let n = Number(process.argv[3]);
       let opened = openHome({ home: process.argv[2], isExclusive: true, lockWaitMs: 2000, key: key(n) });
       process.send('begun');
       for (;;) { n = (n + 1) % 3; opened = opened.protect(key(n)); }`,
    );
    let now = 0;
    const found = new Set<number>();
    for (let round = 0; round < 12; round += 1) {
      const child = fork(program, [home, String(now)], { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: 'pipe' });
      await new Promise((resolve) => child.once('message', resolve));
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 13));
      child.kill('SIGKILL');
      await ended;
      const opened = [0, 1, 2].flatMap((n) => {
        try {
          const home = open(n === 0 ? undefined : fileKey(n));
          return [{ n, home }];
        } catch {
          return [];
        }
      });
      // Without protection any key is as good as none.
      const [first] = opened;
      if (first === undefined) throw new Error('the home opens with no key');
      isWhole(first.home);
      expect(first.home.store.readSetting('n299')).toHaveLength(2_000);
      now = first.home.protection === undefined ? 0 : first.n;
      found.add(now);
      for (const each of opened) each.home.close();
    }
    expect(found.size).toBeGreaterThan(1);
  });
});
