// The steps of a conversation with another Marmot client, in order. A step is over when both sides have been seen to follow it.

import { isNegotiateError } from '../src/core/errors.ts';
import { change, drawNumber, exchangeNumbers, groupOf, hear, say, StepEnded, waitFor, type Stage } from './stage.ts';

/** One step. `run` returns what was seen, and throws when it was not. */
export interface Step {
  readonly name: string;
  readonly does: string;
  /** Steps before it that must have gone well. */
  readonly needs: readonly string[];
  readonly run: (stage: Stage) => Promise<string>;
}

/** All steps. */
export const STEPS: readonly Step[] = [
  { name: 'invite', does: 'we make a group and invite the peer, who joins', needs: [], run: invite },
  { name: 'talk', does: 'both sides read each other in our group', needs: ['invite'], run: talk },
  { name: 'rename', does: 'we rename the group, the peer reads the name', needs: ['invite'], run: rename },
  { name: 'update', does: 'we renew our keys, the peer follows', needs: ['invite'], run: update },
  { name: 'admin', does: 'we make the peer an admin, who renames the group', needs: ['invite'], run: admin },
  { name: 'add', does: 'we add a third, whom the peer reads and who reads the peer', needs: ['invite'], run: add },
  { name: 'remove', does: 'we remove the third, the peer follows', needs: ['add'], run: remove },
  { name: 'disband', does: 'we end the group for everybody', needs: ['invite'], run: disband },
  { name: 'be-invited', does: 'the peer makes a group and invites us, we let it in', needs: [], run: beInvited },
  { name: 'talk-theirs', does: 'both sides read each other in their group', needs: ['be-invited'], run: talkTheirs },
  { name: 'leave', does: 'we leave their group, the peer lets us go', needs: ['be-invited'], run: leave },
  { name: 'be-left', does: 'the peer leaves a group of ours, we let it go', needs: [], run: beLeft },
  { name: 'be-removed', does: 'the peer makes a group with us and removes us', needs: [], run: beRemoved },
];

async function invite(stage: Stage): Promise<string> {
  const { group, how } = await makeGroup(stage, 'interop');
  stage.groups.set('invite', group);
  return how;
}

async function talk(stage: Stage): Promise<string> {
  await exchangeNumbers(stage, groupOf(stage, 'invite'), 'Grüße, 你好, 👋\nand a second line.');
  return 'they answered with the number that we said';
}

async function rename(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'invite');
  const number = drawNumber();
  await change(stage, group, { kind: 'rename', name: `interop ${number}` });
  await say(stage.me, group, 'The group has a new name. Please answer in this group with the number in the new name.');
  stage.ask('Look at the new name of the group, and answer in it with the number in that name.');
  await hear(stage, group, 'an answer with the number in the name', (text) => text.includes(number));
  return 'they answered with the number in the new name';
}

async function update(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'invite');
  const { epoch } = await change(stage, group, { kind: 'self-update' });
  await exchangeNumbers(stage, group, 'We have renewed our keys.');
  return `they read us in epoch ${epoch}`;
}

async function admin(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'invite');
  const { name } = await change(stage, group, { kind: 'admins', admins: [stage.npub, stage.peer] });
  stage.ask('You are an admin of the group now. Give it another name.');
  await waitFor(stage, 'another name for the group', async () => {
    const shown = await stage.me.showGroup({ group });
    return shown.name === name ? undefined : shown.name;
  });
  return 'they renamed the group';
}

async function add(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'invite');
  const { agent, npub } = await stage.third();
  await change(stage, group, { kind: 'add', members: [npub] });
  await waitFor(stage, 'the third agent, which is ours, in the group', () => findState(agent, group), agent);
  const number = drawNumber();
  await say(agent, group, `I am the third in this group. Please answer in this group with this number: ${number}`);
  stage.ask('A third member has joined the group. Read what it says, and answer in the group with the number in it.');
  const isAnswer = (text: string): boolean => text.includes(number);
  await hear(stage, group, 'an answer to the third with the number', isAnswer);
  await hear(stage, group, 'the same answer, read by the third', isAnswer, agent);
  return 'they read the third, and both of us read them';
}

async function remove(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'invite');
  const { agent, npub } = await stage.third();
  await change(stage, group, { kind: 'remove', member: npub });
  await exchangeNumbers(stage, group, 'The third has been removed.');
  await waitFor(
    stage,
    'the end of the group for the third',
    async () => ((await findState(agent, group)) === 'over' ? true : undefined),
    agent,
  );
  return 'they read us in the group without the third';
}

