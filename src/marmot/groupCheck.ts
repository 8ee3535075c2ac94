// Is this MLS group state one that a channel may rest on? Checked on join and after every commit, before it is adopted.

import type { ClientState, GroupContextExtension, LeafNode, RatchetTree } from 'ts-mls';
import { bytesToHex, type Hex } from '../core/bytes.ts';
import { decodeAdmins, decodeLifecycle, decodeProfile, decodeRetention, decodeRouting, type Routing } from './components.ts';
import { decodeIdList, findDictionary, type Dictionary } from './dictionary.ts';
import { accountOf, checkLeaf, type Requirements } from './leaf.ts';
import { ADVERTISED, COMPONENTS, HARD_MINIMUM, MLS } from './profile.ts';
import { attempt, isRefusal, refuse, type Refusal } from './refusal.ts';

/** What a sound group says: who is in it (leaf order, each account once), who administers it, where its events go. */
export interface CheckedGroup {
  readonly kind: 'ok';
  readonly members: readonly Hex[];
  readonly admins: readonly Hex[];
  readonly routing: Routing;
}

const UPDATE = 'Ask the peer to update its Marmot client and invite again.';

/**
 * Checks a state against the current profile: group context extensions and components we support, a proven leaf for each member, an
 * admin list of members, an active lifecycle. With the state before a commit, leaves that it has not touched are not proven again, and
 * what has to stay must still be there. `own` is a leaf that we have proven ourselves. Never throws.
 */
export async function checkGroup(state: ClientState, before?: ClientState, own?: LeafNode): Promise<CheckedGroup | Refusal> {
  const context = await attempt('components', `The group state is malformed or lacks a required component. ${UPDATE}`, () =>
    readContext(state),
  );
  if (isRefusal(context)) return context;
  const isLifecycleLost = before !== undefined && requires(before, COMPONENTS.lifecycle) && !requires(state, COMPONENTS.lifecycle);
  if (isLifecycleLost) return refuse('lifecycle', `The group has dropped a component that it may not. ${UPDATE}`);
  const members = await checkMembers(state.ratchetTree, context.required, before, own);
  if (isRefusal(members)) return members;
  if (context.lifecycle !== 'active') return refuse('lifecycle', 'The group has been disbanded. Ask the peer for a new invitation.');
  if (!context.admins.every((admin) => members.includes(admin)))
    return refuse('admin', `The admin list names somebody outside the group. ${UPDATE}`);
  return { kind: 'ok', members, admins: context.admins, routing: context.routing };
}

/** The routing of a group state. Throws `marmot/invalid` when it has none. */
export function routingOf(state: ClientState): Routing {
  const data = dataOf(dictionaryOf(state.groupContext.extensions), COMPONENTS.routing);
  const routing = routings.get(data) ?? decodeRouting(data);
  routings.set(data, routing);
  return routing;
}

/** The admins of a group state, by account. Throws `marmot/invalid` when there is no admin policy. */
export function adminsOf(state: ClientState): readonly Hex[] {
  return decodeAdmins(dataOf(dictionaryOf(state.groupContext.extensions), COMPONENTS.adminPolicy));
}

/** The bytes of a component of a group state, if it has that. Throws `marmot/invalid` when there is no dictionary. */
export function componentOf(state: ClientState, component: number): Uint8Array | undefined {
  return dictionaryOf(state.groupContext.extensions).get(component);
}

/** True when a group requires a component of its members. */
export function requires(state: ClientState, component: number): boolean {
  return decodeIdList(dataOf(dictionaryOf(state.groupContext.extensions), COMPONENTS.appComponents)).includes(component);
}

/** Seconds after which the group's messages shall vanish; 0 for never. Throws `marmot/invalid`. */
export function retentionOf(state: ClientState): bigint {
  const dictionary = dictionaryOf(state.groupContext.extensions);
  return dictionary.has(COMPONENTS.retention) ? decodeRetention(dataOf(dictionary, COMPONENTS.retention)) : 0n;
}

/** The leaf of a member by leaf index, if there is one. */
export function leafAt(tree: RatchetTree, leafIndex: number): LeafNode | undefined {
  const node = tree[leafIndex * 2];
  return node !== undefined && 'leaf' in node ? node.leaf : undefined;
}

interface Context {
  readonly required: Requirements;
  readonly admins: readonly Hex[];
  readonly routing: Routing;
  readonly lifecycle: string;
}

