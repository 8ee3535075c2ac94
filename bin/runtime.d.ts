// The types of runtime.js, which stays plain JavaScript so that an old Node can read it.

/** A Node found on disk: its version without the leading "v", and its binary. */
export interface BundledNode {
  readonly version: string;
  readonly path: string;
}

/** How the command is to be run. */
export type RuntimeDecision =
  { readonly kind: 'here' } | { readonly kind: 'rerun'; readonly node: string } | { readonly kind: 'advise'; readonly message: string };

export function isNewEnough(version: string): boolean;
export function isCheckout(root: string, exists: (path: string) => boolean): boolean;
export function chooseEntry(root: string, exists: (path: string) => boolean): string;
export function decideRuntime(facts: {
  readonly version: string;
  readonly bundled: BundledNode | undefined;
  readonly isRerun: boolean;
  readonly checkout: boolean;
}): RuntimeDecision;
export function findBundledNode(root: string, platform: NodeJS.Platform): BundledNode | undefined;
export function launch(argv: readonly string[]): void;
export function keepCompiledCode(env: NodeJS.ProcessEnv): string | undefined;
export function silenceSqliteWarning(): void;
export function isSqliteWarning(warning: unknown, options: unknown): boolean;
