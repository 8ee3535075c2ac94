// What the owner's mandate lets an agent tell a group, and whom it may bring into one: judged as everything else that it says.

import { afterEach, describe, expect, it } from 'vitest';
import { openLedger } from '../src/agent/mandate/ledgerRecord.ts';
import { readMandate } from '../src/agent/mandate/mandateSetting.ts';
import type { Act } from '../src/decide/mandateLedger.ts';
import { parsePublicKey } from '../src/nostr/npub.ts';
import { catchUp, openTable, type Table } from './groups.fixture.ts';
import type { Party } from './bank.fixture.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const DISCLOSURE = { terms: ['*'], free_text: true, max_text_chars: 40 };
const DOCUMENT = {
  version: 1,
  name: 'test',
  role: 'seller',
  services: { capabilities: ['translation'] },
  peers: { allow: ['*'] },
  disclosure: DISCLOSURE,
};

async function setPolicy(party: Party, changes: object = {}): Promise<void> {
  const result = await party.call('setPolicy', { text: JSON.stringify({ ...DOCUMENT, ...changes }) });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ text }) => text).join(' '));
}

interface Three extends Table {
  readonly ann: Party;
  readonly ben: Party;
  readonly cat: Party;
}

async function seatThree(): Promise<Three> {
  const table = await openTable(3);
  ends.push(table.close);
  const [ann, ben, cat] = table.parties;
  if (ann === undefined || ben === undefined || cat === undefined) throw new Error('three were asked for');
  return { ...table, ann, ben, cat };
}

const refusal = (code: string, reasons: string): object => ({ code, details: { reasons: expect.stringContaining(reasons) as string } });
const denied = (reasons: string): object => refusal('mandate/denied', reasons);
const actsOf = ({ context: { store } }: Party): readonly Act[] => {
  const mandate = readMandate(store);
  return mandate === undefined ? [] : openLedger(store, {}, mandate).acts;
};
// What was said in one second has no order.
const textsAt = async (party: Party, group: string): Promise<readonly string[]> => {
  await party.call('sync', {});
  return (await party.call('showGroup', { group })).messages.map(({ text }) => text).toSorted();
};

