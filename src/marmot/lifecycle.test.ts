// The end of a group for everybody: which commit ends it, which does not, that it wins or loses like any other, and that nothing comes
// after it (app-components/group-lifecycle-v1.md).

import { generateKeyPackageWithKey, type KeyPackage, type Proposal } from 'ts-mls';
import { beforeAll, describe, expect, it } from 'vitest';
import { hexToBytes } from '../core/bytes.ts';
import { describeChannel, type Channel } from './channel.ts';
import { encodeAdmins, encodeLifecycle, encodeProfile } from './components.ts';
import { dictionaryExtension } from './createKeyPackage.ts';
import { encodeDictionary, encodeIdList, findDictionary, type Dictionary } from './dictionary.ts';
import { peelGroupEvent } from './groupEvent.ts';
import {
  expectTalk,
  followAll,
  holds,
  inject,
  openFour,
  openShaped,
  propose,
  removeLeaf,
  RENAMED,
  saved,
  secretsOf,
  setComponent,
  type Four,
} from './groups.fixture.ts';
import { makeIdentityProof } from './identityProof.ts';
import { ownCapabilities } from './leaf.ts';
import {
  change,
  commit,
  expectKind,
  follow,
  makeParty,
  makeRng,
  NOW,
  peel,
  pinClock,
  publish,
  readUsable,
  say,
  take,
} from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import { ADVERTISED, COMPONENTS, MLS } from './profile.ts';
import { proposeDeparture } from './proposeDeparture.ts';
import { adoptStaged, stageCommit } from './stageCommit.ts';
import { createSuite, makeSignatureKeys } from './suite.ts';

const rng = makeRng('lifecycle');
const DISBAND = { kind: 'disband' } as const;
const DISBANDED = setComponent(COMPONENTS.lifecycle, encodeLifecycle('disbanded'));
const ACTIVE = setComponent(COMPONENTS.lifecycle, encodeLifecycle('active'));
const adminsAre = (...accounts: string[]): Proposal => setComponent(COMPONENTS.adminPolicy, encodeAdmins(accounts));
let four: Four;

beforeAll(async () => {
  pinClock();
  four = await openFour();
});

/** What Bob makes of a commit by another member. */
async function atBob(by: Channel, ...extraProposals: Proposal[]) {
  return processMls(four.bob, (await commit(by, rng, { extraProposals })).mlsBytes);
}

