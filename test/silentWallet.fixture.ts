// A wallet service (NIP-47) that says what it is and holds, takes every other request and answers none.

import { randomBytes } from 'node:crypto';
import { bytesToHex } from '../src/core/bytes.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { createRelayPool } from '../src/nostr/relayPool.ts';
import { createKeySigner } from '../src/nostr/signer.ts';
import { SANDBOX_ALIAS } from '../src/pay/sandbox/walletMethods.ts';
import { formatWalletUrl } from '../src/pay/walletUrl.ts';

const ANSWERS: Readonly<Record<string, object>> = {
  get_info: { alias: SANDBOX_ALIAS, network: 'regtest', methods: [] },
  get_balance: { balance: 1_000 },
};

export interface SilentWallet {
  readonly url: string;
  /** What it was asked, in order. */
  readonly asked: readonly { readonly method: string; readonly params: { readonly invoice?: string } }[];
  close(): Promise<void>;
}

/** Opens it; a mute one does not even say what it is. */
export async function openSilentWallet(relay: string, isMute = false): Promise<SilentWallet> {
  const now = (): number => Math.floor(Date.now() / 1_000);
  const pool = createRelayPool({ clock: { now } });
  const service = createKeySigner(new Uint8Array(randomBytes(32)));
  const asked: { method: string; params: { invoice?: string } }[] = [];
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const sign = (kind: number, tags: string[][], content: string) => service.signEvent({ kind, created_at: now(), tags, content });
  const take = async ({ id, pubkey, content }: NostrEvent): Promise<void> => {
    const call = JSON.parse(await service.decrypt(pubkey, content)) as (typeof asked)[number];
    asked.push(call);
    const result = isMute ? undefined : ANSWERS[call.method];
    if (result === undefined) return;
    const text = await service.encrypt(pubkey, JSON.stringify({ result_type: call.method, result }));
    const tags = [
      ['p', pubkey],
      ['e', id],
    ];
    await pool.publish([relay], await sign(23_195, tags, text), { purpose: 'lookup' });
  };
  const run = async (): Promise<void> => {
    const filter = { kinds: [23_194], '#p': [service.pubkey] };
    for await (const item of pool.subscribe([relay], [filter], { purpose: 'lookup', signal: stop.signal })) {
      if (item.type === 'eose') ready.resolve();
      if (item.type === 'event') await take(item.event);
    }
  };
  await pool.publish([relay], await sign(13_194, [['encryption', 'nip44_v2']], 'pay_invoice'), { purpose: 'lookup' });
  const ended = run();
  await ready.promise;
  const secret = bytesToHex(new Uint8Array(randomBytes(32)));
  return {
    url: formatWalletUrl({ relays: [relay], walletPubkey: service.pubkey, secret }),
    asked,
    close: async () => {
      stop.abort();
      await ended;
      pool.close();
    },
  };
}
