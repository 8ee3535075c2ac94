// `relay`: runs the embedded relay until it is stopped.

import { serveRelay } from '../../relay/serveRelay.ts';
import { printJson, printLines, type CommonOptions } from '../io.ts';
import { parsePort } from '../parseValues.ts';

/** Options of `relay`. */
export interface RelayCommandOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: string;
  readonly data?: string;
  readonly requireAuth?: true;
  readonly publicUrl?: string;
}

const DEFAULT_PORT = '7447';

/** Serves until SIGINT or SIGTERM. */
export async function runRelay(options: RelayCommandOptions): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    await serveRelay({
      host: options.host,
      port: parsePort(options.port ?? DEFAULT_PORT),
      path: options.data,
      publicUrl: options.publicUrl,
      requireAuthForGiftWraps: options.requireAuth === true,
      signal: stop.signal,
      onReady: ({ url }) => {
        if (options.json === true) printJson({ event: 'listening', url });
        else printLines([`The relay listens at ${url}`, 'Stop it with Ctrl-C.']);
      },
    });
  } finally {
    process.removeListener('SIGINT', abort).removeListener('SIGTERM', abort);
  }
}