function readContext({ groupContext }: ClientState): Context | Refusal {
  if (groupContext.cipherSuite !== MLS.suite) return refuse('suite', `The group uses another ciphersuite than 0x0001. ${UPDATE}`);
  const { extensions } = groupContext;
  const isKnown =
    extensions.length === 2 &&
    extensions.every(({ extensionType: type }) => type === MLS.requiredCapabilities || type === MLS.appDataDictionary);
  if (!isKnown) return refuse('capabilities', `The group uses MLS extensions that we do not support. ${UPDATE}`);
  const dictionary = dictionaryOf(extensions);
  const components = decodeIdList(dataOf(dictionary, COMPONENTS.appComponents));
  const required = { ...readCapabilities(extensions), components };
  const problem = findRequirementProblem(required, dictionary);
  if (problem !== undefined) return problem;
  if (dictionary.has(COMPONENTS.profile)) decodeProfile(dataOf(dictionary, COMPONENTS.profile));
  if (dictionary.has(COMPONENTS.retention)) decodeRetention(dataOf(dictionary, COMPONENTS.retention));
  const admins = decodeAdmins(dataOf(dictionary, COMPONENTS.adminPolicy));
  const routing = decodeRouting(dataOf(dictionary, COMPONENTS.routing));
  const lifecycle = components.includes(COMPONENTS.lifecycle) ? decodeLifecycle(dataOf(dictionary, COMPONENTS.lifecycle)) : 'active';
  return { required, admins, routing, lifecycle };
}

function findRequirementProblem(required: Requirements, dictionary: Dictionary): Refusal | undefined {
  const { extensions, proposals, components } = ADVERTISED;
  const isWithin = (ids: readonly number[], ours: readonly number[]): boolean => ids.every((id) => ours.includes(id));
  if (!isWithin(required.extensions, extensions) || !isWithin(required.proposals, proposals))
    return refuse('capabilities', `The group requires what we do not support. ${UPDATE}`);
  if (!isWithin(required.components, components))
    return refuse('components', `The group requires an app component that we do not support. ${UPDATE}`);
  // Groups from before the lifecycle component may lack it; one that has it requires it.
  const lifecycle = dictionary.has(COMPONENTS.lifecycle) ? [COMPONENTS.lifecycle] : [];
  const mustRequire = [...HARD_MINIMUM.components, COMPONENTS.routing, ...lifecycle];
  const isComplete =
    isWithin(mustRequire, required.components) &&
    isWithin(HARD_MINIMUM.extensions, required.extensions) &&
    isWithin(HARD_MINIMUM.proposals, required.proposals);
  if (!isComplete) return refuse('components', `The group does not require what the current profile does. ${UPDATE}`);
  const hasForbidden = dictionary.has(COMPONENTS.identityProof) || dictionary.has(COMPONENTS.frozenMedia);
  return hasForbidden ? refuse('components', `The group state holds data that does not belong there. ${UPDATE}`) : undefined;
}

async function checkMembers(
  tree: RatchetTree,
  required: Requirements,
  before?: ClientState,
  own?: LeafNode,
): Promise<readonly Hex[] | Refusal> {
  const leaves = leavesOf(tree);
  const keys = new Set(leaves.map((leaf) => bytesToHex(leaf.signaturePublicKey)));
  if (keys.size !== leaves.length) return refuse('members', 'Two members use one key. Do not use this group.');
  // ts-mls keeps the leaves that a commit does not touch as they are.
  const proven = [...(before === undefined ? [] : leavesOf(before.ratchetTree)), ...(own === undefined ? [] : [own])];
  const kept = new Set(before !== undefined && hasSameRequirements(before, required) ? leavesOf(before.ratchetTree) : []);
  for (const leaf of leaves.filter((each) => !kept.has(each))) {
    const checked = await checkLeaf(leaf, required, proven);
    if (isRefusal(checked)) return checked;
  }
  return [...new Set(leaves.flatMap((leaf) => accountOf(leaf) ?? []))];
}

function leavesOf(tree: RatchetTree): readonly LeafNode[] {
  return tree.flatMap((node) => (node !== undefined && 'leaf' in node ? [node.leaf] : []));
}

function hasSameRequirements({ groupContext }: ClientState, required: Requirements): boolean {
  const { extensions } = groupContext;
  const components = decodeIdList(dataOf(dictionaryOf(extensions), COMPONENTS.appComponents));
  return JSON.stringify({ ...readCapabilities(extensions), components }) === JSON.stringify(required);
}

function readCapabilities(extensions: readonly GroupContextExtension[]): Omit<Requirements, 'components'> {
  const found = extensions.find(({ extensionType }) => extensionType === MLS.requiredCapabilities);
  const data = found?.extensionData;
  if (data === undefined || !('extensionTypes' in data)) return { extensions: [], proposals: [] };
  return { extensions: data.extensionTypes, proposals: data.proposalTypes };
}

// States are values: what was decoded of one stays true as long as its parts are there, and most of them pass to the next epoch.
const dictionaries = new WeakMap<readonly GroupContextExtension[], Dictionary>();
const routings = new WeakMap<Uint8Array, Routing>();

function dictionaryOf(extensions: readonly GroupContextExtension[]): Dictionary {
  const dictionary = dictionaries.get(extensions) ?? findDictionary(extensions, MLS.appDataDictionary);
  dictionaries.set(extensions, dictionary);
  return dictionary;
}

function dataOf(dictionary: Dictionary, id: number): Uint8Array {
  // An absent entry decodes like an empty one, which no component here allows.
  return dictionary.get(id) ?? new Uint8Array();
}
