// What a scene is, and how one becomes a conversation vector.

import type { Role } from '../../src/negotiate/agreement.ts';
import { Stage } from './stage.ts';
import { expectSame } from './testKeys.ts';

/** A conversation to be played, and what its author expects of it: phases of buyer and provider, states of the bundles of each. */
export interface Scene {
  readonly name: string;
  /** The row of the race table that it shows. */
  readonly race?: string;
  readonly options?: { readonly opener?: Role; readonly dishonest?: Role };
  readonly play: (stage: Stage) => void;
  readonly phases: readonly [string | null, string | null];
  /** One list for both, or one for each honest side. */
  readonly bundles: readonly string[] | Readonly<Partial<Record<Role, readonly string[]>>>;
  /** Codes of all errors that a side has sent. */
  readonly codes?: Readonly<Partial<Record<Role, readonly string[]>>>;
}

/** Plays a scene; throws when it ends otherwise than its author expects. */
export function playScene({ name, race, options = {}, play, phases, bundles, codes }: Scene): unknown {
  const stage = new Stage(name, options);
  play(stage);
  const { buyer, provider } = stage.phases();
  expectSame(name, [buyer, provider], phases);
  for (const role of ['buyer', 'provider'] as const) {
    if (role === options.dishonest) continue;
    const expected = (Array.isArray(bundles) ? bundles : (bundles as Readonly<Partial<Record<Role, readonly string[]>>>)[role]) ?? [];
    const states = stage.bundles(role).map(({ state }) => state);
    expectSame(`${name}, ${role}`, states, expected);
    if (codes?.[role] !== undefined) expectSame(`${name}, errors by ${role}`, stage.codes(role), codes[role]);
  }
  return {
    name,
    ...(race === undefined ? {} : { race }),
    dishonest: options.dishonest ?? null,
    events: [...stage.events.values()],
    steps: stage.steps,
    end: stage.conclude(),
  };
}
