// How a use case is called in a daemon, and by whom.

/** Options of one call. */
export interface CallOptions {
  /** Ends a wait, and drops a call whose turn has not come. The reason {@link GONE} says that nobody hears the answer. */
  readonly signal?: AbortSignal | undefined;
  /** Shows a bunker's page to whoever asked. */
  readonly onApprovalUrl?: ((url: string) => void) | undefined;
  /** Relays to use besides for this call. */
  readonly relays?: readonly string[] | undefined;
}

/** Why a call is over before its time: its client has gone. */
export const GONE = 'gone';
