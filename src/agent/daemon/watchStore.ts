// Notes what each save has changed, so that nobody has to look through everything to find out what is due.

import type { Hex } from '../../core/bytes.ts';
import type { Change, ChannelRecord, Store } from '../../store/records.ts';

/** What was saved since it was last asked for. */
export interface Changes {
  /** Negotiations that changed, or whose job did. */
  readonly nids: Set<Hex>;
  readonly channels: Map<Hex, ChannelRecord>;
  outbox: boolean;
  rfqs: boolean;
  files: boolean;
  invites: boolean;
  keyPackages: boolean;
}

const OUTBOX: ReadonlySet<Change['kind']> = new Set(['queue', 'target', 'drop-queued']);
const KEY_PACKAGES: ReadonlySet<Change['kind']> = new Set(['key-package', 'retire-key-packages']);

/** A store that notes what is saved in it. */
export interface WatchedStore {
  readonly store: Store;
  take(): Changes;
}

/** Watches a store. */
export function watchStore(store: Store): WatchedStore {
  let changes = noChanges();
  const watched: Store = {
    ...store,
    save: (list) => {
      store.save(list);
      for (const change of list) note(changes, change);
    },
  };
  const take = (): Changes => {
    const taken = changes;
    changes = noChanges();
    return taken;
  };
  return { store: watched, take };
}

function noChanges(): Changes {
  return { nids: new Set(), channels: new Map(), outbox: false, rfqs: false, files: false, invites: false, keyPackages: false };
}

function note(changes: Changes, change: Change): void {
  if (change.kind === 'negotiation' || change.kind === 'job') changes.nids.add(change.record.nid);
  if (change.kind === 'channel') changes.channels.set(change.record.id, change.record);
  changes.outbox ||= OUTBOX.has(change.kind);
  changes.rfqs ||= change.kind === 'rfq';
  changes.files ||= change.kind === 'file';
  changes.invites ||= change.kind === 'setting' && change.key === 'invites';
  changes.keyPackages ||= KEY_PACKAGES.has(change.kind);
}
