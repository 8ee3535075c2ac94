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
  keyPackages: boolean;
}

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
  return { nids: new Set(), channels: new Map(), outbox: false, rfqs: false, files: false, keyPackages: false };
}

function note(changes: Changes, change: Change): void {
  switch (change.kind) {
    case 'negotiation':
    case 'job':
      changes.nids.add(change.record.nid);
      return;
    case 'channel':
      changes.channels.set(change.record.id, change.record);
      return;
    case 'queue':
    case 'target':
    case 'drop-queued':
      changes.outbox = true;
      return;
    case 'rfq':
      changes.rfqs = true;
      return;
    case 'file':
      changes.files = true;
      return;
    case 'key-package':
    case 'retire-key-packages':
      changes.keyPackages = true;
      return;
    default:
      // What nothing that is due depends on.
      return;
  }
}
