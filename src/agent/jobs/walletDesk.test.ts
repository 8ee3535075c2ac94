// What jobs ask the wallet beside the steps: once each, few at a time, and each answer is given once.

import { expect, it } from 'vitest';
import { NegotiateError } from '../../core/errors.ts';
import type { AgentContext } from '../context.ts';
import { consult, createWalletDesk, hasRoom, isAsked, isConsulting } from './walletDesk.ts';

function openDesk() {
  const woken: string[] = [];
  const calls: PromiseWithResolvers<string>[] = [];
  let now = 100;
  const wallets = createWalletDesk((nid) => woken.push(nid));
  const context = { wallets, clock: { now: () => now } } as unknown as AgentContext;
  const call = (): Promise<string> => {
    const made = Promise.withResolvers<string>();
    calls.push(made);
    return made.promise;
  };
  const ask = (nid: string, question = 'q'): Promise<string | undefined> => consult(context, nid, question, call);
  const settle = async (change: () => void): Promise<void> => {
    change();
    await new Promise(setImmediate);
  };
  return { context, woken, calls, ask, settle, pass: (s: number) => (now += s) };
}

it('asks once however often a job looks, wakes it, and gives the answer once', async () => {
  const { context, woken, calls, ask, settle } = openDesk();
  expect([await ask('a'), await ask('a'), await ask('a', 'other')]).toEqual([undefined, undefined, undefined]);
  expect([calls.length, isAsked(context, 'a', 'q'), isAsked(context, 'a', 'other')]).toEqual([1, true, false]);
  await settle(() => calls[0]?.resolve('yes'));
  expect([woken, isConsulting(context, ['a'])]).toEqual([['a'], true]);
  expect([await ask('a'), isConsulting(context, ['a']), calls.length]).toEqual(['yes', false, 1]);
  expect([await ask('a'), calls.length]).toEqual([undefined, 2]);
});

it('never gives an answer to another question', async () => {
  const { calls, ask, settle } = openDesk();
  await ask('a', 'first');
  await settle(() => calls[0]?.resolve('old'));
  expect([await ask('a', 'second'), calls.length]).toEqual([undefined, 2]);
});

it('tells a failure again for as long as a job waits after one, and then asks anew', async () => {
  const { context, calls, ask, settle, pass } = openDesk();
  await ask('a');
  await settle(() => calls[0]?.reject(new NegotiateError('wallet/unreachable', 'silent')));
  expect(isConsulting(context, ['a'])).toBe(false);
  for (let i = 0; i < 2; i += 1) await expect(ask('a')).rejects.toMatchObject({ code: 'wallet/unreachable' });
  pass(5);
  expect([await ask('a'), calls.length]).toEqual([undefined, 2]);
});

it('asks a silent wallet about four jobs at a time; the others are woken when there is an answer', async () => {
  const { context, woken, calls, ask, settle } = openDesk();
  const nids = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const nid of nids) await ask(nid);
  expect([calls.length, hasRoom(context, 'e'), isConsulting(context, ['f'])]).toEqual([4, false, true]);
  await settle(() => calls[1]?.resolve('yes'));
  expect(woken).toEqual(['b', 'e', 'f']);
  for (const nid of ['e', 'f']) await ask(nid);
  expect([calls.length, isAsked(context, 'e', 'q'), isAsked(context, 'f', 'q')]).toEqual([5, true, false]);
});
