// How much the clients of a daemon may ask: every limit, its unit and its default.

/** Limits of a daemon's socket. */
export interface RpcLimits {
  /** Clients at one time; a further one is cut off at once. */
  readonly maxConnections: number;
  /** Bytes of one request: an order with its inputs, in base64. */
  readonly maxRequestBytes: number;
  /** Requests of one client that may be under way; the rest waits in the socket. */
  readonly maxRequests: number;
  /** Bytes of answers that a client may leave unread before it is cut off. */
  readonly maxUnreadBytes: number;
  /** Milliseconds for a request to arrive whole once it has begun. */
  readonly requestMs: number;
  /** Milliseconds after which a client that asks nothing is let go. */
  readonly idleMs: number;
  /** Milliseconds for the last answers when the daemon ends. */
  readonly goodbyeMs: number;
}

const DEFAULT_LIMITS: RpcLimits = {
  maxConnections: 32,
  maxRequestBytes: 8 * 1_048_576,
  maxRequests: 16,
  maxUnreadBytes: 16 * 1_048_576,
  requestMs: 30_000,
  idleMs: 600_000,
  goodbyeMs: 1_000,
};

/** Completes limits with the defaults. */
export function completeRpcLimits(limits: Partial<RpcLimits> = {}): RpcLimits {
  return { ...DEFAULT_LIMITS, ...limits };
}