describe('a commit that disbands', () => {
  const others = [removeLeaf(1), removeLeaf(2), removeLeaf(3)];

  it('removes all others, names its author as the only admin and says that it is the end: then all are out', async () => {
    expect((await atBob(four.alice, ...others, adminsAre(four.alice.own), DISBANDED)).kind).toBe('ended');
    const { event, channel } = await change(four.alice, DISBAND, rng);
    for (const name of ['bob', 'carol', 'dave'] as const) expectKind(await take(four[name], event), 'ended');
    expect(describeChannel(channel)).toMatchObject({ isDisbanded: true, isMember: true, members: [four.alice.own] });
  });

  it('of one who is alone is made, too', async () => {
    let alone = four.alice;
    for (const name of ['bob', 'carol', 'dave'] as const)
      alone = (await change(alone, { kind: 'remove', account: four[name].own }, rng)).channel;
    expect(describeChannel((await change(alone, DISBAND, rng)).channel)).toMatchObject({ isDisbanded: true, members: [alone.own] });
  });

  it.each<[string, () => Proposal[]]>([
    ['leaves somebody in', () => [removeLeaf(1), removeLeaf(2), adminsAre(four.alice.own), DISBANDED]],
    ['does not name the admin', () => [...others, DISBANDED]],
    ['renames the group where it should name the admin', () => [...others, setComponent(RENAMED.component, RENAMED.data), DISBANDED]],
    ['names another admin', () => [...others, adminsAre(four.bob.own), DISBANDED]],
    ['names two admins', () => [...others, adminsAre(four.alice.own, four.carol.own), DISBANDED]],
    ['renames the group besides', () => [...others, adminsAre(four.alice.own), DISBANDED, setComponent(RENAMED.component, RENAMED.data)]],
    ['removes nobody', () => [adminsAre(four.alice.own), DISBANDED]],
    ['says that the group lives', () => [...others, adminsAre(four.alice.own), ACTIVE]],
  ])('and %s is refused', async (_, proposals) => {
    expect(await atBob(four.alice, ...proposals())).toEqual({ kind: 'refused', reason: 'proposals' });
  });

  it('and adds somebody is refused', async () => {
    const { keyPackage } = await readUsable((await publish(makeParty('erin'))).event);
    const add: Proposal = { proposalType: 1, add: { keyPackage } };
    expect(await atBob(four.alice, ...others, adminsAre(four.alice.own), DISBANDED, add)).toEqual({ kind: 'refused', reason: 'proposals' });
  });

  it('is refused when its author is no admin', async () => {
    const proposals = [removeLeaf(0), removeLeaf(1), removeLeaf(3), adminsAre(four.carol.own), DISBANDED];
    expect(await atBob(four.carol, ...proposals)).toEqual({ kind: 'refused', reason: 'proposals' });
  });

  it('is never proposed first: the proposal is refused, and so is a commit of it', async () => {
    const proposed = await propose(four.alice, DISBANDED);
    expect(await processMls(four.bob, proposed.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    const made = await commit(proposed.channel, rng, { extraProposals: [...others, adminsAre(four.alice.own)] });
    // Bob as a client would be that has taken the proposal in.
    const bob = await inject(four.bob, proposed.mlsBytes);
    expect(await processMls(bob, made.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    // Another component may be proposed first, and disbanding may not be mixed with that either.
    expectKind(await processMls(four.bob, (await propose(four.alice, adminsAre(four.alice.own))).mlsBytes), 'handshake');
  });
});

describe('a group from before it could be disbanded', () => {
  const REQUIRED = [0x8001, 0x8003, 0x8004, 0x8009];
  const requireAll = setComponent(COMPONENTS.appComponents, encodeIdList([...REQUIRED, COMPONENTS.lifecycle]));
  const older = (ours: Dictionary): Dictionary =>
    new Map([...[...ours].filter(([id]) => id !== COMPONENTS.lifecycle), [COMPONENTS.appComponents, encodeIdList(REQUIRED)]]);
  const open = async (...odd: KeyPackage[]) =>
    (await openShaped(['bob', 'carol'], { dictionary: older, odd })) as Record<'alice' | 'bob' | 'carol', Channel>;

  /** A leaf with everything but the lifecycle component. */
  async function makeOlderLeaf(): Promise<KeyPackage> {
    const { signer } = makeParty('old');
    const signatureKeyPair = makeSignatureKeys(rng);
    const components = ADVERTISED.components.filter((id) => id !== COMPONENTS.lifecycle);
    const entries: [number, Uint8Array][] = [
      [COMPONENTS.appComponents, encodeIdList(components)],
      [COMPONENTS.safeAad, encodeIdList([])],
      [COMPONENTS.identityProof, await makeIdentityProof(signer, signatureKeyPair.publicKey, NOW)],
    ];
    const { publicPackage } = await generateKeyPackageWithKey({
      credential: { credentialType: MLS.basicCredential, identity: hexToBytes(signer.pubkey) },
      capabilities: ownCapabilities(),
      lifetime: { notBefore: BigInt(NOW - 3_600), notAfter: BigInt(NOW + 86_400) },
      extensions: [],
      signatureKeyPair,
      cipherSuite: createSuite(rng),
      leafNodeExtensions: [dictionaryExtension(encodeDictionary(new Map(entries)))],
    });
    return publicPackage;
  }

  it('cannot be, until its admin enables that in one commit; then it can', async () => {
    const group = await expectTalk(await open());
    await expect(change(group.alice, DISBAND, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    const forced = [removeLeaf(1), removeLeaf(2), adminsAre(group.alice.own), DISBANDED];
    const early = await commit(group.alice, rng, { extraProposals: forced });
    expect(await processMls(group.bob, early.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    const enabled = await commit(group.alice, rng, { extraProposals: [ACTIVE, requireAll] });
    const after = await expectTalk({ ...(await followAll(group, enabled.event, 'alice')), alice: enabled.channel });
    const end = await change(after.alice, DISBAND, rng);
    for (const each of [after.bob, after.carol]) expectKind(await take(each, end.event), 'ended');
  });

  it('is not enabled by half, or by who is no admin', async () => {
    const { alice, bob, carol } = await open();
    for (const half of [ACTIVE, requireAll]) {
      const made = await commit(alice, rng, { extraProposals: [half] });
      expect(await processMls(bob, made.mlsBytes)).toEqual({ kind: 'refused', reason: 'group-state' });
    }
    const byCarol = await commit(carol, rng, { extraProposals: [ACTIVE, requireAll] });
    expect(await processMls(bob, byCarol.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
  });

  it('is not enabled while somebody in it lacks the component', async () => {
    const { alice, bob } = await open(await makeOlderLeaf());
    expect(describeChannel(bob).members).toHaveLength(4);
    const made = await commit(alice, rng, { extraProposals: [ACTIVE, requireAll] });
    expect(await processMls(bob, made.mlsBytes)).toEqual({ kind: 'refused', reason: 'group-state' });
    // Without that member it is.
    const removed = await change(alice, { kind: 'remove', account: makeParty('old').signer.pubkey }, rng);
    const again = await commit(removed.channel, rng, { extraProposals: [ACTIVE, requireAll] });
    expectKind(await processMls(await follow(bob, removed.event), again.mlsBytes), 'handshake');
  });
});

describe('a group that can be disbanded', () => {
  it('stays one: no commit takes the component away together with its requirement', async () => {
    const { extensions } = four.alice.state.groupContext;
    const replaceWith = (dictionary: Dictionary): Proposal => ({
      proposalType: 7,
      groupContextExtensions: { extensions: [...extensions.slice(0, 1), dictionaryExtension(encodeDictionary(dictionary))] },
    });
    const dictionary = findDictionary(extensions, MLS.appDataDictionary);
    expectKind(await atBob(four.alice, replaceWith(dictionary)), 'handshake');
    const required = encodeIdList([0x8001, 0x8003, 0x8004, 0x8009]);
    const without = [...dictionary].filter(([id]) => id !== COMPONENTS.lifecycle);
    const lost = replaceWith(new Map([...without, [COMPONENTS.appComponents, required]]));
    expect(await atBob(four.alice, lost)).toEqual({ kind: 'refused', reason: 'group-state' });
  });
});

describe('a disband beside other commits', () => {
  it('wins over a self-update, as anything does that takes an admin', async () => {
    const end = await change(four.alice, DISBAND, rng);
    const update = await change(four.bob, { kind: 'self-update' }, rng);
    expect(four.bob.own < four.alice.own).toBe(true);
    expectKind(await take(update.channel, end.event), 'ended');
    expectKind(await take(await follow(four.carol, update.event), end.event), 'ended');
  });

  it('loses to two commits, and the group lives on, its author included', async () => {
    const staged = await stageCommit(four.alice, DISBAND, NOW, rng);
    let group = { ...four, alice: staged.channel };
    for (let i = 0; i < 2; i += 1) {
      const made = await change(group.bob, { kind: 'self-update' }, rng);
      group = { ...(await followAll(group, made.event, 'bob')), bob: made.channel };
    }
    const { channel: alice } = adoptStaged(group.alice);
    for (const name of ['bob', 'carol', 'dave'] as const) {
      const result = expectKind(await take(group[name], staged.event), 'rival');
      group = { ...group, [name]: saved(result.channel) };
    }
    for (const each of Object.values({ ...group, alice }))
      expect(describeChannel(each)).toMatchObject({ isMember: true, isDisbanded: false });
    await expectTalk({ ...group, alice });
  });

  it('loses to a commit of an admin with a lower key', async () => {
    const admins = { kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins([four.alice.own, four.bob.own]) } as const;
    const both = await change(four.alice, admins, rng);
    const group = { ...(await followAll(four, both.event, 'alice')), alice: both.channel };
    const data = encodeProfile({ name: 'on we go', description: '' });
    const renamed = await change(group.bob, { kind: 'component', component: COMPONENTS.profile, data }, rng);
    const end = await change(group.alice, DISBAND, rng);
    expectKind(await take(await follow(group.carol, renamed.event), end.event), 'rival');
    expectKind(await take(renamed.channel, end.event), 'rival');
  });
});

describe('a group that is over', () => {
  it.each(['alice', 'bob'] as const)('for %s stays over: nothing is read, sent or changed, and no key is left', async (name) => {
    const end = await change(four.alice, DISBAND, rng);
    const secrets = secretsOf(four[name]);
    expect(Object.keys(secrets).length).toBeGreaterThan(8);
    for (const [what, secret] of Object.entries(secrets)) expect(holds(four[name], secret), what).toBe(true);
    const over = saved(name === 'alice' ? end.channel : expectKind(await take(four.bob, end.event), 'ended').channel);
    for (const [what, secret] of Object.entries(secrets)) expect(holds(over, secret), what).toBe(false);
    expect([secretsOf(over), over.past, over.rivals]).toEqual([{}, [], []]);

    // Two commits of carol's would have won, had they come in time.
    const first = await change(four.carol, { kind: 'self-update' }, rng);
    const second = await change(first.channel, { kind: 'self-update' }, rng);
    const said = await say(second.channel, 'is anybody there?', rng);
    for (const [at, event] of [
      [four.carol, first.event],
      [first.channel, second.event],
      [second.channel, said.event],
    ] as const) {
      expect(peelGroupEvent(over, event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
      expect(await processMls(over, peel(at, event).mlsBytes)).toEqual({ kind: 'unreadable', reason: 'other-group' });
    }
    await expect(say(over, 'x', rng)).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(proposeDeparture(over, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    for (const what of [DISBAND, RENAMED, { kind: 'self-update' }] as const)
      await expect(stageCommit(over, what, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('for one who was removed keeps no key either', async () => {
    const secrets = secretsOf(four.dave);
    const { event } = await change(four.alice, { kind: 'remove', account: four.dave.own }, rng);
    const over = saved(expectKind(await take(four.dave, event), 'ended').channel);
    for (const [what, secret] of Object.entries(secrets))
      expect([holds(four.dave, secret), holds(over, secret)], what).toEqual([true, false]);
    expect(describeChannel(over)).toMatchObject({ isMember: false, name: describeChannel(four.dave).name });
  });
});
