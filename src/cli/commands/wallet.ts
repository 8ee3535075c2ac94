// `wallet` and `sandbox`: connect a wallet, see it; wallets of test money for trying things out.

import { existsSync } from 'node:fs';
import { openSandbox, type Sandbox } from '../../agent/compose.ts';
import { NegotiateError } from '../../core/errors.ts';
import { explainFullDisk, isFullDiskFault } from '../../core/fullDisk.ts';
import { formatSats, parseSats } from '../../core/money.ts';
import { printJson, printLines, printResult, readFileOrStdin, type CommonOptions } from '../io.ts';
import { untilStopped } from '../jobs/untilStopped.ts';
import { useAgent } from '../useAgent.ts';
import { writeWholeFile } from '../wholeFile.ts';

/** Options of `wallet`. */
export interface WalletOptions extends CommonOptions {
  readonly connect?: string;
}

/** Options of `sandbox`. */
export interface SandboxCommandOptions extends CommonOptions {
  readonly data?: string;
  readonly wallet?: readonly string[];
}

/** Connects the wallet whose URL is in a file, or on stdin; shows what is connected. */
export async function runWallet(options: WalletOptions): Promise<void> {
  const url = options.connect === undefined ? undefined : readFileOrStdin(options.connect).trim();
  const view =
    url === undefined
      ? await useAgent(options, 'read', (agent) => agent.wallet())
      : await useAgent(options, 'write', (agent) => agent.connectWallet({ url }));
  printResult(options, view, () => [`${view.rail === 'sandbox' ? 'Sandbox wallet' : 'Wallet (NIP-47)'}: ${view.balance}`]);
}

/**
 * Runs wallets of test money until it is stopped. Their URLs are secrets and go into files; a file that holds a wallet of this sandbox is used
 * again. Throws `input/invalid` for a file that holds anything else: it may be the URL of a real wallet.
 */
export async function runSandbox(options: SandboxCommandOptions): Promise<void> {
  const [relay, ...others] = options.relay ?? [];
  if (relay === undefined || others.length > 0)
    throw new NegotiateError('input/invalid', 'Name the relay that the wallets are reached at: --relay URL');
  const wanted = (options.wallet ?? []).map(readWanted);
  await untilStopped(async (signal) => {
    const sandbox = await openSandbox({ relay, ...(options.data === undefined ? {} : { file: options.data }) });
    try {
      const lines = await openWallets(sandbox, wanted);
      if (options.json === true) printJson({ event: 'ready', relay, wallets: wanted.map(({ path }) => path) });
      else {
        printLines([
          'Wallets of test money, worthless, served on the relay:',
          ...lines,
          'Connect one with: agent-negotiate wallet --connect FILE',
          'Stop with Ctrl-C.',
        ]);
      }
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await sandbox.close();
    }
  });
}

interface Wanted {
  readonly path: string;
  readonly grantMsat: bigint;
}

/** Makes the wallets that are not there yet, once all that are there are known to be of this sandbox; says what each holds. */
async function openWallets(sandbox: Sandbox, wanted: readonly Wanted[]): Promise<readonly string[]> {
  const known = new Map(wanted.filter(({ path }) => existsSync(path)).map(({ path }) => [path, readKnown(sandbox, path)]));
  const lines: string[] = [];
  for (const { path, grantMsat } of wanted) {
    const found = known.get(path);
    if (found === undefined) writeSecret(path, await sandbox.createWallet(grantMsat), 'new');
    lines.push(
      `  ${path}  ${found === undefined ? `${formatSats(grantMsat)} at first` : `${formatSats(found.balanceMsat)}, as it was left`}`,
    );
  }
  return lines;
}

function readKnown(sandbox: Sandbox, path: string): NonNullable<ReturnType<Sandbox['findWallet']>> {
  const text = readFileOrStdin(path).trim();
  const found = sandbox.findWallet(text);
  if (found === undefined) {
    const message =
      `${path} is there already and holds no wallet of this sandbox, so it was left alone. Move it away, or name another file. ` +
      'Wallets outlive the sandbox only with --data FILE, the same each time.';
    throw new NegotiateError('input/invalid', message);
  }
  // The same wallet at another relay.
  if (found.url !== text) writeSecret(path, found.url, 'replace');
  return found;
}

function readWanted(text: string): Wanted {
  const at = text.lastIndexOf('=');
  if (at <= 0) throw new NegotiateError('input/invalid', 'Expected --wallet FILE=SATS, such as buyer.wallet=10000.');
  return { path: text.slice(0, at), grantMsat: parseSats(text.slice(at + 1)) };
}

function writeSecret(path: string, url: string, place: 'new' | 'replace'): void {
  try {
    writeWholeFile(path, `${url}\n`, place);
  } catch (cause) {
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
    throw new NegotiateError('input/invalid', 'The wallet’s file cannot be written. Check the path and that you may write to it.', {
      cause,
    });
  }
}
