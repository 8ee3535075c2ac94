// Who waits for what: listeners by key.

/** Listeners of signals of one type. A listener may come and go while it is told something. */
export interface Listeners<T> {
  add(key: string, listener: (signal: T) => void): () => void;
  /** Tells those who listen to the key; false when nobody does. */
  tell(key: string, signal: T): boolean;
  /** Tells everybody and forgets them. */
  dismissAll(signal: T): void;
  isEmpty(): boolean;
}

/** Creates an empty set of listeners. */
export function createListeners<T>(): Listeners<T> {
  const byKey = new Map<string, Set<(signal: T) => void>>();
  const add = (key: string, listener: (signal: T) => void): (() => void) => {
    const set = byKey.get(key) ?? new Set();
    byKey.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && byKey.get(key) === set) byKey.delete(key);
    };
  };
  const tell = (key: string, signal: T): boolean => {
    const told = [...(byKey.get(key) ?? [])];
    for (const listener of told) listener(signal);
    return told.length > 0;
  };
  const dismissAll = (signal: T): void => {
    const everybody = [...byKey.values()].flatMap((set) => [...set]);
    byKey.clear();
    for (const listener of everybody) listener(signal);
  };
  return { add, tell, dismissAll, isEmpty: () => byKey.size === 0 };
}
