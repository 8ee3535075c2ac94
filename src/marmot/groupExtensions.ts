// The group context of the groups that we create.

import type { GroupContextExtension } from 'ts-mls';
import type { Hex } from '../core/bytes.ts';
import { encodeAdmins, encodeLifecycle, encodeProfile, encodeRouting } from './components.ts';
import { dictionaryExtension } from './createKeyPackage.ts';
import { encodeDictionary, encodeIdList, type Dictionary } from './dictionary.ts';
import { COMPONENTS, MLS, REQUIRED } from './profile.ts';

/** What differs from group to group: its one admin, its routing, its name. */
export interface GroupFacts {
  readonly admin: Hex;
  readonly nostrGroupId: Hex;
  readonly relays: readonly string[];
  readonly name: string;
}

/** The app components of a new group: required list, profile, admin policy, routing, lifecycle. */
export function groupDictionary({ admin, nostrGroupId, relays, name }: GroupFacts): Dictionary {
  return new Map([
    [COMPONENTS.appComponents, encodeIdList(REQUIRED.components)],
    [COMPONENTS.profile, encodeProfile({ name, description: '' })],
    [COMPONENTS.adminPolicy, encodeAdmins([admin])],
    [COMPONENTS.routing, encodeRouting({ nostrGroupId, relays })],
    [COMPONENTS.lifecycle, encodeLifecycle('active')],
  ]);
}

/** The group context extensions: required capabilities, then the dictionary. */
export function groupExtensions(dictionary: Dictionary): GroupContextExtension[] {
  const capabilities = { extensionTypes: [...REQUIRED.extensions], proposalTypes: [...REQUIRED.proposals], credentialTypes: [] };
  // The dictionary comes last: other stacks append it again on every update, and the order enters the group's hash.
  return [{ extensionType: MLS.requiredCapabilities, extensionData: capabilities }, dictionaryExtension(encodeDictionary(dictionary))];
}
