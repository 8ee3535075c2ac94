// What ts-mls 2.0.0-rc.10 gets wrong and patches/ mends, one test for each defect (docs/decisions/0007-ts-mls.md). Each of them fails
// with the package as it is on the registry.

import * as mls from 'ts-mls';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesToHex, utf8 } from '../core/bytes.ts';
import { makeLeafMaterial, type LeafMaterial } from './createKeyPackage.ts';
import { joinBytes, writeUint, writeVector } from './cursor.ts';
import { encodeAdmins, encodeProfile } from './components.ts';
import { decodeDictionary, encodeDictionary } from './dictionary.ts';
import { groupDictionary, groupExtensions } from './groupExtensions.ts';
import { createMlsContext } from './mlsContext.ts';
import { makeParty, NOW, pinClock, type Party } from './parties.fixture.ts';
import { COMPONENTS, MLS } from './profile.ts';
import { createSuite } from './suite.ts';

type State = mls.ClientState;
type Proposal = mls.Proposal;

const APP_DATA_UPDATE = 0x0008;
const SELF_REMOVE = 0x000a;

interface Member {
  readonly name: string;
  readonly party: Party;
  readonly material: LeafMaterial;
  state: State;
}

const contextOf = (party: Party): mls.MlsContext => createMlsContext(party.rng);

async function makeMember(name: string): Promise<Omit<Member, 'state'>> {
  const party = makeParty(name);
  return { name, party, material: await makeLeafMaterial(party.signer, NOW, party.rng) };
}

/** A group of these members, each with a state of its own in the same epoch. */
async function makeGroup(...names: string[]): Promise<Member[]> {
  const [founder, ...others] = await Promise.all(names.map(makeMember));
  if (founder === undefined) throw new Error('a group needs a founder');
  const dictionary = groupDictionary({
    admin: founder.party.signer.pubkey,
    nostrGroupId: 'ab'.repeat(32),
    relays: ['wss://relay.example'],
    name: 'x',
  });
  const { publicPackage, privatePackage } = founder.material;
  const context = contextOf(founder.party);
  const groupId = founder.party.rng.bytes(32);
  const founded = await mls.createGroup({
    context,
    groupId,
    keyPackage: publicPackage,
    privateKeyPackage: privatePackage,
    extensions: groupExtensions(dictionary),
  });
  const extraProposals = others.map(({ material }): Proposal => ({ proposalType: 1, add: { keyPackage: material.publicPackage } }));
  const { newState, welcome } = await mls.createCommit({
    context,
    state: founded,
    extraProposals,
    ratchetTreeExtension: true,
    wireAsPublicMessage: true,
  });
  if (welcome === undefined) return [{ ...founder, state: newState }];
  const joined = await Promise.all(others.map(async (member) => ({ ...member, state: await join(member, welcome) })));
  return [{ ...founder, state: newState }, ...joined];
}

async function join({ party, material }: Omit<Member, 'state'>, message: mls.MlsMessage): Promise<State> {
  if (!('welcome' in message)) throw new Error('not a welcome');
  return mls.joinGroup({
    context: contextOf(party),
    welcome: message.welcome,
    keyPackage: material.publicPackage,
    privateKeys: material.privatePackage,
  });
}

/** Over the wire: what another implementation would get. */
function send(message: mls.MlsMessage): mls.MlsMessage {
  const decoded = mls.decode(mls.mlsMessageDecoder, mls.encode(mls.mlsMessageEncoder, message));
  if (decoded === undefined) throw new Error('it does not decode');
  return decoded;
}

async function receive(member: Member, message: mls.MlsMessage): Promise<State> {
  const sent = send(message);
  if (!('publicMessage' in sent)) throw new Error('not a public message');
  const { newState } = await mls.processPublicMessage({
    context: contextOf(member.party),
    state: member.state,
    publicMessage: sent.publicMessage,
    callback: () => 'accept',
  });
  return newState;
}

async function commit(
  by: Member,
  extraProposals: Proposal[] = [],
): Promise<{ readonly message: mls.MlsMessage; readonly welcome: mls.MlsMessage | undefined }> {
  const made = await mls.createCommit({
    context: contextOf(by.party),
    state: by.state,
    extraProposals,
    ratchetTreeExtension: true,
    wireAsPublicMessage: true,
  });
  by.state = made.newState;
  return { message: made.commit, welcome: made.welcome };
}

/** The commit of one member, taken in by these others. */
async function commitTo(by: Member, others: readonly Member[], proposals: Proposal[] = []): Promise<mls.MlsMessage> {
  const { message } = await commit(by, proposals);
  for (const member of others) member.state = await receive(member, message);
  return message;
}

