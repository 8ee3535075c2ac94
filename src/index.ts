// The public API: make an agent, open it, call its use cases; check a bundle; run wallets of test money.

export {
  createAgent,
  openAgent,
  openSandbox,
  type CreateOptions,
  type OpenOptions,
  type Sandbox,
  type SandboxOptions,
} from './agent/compose.ts';
export type { Agent } from './agent/api.ts';
export { checkBundle, type BundleCheckResult } from './agent/checkBundle.ts';
export { checkOwed, type OwedCheckResult, type OwedProblem } from './agent/checkOwed.ts';
export { isNegotiateError, NegotiateError, type ErrorCode } from './core/errors.ts';
export { formatSats, parseSats, satToMsat, type Msat } from './core/money.ts';