async function disband(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'invite');
  await change(stage, group, { kind: 'disband' });
  stage.ask('The group is over. Look whether it is for you too: nobody should be able to write in it any more. Write down what you see.');
  return 'the relay has it; how it looks on their side is for you to write down';
}

async function beInvited(stage: Stage): Promise<string> {
  stage.ask(`Make a new group and invite ${stage.npub} to it.`);
  const { group, hasWaited } = await beTaken(stage);
  stage.groups.set('be-invited', group);
  return hasWaited ? 'their invite waited until it was let in, and was joined' : 'their invite was joined';
}

async function talkTheirs(stage: Stage): Promise<string> {
  await exchangeNumbers(stage, groupOf(stage, 'be-invited'), 'Hello in your group.');
  return 'they answered with the number that we said';
}

async function leave(stage: Stage): Promise<string> {
  const group = groupOf(stage, 'be-invited');
  await change(stage, group, { kind: 'leave' });
  stage.ask('We have asked to leave your group. Keep your client open until we are gone from it.');
  await waitFor(stage, 'a commit that lets us go', async () => ((await findState(stage.me, group)) === 'over' ? true : undefined));
  return 'they let us go';
}

async function beLeft(stage: Stage): Promise<string> {
  const { group } = await makeGroup(stage, 'interop leaving');
  stage.ask('Now leave this group.');
  await waitFor(stage, 'a wish to leave', async () => {
    const { members } = await stage.me.showGroup({ group });
    return members.includes(stage.peer) ? undefined : true;
  });
  return 'they asked to leave, and we let them go';
}

async function beRemoved(stage: Stage): Promise<string> {
  stage.ask(`Make one more group, invite ${stage.npub} to it, and then remove that member again.`);
  const { group } = await beTaken(stage);
  await waitFor(stage, 'our removal', async () => ((await findState(stage.me, group)) === 'over' ? true : undefined));
  return 'they removed us';
}

/** Makes a group with the peer and waits for a sign that it has joined: words, or the new key that a member takes after joining. */
async function makeGroup(stage: Stage, label: string): Promise<{ readonly group: string; readonly how: string }> {
  const name = `${label} ${drawNumber()}`;
  const { group, epoch } = await createGroup(stage, name);
  await say(stage.me, group, 'Hello. Please answer in this group with any word.');
  stage.ask(`Accept the invitation to the group "${name}", and write any word in it.`);
  const how = await waitFor(stage, 'a sign that they have joined', async () => {
    const shown = await stage.me.showGroup({ group });
    if (shown.messages.some(({ by }) => by === stage.peer)) return 'they joined and wrote';
    return shown.epoch > epoch ? 'they joined and renewed their key' : undefined;
  });
  return { group, how };
}

/** A peer that nothing can be found of yet may just be about to start. */
async function createGroup(stage: Stage, name: string): Promise<{ readonly group: string; readonly epoch: number }> {
  let problem: unknown;
  const attempt = async () => {
    try {
      return await stage.me.createGroup({ name, members: [stage.peer] });
    } catch (error) {
      if (!isNegotiateError(error) || error.code !== 'peer/no-key-package') throw error;
      if (problem === undefined)
        stage.ask('No key package of the peer is on the relay. Open the client on the other side, and have it use this relay.');
      problem = error;
      return undefined;
    }
  };
  return waitFor(stage, 'a key package of the peer', attempt).catch((error: unknown) => {
    // What the relay said helps more than that the time is over.
    throw error instanceof StepEnded && error.reason === 'timeout' && problem !== undefined ? problem : error;
  });
}

/** Waits until the peer has taken us into a group that we did not know. */
async function beTaken(stage: Stage): Promise<{ readonly group: string; readonly hasWaited: boolean }> {
  const known = new Set((await stage.me.listGroups()).groups.map(({ group }) => group));
  let hasWaited = false;
  const group = await waitFor(stage, 'an invite from them', async () => {
    const { invites } = await stage.me.list();
    if (invites.some(({ from }) => from === stage.peer)) {
      hasWaited = true;
      await stage.me.sync({ from: [stage.peer] });
    }
    const { groups } = await stage.me.listGroups();
    return groups.find((each) => !known.has(each.group) && each.members.includes(stage.peer))?.group;
  });
  return { group, hasWaited };
}

async function findState(agent: Stage['me'], group: string): Promise<string | undefined> {
  return (await agent.listGroups()).groups.find((each) => each.group === group)?.state;
}
