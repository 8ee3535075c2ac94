// Bunkers as tests handle them: processes that are started, told how to behave, killed and started again.

import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { publicKeyOf } from '../src/nostr/schnorr.ts';

const PROGRAM = fileURLToPath(new URL('./bunker.process.ts', import.meta.url));

/** What a bunker does with requests of a method (`sign_event` unless named; `any` for all) and, where given, a kind. */
export interface BunkerBehaviour {
  readonly name:
    | 'honest'
    | 'client-tag'
    | 'other-time'
    | 'other-key'
    | 'garbage'
    | 'junk'
    | 'twice'
    | 'other-id'
    | 'refuse'
    | 'mute'
    | 'lose-first'
    | 'approve'
    | 'hold';
  readonly method?: string;
  readonly kind?: number;
  /** The words of a refusal, or the page to approve at. */
  readonly text?: string;
}

export interface BunkerStart {
  readonly relay: string;
  readonly identityKey: string;
  readonly signerKey: string;
  readonly secret: string;
  readonly client?: string | undefined;
}

export interface BunkerRequest {
  readonly type: 'request';
  readonly id: string;
  readonly method: string;
  readonly kind?: number | undefined;
  readonly client: string;
  readonly perms?: string | undefined;
}

export type BunkerReport = BunkerRequest | { readonly type: 'ready'; readonly url: string } | { readonly type: 'behaves' };

export interface TestBunker {
  /** With the secret in it. */
  readonly url: string;
  readonly secret: string;
  /** Of the identity, hex. */
  readonly secretKey: string;
  readonly pubkey: string;
  /** Everything it was asked so far, repetitions and pings included. */
  readonly requests: readonly BunkerRequest[];
  behave(behaviour: BunkerBehaviour): Promise<void>;
  /** Lets go of what it holds. */
  go(): void;
  /** Resolves at the next request of this kind. */
  asked(kind: number): Promise<BunkerRequest>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a bunker with keys and a secret of its own. */
export async function startBunker(relay: string): Promise<TestBunker> {
  const [identityKey, signerKey, secret] = [randomHex(32), randomHex(32), `s3cret-${randomHex(12)}`];
  const requests: BunkerRequest[] = [];
  const reports = new EventEmitter();
  let child: ChildProcess | undefined;
  let url = '';
  const start = async (): Promise<void> => {
    child = fork(PROGRAM, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (report: BunkerReport) => {
      if (report.type === 'request') requests.push(report);
      reports.emit(report.type, report);
    });
    // Only to whoever has shown the secret; this is what a bunker keeps on its disk.
    const client = requests.find(({ method }) => method === 'connect')?.client;
    child.send({ type: 'start', relay, identityKey, signerKey, secret, client });
    const [ready] = (await once(reports, 'ready')) as [{ readonly url: string }];
    ({ url } = ready);
  };
  await start();
  return {
    url,
    secret,
    secretKey: identityKey,
    pubkey: publicKeyOf(new Uint8Array(Buffer.from(identityKey, 'hex'))),
    requests,
    behave: async (behaviour) => {
      child?.send({ type: 'behave', behaviour });
      await once(reports, 'behaves');
    },
    go: () => void child?.send({ type: 'go' }),
    asked: async (kind) => {
      for (;;) {
        const [request] = (await once(reports, 'request')) as [BunkerRequest];
        if (request.kind === kind) return request;
      }
    },
    kill: async () => {
      const dying = child;
      if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
      const exited = once(dying, 'exit');
      dying.kill('SIGKILL');
      await exited;
    },
    start,
  };
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