const exporterOf = async ({ state }: Member): Promise<string> =>
  bytesToHex(
    await mls.mlsExporter(
      state.keySchedule.exporterSecret,
      'marmot',
      utf8('group-event'),
      32,
      createSuite({ bytes: () => new Uint8Array(32) }),
    ),
  );

async function expectAgreement(members: readonly Member[]): Promise<void> {
  const secrets = await Promise.all(members.map(exporterOf));
  expect(new Set(secrets).size).toBe(1);
  expect(new Set(members.map(({ state }) => state.groupContext.epoch)).size).toBe(1);
}

function pathOf(message: mls.MlsMessage): unknown {
  if (!('publicMessage' in message) || !('commit' in message.publicMessage.content)) throw new Error('not a commit');
  return message.publicMessage.content.commit.path;
}

const remove = (removed: number): Proposal => ({ proposalType: 3, remove: { removed } });
const update = (component: number, payload: Uint8Array): Proposal => ({
  proposalType: APP_DATA_UPDATE,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(1), writeVector(payload)),
});
const drop = (component: number): Proposal => ({
  proposalType: APP_DATA_UPDATE,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(2)),
});

function dictionaryOf({ state }: Member): ReadonlyMap<number, Uint8Array> {
  const found = state.groupContext.extensions.find(({ extensionType }) => extensionType === MLS.appDataDictionary);
  return decodeDictionary(found?.extensionData as Uint8Array);
}

/** A standalone SelfRemove, as the member that leaves would send it. */
async function proposeToLeave(by: Member): Promise<mls.MlsMessage> {
  const proposal: Proposal = { proposalType: SELF_REMOVE, proposalData: new Uint8Array() };
  const made = await mls.createProposal({ context: contextOf(by.party), state: by.state, proposal, wireAsPublicMessage: true });
  by.state = made.newState;
  return made.message;
}

beforeAll(() => {
  pinClock();
  return () => vi.useRealTimers();
});

describe('row 1: a commit that removes one member', () => {
  it('has a path, and the one who is removed cannot follow', async () => {
    const [alice, bob, carol] = (await makeGroup('alice', 'bob', 'carol')) as [Member, Member, Member];
    const message = await commitTo(alice, [bob], [remove(2)]);
    expect(pathOf(message)).toBeDefined();
    await expectAgreement([alice, bob]);
    // Carol takes the commit in: her secrets stay those of the epoch that she was in.
    carol.state = await receive(carol, message);
    expect(await exporterOf(carol)).not.toBe(await exporterOf(alice));
  });
});

describe('row 2: a commit that changes the group context', () => {
  it('has a path', async () => {
    const [alice, bob] = (await makeGroup('alice', 'bob')) as [Member, Member];
    const dictionary = encodeDictionary(
      new Map([...dictionaryOf(alice), [COMPONENTS.profile, encodeProfile({ name: 'new', description: '' })]]),
    );
    const [required] = alice.state.groupContext.extensions;
    const extensions = [required, { extensionType: MLS.appDataDictionary, extensionData: dictionary }] as mls.GroupContextExtension[];
    const message = await commitTo(alice, [bob], [{ proposalType: 7, groupContextExtensions: { extensions } }]);
    expect(pathOf(message)).toBeDefined();
    await expectAgreement([alice, bob]);
    expect(dictionaryOf(bob).get(COMPONENTS.profile)).toEqual(encodeProfile({ name: 'new', description: '' }));
  });
});

describe('row 3: a path together with a change of the group context', () => {
  it('is encrypted under the context that the commit makes', async () => {
    const [alice, bob, carol, dave] = (await makeGroup('alice', 'bob', 'carol', 'dave')) as [Member, Member, Member, Member];
    const name = encodeProfile({ name: 'smaller', description: '' });
    const message = await commitTo(alice, [bob], [update(COMPONENTS.profile, name), remove(2), remove(3)]);
    expect(pathOf(message)).toBeDefined();
    await expectAgreement([alice, bob]);
    expect(dictionaryOf(bob).get(COMPONENTS.profile)).toEqual(name);
    expect([carol, dave].map(({ state }) => state.groupContext.epoch)).toEqual([1n, 1n]);
  });

  it('goes to nobody who was added in the same commit, and reaches everybody else', async () => {
    const [alice, bob, carol] = (await makeGroup('alice', 'bob', 'carol')) as [Member, Member, Member];
    const erin = await makeMember('erin');
    const { message, welcome } = await commit(alice, [remove(2), { proposalType: 1, add: { keyPackage: erin.material.publicPackage } }]);
    bob.state = await receive(bob, message);
    if (welcome === undefined) throw new Error('no welcome');
    const newcomer = { ...erin, state: await join(erin, welcome) };
    await expectAgreement([alice, bob, newcomer]);
    // Erin has taken the place of Carol, who knows all the same that she is out.
    carol.state = await receive(carol, message);
    expect(carol.state.groupActiveState.kind).toBe('removedFromGroup');
    await commitTo(newcomer, [alice, bob]);
    await expectAgreement([alice, bob, newcomer]);
  });
});

