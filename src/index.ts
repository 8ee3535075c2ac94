// The public API: make an agent, open it, call its use cases; check a bundle; run wallets of test money; make and try strategies.

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
export {
  simulateNegotiations,
  type SimulatedPolicy,
  type SimulationRequest,
  type SimulationResult,
} from './agent/simulation/simulateNegotiations.ts';
export { aimAt, aspire, type Curve } from './decide/strategies/aspiration.ts';
export { openStrategy } from './agent/strategies/openStrategy.ts';
export { buildStrategy, type OwnStrategy, type StrategyChoice, type StrategySpec } from './decide/strategies/buildStrategy.ts';
export { explain, findStanding, look, type Look, type Standing } from './decide/strategies/look.ts';
export { NAMED_STRATEGIES, type NamedStrategy } from './decide/strategies/namedStrategies.ts';
export { replayDecision, type Replay } from './decide/strategies/replayDecision.ts';
export { runStrategy, type StrategyFault, type StrategyRun } from './decide/strategies/runStrategy.ts';
export type { Decision, Offered, Strategy, StrategyInput } from './decide/strategies/strategy.ts';
export { findWorstAtLeast, listWorth } from './decide/findOutcome.ts';
export { playSession, type Party, type Session } from './decide/session/playSession.ts';
export { findProspects, type Prospects } from './decide/session/frontier.ts';
export { makeRandomScenario, type Scenario } from './decide/session/randomDomain.ts';
export { drawPlot } from './decide/simulate/plot.ts';
export { renderTable } from './decide/simulate/renderTable.ts';
export { simulate, type Contestant, type Simulation } from './decide/simulate/simulate.ts';
export { evaluate, type Domain, type Issue, type Outcome, type Utility, type Valuation } from './decide/utility.ts';