describe('what is said in a group', () => {
  it('needs no policy, and with one goes out where that allows it, to the last character', async () => {
    const { ann, ben, group } = await seatThree();
    await ann.call('say', { group, text: 'Nobody judges this: it is longer than forty characters.' });
    await setPolicy(ann);
    await ann.call('say', { group, text: 'x'.repeat(40) });
    await expect(ann.call('say', { group, text: 'x'.repeat(41) })).rejects.toMatchObject(
      denied('text-too-long (disclosure.max_text_chars)'),
    );
    expect((await textsAt(ben, group)).map(({ length }) => length)).toEqual([55, 40]);
  });

  it.each<[string, object, string]>([
    ['words of its own', { disclosure: { ...DISCLOSURE, free_text: false } }, 'free-text (disclosure.free_text)'],
    ['a policy that has ended', { valid_until: '2020-01-01T00:00:00Z' }, 'expired (valid_until)'],
    ['a policy that has yet to begin', { valid_from: '2099-01-01T00:00:00Z' }, 'not-yet-valid (valid_from)'],
  ])('is refused for %s, and nothing of it is sent or kept', async (_, changes, reasons) => {
    const { ann, ben, group } = await seatThree();
    await setPolicy(ann, changes);
    const queued = ann.context.store.listQueued().length;
    const state = ann.context.store.findChannel(group)?.state;
    for (const text of ['I take 500 sats.', '/price'])
      await expect(ann.call('say', { group, text })).rejects.toMatchObject(denied(reasons));
    expect(ann.context.store.listQueued()).toHaveLength(queued);
    expect(ann.context.store.findChannel(group)?.state).toEqual(state);
    expect([await textsAt(ben, group), await textsAt(ann, group)]).toEqual([[], []]);
  });

  it('is refused where one of the others is denied, or not among the allowed; scores do not matter', async () => {
    const { ann, ben, cat, group } = await seatThree();
    await setPolicy(ann, { peers: { allow: ['*'], deny: [cat.npub] } });
    await expect(ann.call('say', { group, text: 'Hello.' })).rejects.toMatchObject(denied('peer-denied (peers.deny)'));
    await setPolicy(ann, { peers: { allow: [ben.npub] } });
    await expect(ann.call('say', { group, text: 'Hello.' })).rejects.toMatchObject(denied('peer-not-allowed (peers.allow)'));
    await setPolicy(ann, { peers: { allow: [ben.npub, cat.npub], min_trust: 90 } });
    await ann.call('say', { group, text: 'Hello.' });
    expect(await textsAt(cat, group)).toEqual(['Hello.']);
  });

  it('is asked about, and the yes is for these words in this group, once', async () => {
    const { ann, ben, group } = await seatThree();
    await setPolicy(ann, { approval: { when: ['free-text'] } });
    const asked = refusal('mandate/approval-needed', 'own-words (approval.when)');
    for (const text of ['First.', 'First.', 'Second.']) await expect(ann.call('say', { group, text })).rejects.toMatchObject(asked);
    const { asks = [] } = await ann.call('showPolicy', {});
    expect(asks).toMatchObject([
      { what: 'group-message', group, reasons: ['own-words'] },
      { what: 'group-message', group, reasons: ['own-words'] },
    ]);
    expect(asks[0]).not.toHaveProperty('peer');
    expect(JSON.stringify(asks)).not.toContain('First');
    await expect(ann.call('approve', { what: group.slice(0, 6) })).rejects.toMatchObject({ code: 'input/ambiguous' });
    expect(await ann.call('approve', { what: asks[0]?.digest ?? '' })).toMatchObject({ isDone: false, approved: { group } });
    await expect(ann.call('say', { group, text: 'Third.' })).rejects.toMatchObject(asked);
    await ann.call('say', { group, text: 'First.' });
    await expect(ann.call('say', { group, text: 'First.' })).rejects.toMatchObject(asked);
    await ann.call('say', { group, text: 'Second.', isApproved: true });
    expect(await textsAt(ben, group)).toEqual(['First.', 'Second.']);
  });

  it('is approved by the group, and by nothing else, where it is all that waits there', async () => {
    const { ann, ben, group } = await seatThree();
    await setPolicy(ann, { approval: { when: ['free-text'] } });
    await expect(ann.call('say', { group, text: 'First.' })).rejects.toMatchObject({ code: 'mandate/approval-needed' });
    await expect(ann.call('approve', { what: 'ffff' })).rejects.toMatchObject({ code: 'input/not-found' });
    await ann.call('approve', { what: group.slice(0, 8).toUpperCase() });
    await ann.call('say', { group, text: 'First.' });
    expect((await ann.call('showPolicy', {})).asks).toEqual([]);
    expect(await textsAt(ben, group)).toEqual(['First.']);
  });

  it('counts once, and with each who hears it, in the transaction that sends it', async () => {
    const { ann, ben, cat, group, clock } = await seatThree();
    await setPolicy(ann, { rate: { moves_per_minute: 5, per_peer: { moves_per_minute: 2 } } });
    for (const text of ['One.', 'Two.']) await ann.call('say', { group, text });
    const others = [ben, cat].map(({ npub }) => parsePublicKey(npub)).toSorted();
    expect(actsOf(ann).map(({ peer, others: rest = [] }) => [peer, ...rest])).toEqual([others, others]);
    await expect(ann.call('say', { group, text: 'Three.' })).rejects.toMatchObject(denied('rate-minute (rate.per_peer.moves_per_minute)'));
    // A negotiation with one of them has no more room than that.
    const talk = { peer: cat.npub, service: 'translation', requirements: 'Two pages.', role: 'provider' } as const;
    await expect(ann.call('start', talk)).rejects.toMatchObject(denied('rate-minute (rate.per_peer.moves_per_minute)'));
    clock.advance(61);
    await ann.call('say', { group, text: 'Three.' });
    expect(await textsAt(cat, group)).toEqual(['One.', 'Three.', 'Two.']);
  });
});

