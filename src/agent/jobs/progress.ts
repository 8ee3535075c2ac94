// What advancing a job once came to.

/** `moved`: something was done, look again. `idle`: the peer's turn. `poll`: look again after so many seconds, whatever the peer does. */
export type Progress = { readonly kind: 'moved' | 'idle' } | { readonly kind: 'poll'; readonly afterS: number };

/** Something was done. */
export const MOVED: Progress = { kind: 'moved' };
/** There is nothing to do. */
export const IDLE: Progress = { kind: 'idle' };

/** Look again after so many seconds. */
export function pollAfter(afterS: number): Progress {
  return { kind: 'poll', afterS };
}
