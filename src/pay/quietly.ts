// Keeps a library from printing: what it says on the console may hold what nobody should read.

import { AsyncLocalStorage } from 'node:async_hooks';

const METHODS = ['debug', 'error', 'info', 'log', 'warn'] as const;
const quiet = new AsyncLocalStorage<true>();
let isInstalled = false;

/** Runs `work` with a console that prints nothing, for it and for whatever it starts; everybody else's prints as ever. */
export function quietly<T>(work: () => T): T {
  install();
  return quiet.run(true, work);
}

function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  for (const method of METHODS) {
    const print = console[method].bind(console);
    console[method] = (...values: unknown[]) => {
      if (quiet.getStore() !== true) print(...values);
    };
  }
}