describe('two steps at once', () => {
  it('do not both find room for the last message: only one of them is saved and sent', async () => {
    const { ann, ben, cat, group } = await seatThree();
    const { group: other } = await ann.call('createGroup', { name: 'More', members: [ben.npub, cat.npub] });
    await catchUp(ben, cat);
    await setPolicy(ann, { rate: { moves_per_minute: 1 } });
    const said = await Promise.allSettled([group, other].map((where) => ann.call('say', { group: where, text: 'Hello.' })));
    expect(said.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(said.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'store/conflict' } });
    expect([...(await textsAt(ben, group)), ...(await textsAt(ben, other))]).toEqual(['Hello.']);
    expect(actsOf(ann)).toHaveLength(1);
  });
});

describe('who is brought into a group, and by what name', () => {
  it('is nobody who is denied or not among the allowed', async () => {
    const { ann, ben, cat, group, makeOther } = await seatThree();
    const dan = await makeOther();
    await setPolicy(ann, { peers: { allow: ['*'], deny: [dan.npub] } });
    const queued = ann.context.store.listQueued().length;
    await expect(ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } })).rejects.toMatchObject(
      denied('peer-denied'),
    );
    await expect(ann.call('createGroup', { name: '', members: [ben.npub, dan.npub] })).rejects.toMatchObject(denied('peer-denied'));
    await setPolicy(ann, { peers: { allow: [ben.npub, cat.npub] } });
    await expect(ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } })).rejects.toMatchObject(
      denied('peer-not-allowed'),
    );
    expect([ann.context.store.listQueued().length, ann.context.store.listChannels().length]).toEqual([queued, 1]);
    await setPolicy(ann, { disclosure: { ...DISCLOSURE, free_text: false } });
    expect((await ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } })).members).toContain(dan.npub);
  });

  it('is told by no name that a message could not say', async () => {
    const { ann, ben, group } = await seatThree();
    const rename = { group, change: { kind: 'rename', name: 'We take 500 sats' } } as const;
    const create = { name: 'We take 500 sats', members: [ben.npub] };
    await setPolicy(ann, { disclosure: { ...DISCLOSURE, free_text: false } });
    await expect(ann.call('changeGroup', rename)).rejects.toMatchObject(denied('free-text'));
    await expect(ann.call('createGroup', create)).rejects.toMatchObject(denied('free-text'));
    await setPolicy(ann, { approval: { when: ['free-text'] } });
    for (const attempt of [() => ann.call('changeGroup', rename), () => ann.call('createGroup', create)])
      await expect(attempt()).rejects.toMatchObject({ code: 'mandate/approval-needed' });
    const { asks = [] } = await ann.call('showPolicy', {});
    expect(asks.map(({ what, group: where }) => [what, where])).toEqual([
      ['group-name', group],
      ['group-name', undefined],
    ]);
    for (const { digest } of asks) await ann.call('approve', { what: digest });
    expect(await ann.call('changeGroup', rename)).toMatchObject({ name: rename.change.name, isWaiting: false });
    expect(await ann.call('createGroup', create)).toMatchObject({ name: create.name });
    expect(await ann.call('showPolicy', {})).toMatchObject({ asks: [] });
    await expect(ann.call('createGroup', create)).rejects.toMatchObject({ code: 'mandate/approval-needed' });
    await catchUp(ben);
    expect((await ben.call('showGroup', { group })).name).toBe(rename.change.name);
  });
});

describe('a channel with one peer', () => {
  it('is no way round the policy either: what is said there as in a group is judged alike', async () => {
    const table = await openTable(2);
    ends.push(table.close);
    const [ann, ben] = table.parties;
    if (ann === undefined || ben === undefined) throw new Error('two were asked for');
    const { group } = table;
    await setPolicy(ann, { peers: { allow: ['*'], deny: [ben.npub] } });
    await expect(ann.call('say', { group, text: 'Hello.' })).rejects.toMatchObject(denied('peer-denied'));
    await setPolicy(ann, { disclosure: { ...DISCLOSURE, free_text: false } });
    await expect(ann.call('say', { group, text: 'Hello.' })).rejects.toMatchObject(denied('free-text'));
    await setPolicy(ann);
    await ann.call('say', { group, text: 'Hello.' });
    expect(await textsAt(ben, group)).toEqual(['Hello.']);
  });
});
