// Both stores keep the contract; so does one that seals what it keeps.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { testStore } from './contract.fixture.ts';
import { createMemoryStore } from './memoryStore.ts';
import { createVault } from './seal.ts';
import { sealStore } from './sealStore.ts';
import { openSqliteStore } from './sqliteStore.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
let path = '';
const nextPath = (): string => (path = join(folder, `${(count += 1)}.db`));
const vault = createVault(new Uint8Array(32).fill(5));

testStore('memory', createMemoryStore);
testStore(
  'SQLite',
  () => openSqliteStore(nextPath()),
  (store) => {
    store.close();
    return openSqliteStore(path);
  },
);
testStore(
  'SQLite, sealed',
  () => sealStore(openSqliteStore(nextPath()), vault),
  (store) => {
    store.close();
    return sealStore(openSqliteStore(path), vault);
  },
);