describe('row 4: AppDataUpdate and SelfRemove', () => {
  it('have the bytes of the extensions draft, in both directions', () => {
    const cases: [Proposal, string][] = [
      [update(0x8001, Uint8Array.of(1, 2, 3)), '00088001010301' + '0203'],
      [drop(0x8005), '0008800502'],
      [{ proposalType: SELF_REMOVE, proposalData: new Uint8Array() }, '000a'],
    ];
    for (const [proposal, hex] of cases) {
      const wrapped = { proposal, senderLeafIndex: undefined };
      expect(encodeProposal(wrapped.proposal)).toBe(hex);
    }
  });

  it('are refused when they are cut off or of an unknown operation', async () => {
    const [alice, bob] = (await makeGroup('alice', 'bob')) as [Member, Member];
    const { message } = await commit(alice, [update(COMPONENTS.profile, encodeProfile({ name: 'x', description: '' }))]);
    const bytes = mls.encode(mls.mlsMessageEncoder, message);
    for (let length = 0; length < bytes.length; length += 1) expect(tryDecode(bytes.subarray(0, length))).toBeUndefined();
    const at = Buffer.from(bytes).indexOf(Buffer.from('00088001', 'hex')) + 4;
    const odd = bytes.slice();
    odd[at] = 3;
    expect(tryDecode(odd)).toBeUndefined();
    expect(bob.name).toBe('bob');
  });

  function encodeProposal(proposal: Proposal): string {
    // The reference encoder of a list of one inline proposal: type 1, then the proposal.
    const { proposalEncoder } = internals;
    return bytesToHex(mls.encode(proposalEncoder, proposal));
  }

  function tryDecode(bytes: Uint8Array): unknown {
    try {
      return mls.decode(mls.mlsMessageDecoder, bytes);
    } catch {
      return undefined;
    }
  }
});

describe('row 5: what the two proposals do', () => {
  it('AppDataUpdate by the committer changes a component for everybody, without a path, and the dictionary stays last', async () => {
    const [alice, bob, carol] = (await makeGroup('alice', 'bob', 'carol')) as [Member, Member, Member];
    const admins = encodeAdmins([alice.party.signer.pubkey, bob.party.signer.pubkey]);
    const message = await commitTo(alice, [bob, carol], [update(COMPONENTS.adminPolicy, admins)]);
    expect(pathOf(message)).toBeUndefined();
    await expectAgreement([alice, bob, carol]);
    for (const member of [alice, bob, carol]) {
      expect(dictionaryOf(member).get(COMPONENTS.adminPolicy)).toEqual(admins);
      expect(member.state.groupContext.extensions.at(-1)?.extensionType).toBe(MLS.appDataDictionary);
    }
    await commitTo(bob, [alice, carol], [update(COMPONENTS.retention, Uint8Array.of(5)), drop(COMPONENTS.profile)]);
    await expectAgreement([alice, bob, carol]);
    expect([...dictionaryOf(carol).keys()]).toEqual([0x0001, 0x8003, 0x8004, 0x8005, 0x800c]);
  });

  it('one component is changed once, and what is not there is not removed', async () => {
    const [alice] = (await makeGroup('alice', 'bob')) as [Member, Member];
    const name = update(COMPONENTS.profile, encodeProfile({ name: 'x', description: '' }));
    await expect(commit(alice, [name, name])).rejects.toThrow('more than once');
    await expect(commit(alice, [drop(COMPONENTS.retention)])).rejects.toThrow('not there');
  });

  it('SelfRemove by reference, committed by another, removes its sender', async () => {
    const [alice, bob, carol] = (await makeGroup('alice', 'bob', 'carol')) as [Member, Member, Member];
    const wish = await proposeToLeave(carol);
    alice.state = await receive(alice, wish);
    bob.state = await receive(bob, wish);
    // What waits survives being saved and read.
    bob.state = mls.decode(mls.clientStateDecoder, mls.encode(mls.clientStateEncoder, bob.state)) as State;
    const message = await commitTo(bob, [alice]);
    expect(pathOf(message)).toBeDefined();
    await expectAgreement([alice, bob]);
    expect(mls.getGroupMembers(alice.state)).toHaveLength(2);
    carol.state = await receive(carol, message);
    expect(carol.state.groupActiveState.kind).toBe('removedFromGroup');
  });

  it('SelfRemove is not committed by its own sender', async () => {
    const [, , carol] = (await makeGroup('alice', 'bob', 'carol')) as [Member, Member, Member];
    await proposeToLeave(carol);
    await expect(commit(carol)).rejects.toThrow('SelfRemove');
  });
});

