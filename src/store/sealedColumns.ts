// Which columns of the database are sealed in a protected home; all others stay readable (docs/keys.md says what they tell).

/** How a table is sealed. `key`: the columns that name a row. `texts` and `bytes` are values; `names` are looked up by. */
export interface SealedTable {
  readonly key: readonly string[];
  readonly texts?: readonly string[];
  readonly bytes?: readonly string[];
  readonly names?: readonly string[];
}

/** Table by table. */
export const SEALED_TABLES: Readonly<Record<string, SealedTable>> = {
  setting: { key: ['key'], texts: ['value'] },
  key_package: { key: ['event_id'], bytes: ['private_bytes'] },
  channel: { key: ['id'], bytes: ['state'], names: ['peer'] },
  message: { key: ['id'], texts: ['text'], names: ['author'] },
  invite: { key: ['wrap_id'], texts: ['welcome'], names: ['sender'] },
  negotiation: { key: ['nid'], texts: ['state'], names: ['peer'] },
  move: { key: ['id'], texts: ['rumor'], names: ['author'] },
  orphan: { key: ['id'], texts: ['rumor'], names: ['peer'] },
  parcel: { key: ['peer', 'sha256', 'part'], bytes: ['data'], names: ['peer', 'sha256'] },
  file: { key: ['sha256'], bytes: ['data'], names: ['sha256'] },
  job: { key: ['nid'], texts: ['body'], names: ['key'] },
  rfq: { key: ['id'], texts: ['body'], names: ['key'] },
  payment: { key: ['agreement'], texts: ['body'], names: ['agreement', 'payment_hash'] },
  ledger: { key: ['id'], texts: ['body'] },
  outbox: { key: ['event_id'], texts: ['event'], names: ['move_id'] },
};

/** Tables that have nothing to seal, or are sealed by themselves. */
export const OTHER_TABLES: readonly string[] = ['seen', 'passed_wrap', 'outbox_target', 'protection', 'secret'];

/** The name of a row within its table, from the values of its key. */
export function rowName(...key: readonly (string | number)[]): string {
  return key.join(' ');
}