describe('row 6: a member that takes in its own removal', () => {
  it.each([
    ['in the middle', 1],
    ['the last leaf', 3],
  ])('%s: is told so, and may not send any more', async (_, index) => {
    const members = await makeGroup('alice', 'bob', 'carol', 'dave');
    const [alice] = members as [Member];
    const gone = members[index] as Member;
    const others = members.filter((member, i) => member !== alice && member !== gone && i !== 2);
    // Two at once: a commit that had a path before the patch, too.
    const message = await commitTo(alice, others, [remove(2), remove(index)]);
    gone.state = await receive(gone, message);
    expect(gone.state.groupActiveState.kind).toBe('removedFromGroup');
    const sending = mls.createApplicationMessage({ context: contextOf(gone.party), state: gone.state, message: utf8('x') });
    await expect(sending).rejects.toThrow('removed');
    await expectAgreement([alice, ...others]);
  });
});

describe('row 9: a proposal of leaf 0', () => {
  it('is still that of leaf 0 after it was saved and read', async () => {
    const [alice, bob, carol] = (await makeGroup('alice', 'bob', 'carol')) as [Member, Member, Member];
    const proposal = update(COMPONENTS.profile, encodeProfile({ name: 'x', description: '' }));
    const made = await mls.createProposal({ context: contextOf(alice.party), state: alice.state, proposal, wireAsPublicMessage: true });
    alice.state = made.newState;
    for (const member of [bob, carol]) {
      const state = await receive(member, made.message);
      member.state = mls.decode(mls.clientStateDecoder, mls.encode(mls.clientStateEncoder, state)) as State;
      expect(Object.values(member.state.unappliedProposals).map(({ senderLeafIndex }) => senderLeafIndex)).toEqual([0]);
    }
    await commitTo(bob, [alice, carol]);
    await expectAgreement([alice, bob, carol]);
  });
});

describe('row 8: unmerged leaves', () => {
  it('are those of each node: a tree in which they differ is joined', async () => {
    const members = new Map((await makeGroup('m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6')).map((member) => [member.name, member]));
    const by = (name: string): Member => members.get(name) as Member;
    const commitBy = (name: string, proposals: Proposal[] = []): Promise<unknown> =>
      commitTo(
        by(name),
        [...members.values()].filter((member) => member !== by(name)),
        proposals,
      );
    const add = async (name: string): Promise<State> => {
      const newcomer = await makeMember(name);
      const { message, welcome } = await commit(by('m0'), [{ proposalType: 1, add: { keyPackage: newcomer.material.publicPackage } }]);
      for (const member of members.values()) if (member !== by('m0')) member.state = await receive(member, message);
      if (welcome === undefined) throw new Error('no welcome');
      const state = await join(newcomer, welcome);
      members.set(name, { ...newcomer, state });
      return state;
    };
    members.delete('m5');
    await commitBy('m0', [remove(5)]);
    // The parent of leaves 4 to 7 and the root have keys now; leaf 5 is unmerged at both until m1, on the other side, renews the root.
    await commitBy('m6');
    await add('m7');
    await commitBy('m1');
    const { ratchetTree } = await add('m8');
    const lists = ratchetTree.flatMap((node) => (node !== undefined && 'parent' in node ? [node.parent.unmergedLeaves.join()] : []));
    expect(lists).toContain('5,7');
    expect(lists).toContain('7');
    await commitBy('m8');
    await expectAgreement([...members.values()]);
  });
});

describe('row 12: a commit that adds nobody', () => {
  it('signs leaf and commit and no GroupInfo, and makes no welcome', async () => {
    const [alice, bob] = (await makeGroup('alice', 'bob')) as [Member, Member];
    const context = contextOf(alice.party);
    const sign = vi.spyOn(context.cipherSuite.signature, 'sign');
    const bare = await mls.createCommit({ context, state: alice.state, ratchetTreeExtension: true, wireAsPublicMessage: true });
    expect([sign.mock.calls.length, bare.welcome]).toEqual([2, undefined]);
    sign.mockClear();
    const { material } = await makeMember('carol');
    const extraProposals: Proposal[] = [{ proposalType: 1, add: { keyPackage: material.publicPackage } }];
    const adding = await mls.createCommit({ context, state: alice.state, extraProposals, ratchetTreeExtension: true });
    expect([sign.mock.calls.length, adding.welcome]).toEqual([2, expect.anything()]);
    await commitTo(alice, [bob]);
    await expectAgreement([alice, bob]);
  });
});

const internals = (await import(new URL('../../node_modules/ts-mls/dist/src/proposal.js', import.meta.url).href)) as {
  readonly proposalEncoder: Parameters<typeof mls.encode<Proposal>>[0];
};
