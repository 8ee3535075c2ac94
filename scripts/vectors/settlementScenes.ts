// Conversations after a deal in which moves come by the wrong side, too early, again, otherwise, or when it is over: section 17.

import { makeCompletionTemplate, type CompletionEvent } from '../../src/negotiate/completion.ts';
import { hashFiles, type FileRef } from '../../src/negotiate/files.ts';
import type { MoveBody } from '../../src/negotiate/moveBody.ts';
import type { SettlementMove } from '../../src/negotiate/settlement.ts';
import type { Role } from '../../src/negotiate/agreement.ts';
import { strike } from './dealScenes.ts';
import { buyerLies, honest } from './lies.ts';
import type { Scene } from './scenes.ts';
import type { Stage } from './stage.ts';
import { draw, otherOf, sign } from './testKeys.ts';

const file = (name: string, size = 1): FileRef => ({ name, sha256: draw(name), size });
const INPUTS = [file('b.txt'), file('a.txt')];
const OUTPUT = [file('z.txt'), file('y.txt')];
const OTHER = [file('other.txt')];

/** Every move about one agreement, as it should be. */
function movesOf(stage: Stage, agreement: string) {
  const payment = (role: Role, kind: number): never => sign(role, { kind, created_at: stage.now, tags: [['-'], ['x', agreement]], content: '' }) as never;
  const completion = (role: Role, change: { files?: FileRef[]; by?: Role; agreement?: string; later?: number } = {}): SettlementMove => {
    const claim = { agreement: change.agreement ?? agreement, role, files: hashFiles(change.files ?? OUTPUT) };
    const signature = sign(change.by ?? role, makeCompletionTemplate(claim, stage.now + (change.later ?? 0)));
    return { v: 1, type: 'completion', agreement, signature: signature as unknown as CompletionEvent };
  };
  const files = (type: 'input' | 'deliver', named: readonly FileRef[]): SettlementMove => ({ v: 1, type, agreement, files: [...named] });
  return {
    input: files('input', INPUTS),
    payterms: { v: 1, type: 'payterms', agreement, terms: payment('provider', 4394), request: 'lnbcrt1', salt: draw('salt') },
    funded: { v: 1, type: 'funded', agreement, funded: payment('buyer', 4395), proof: draw('preimage') },
    deliver: files('deliver', OUTPUT),
    dispute: (code: string, text?: string): SettlementMove => ({ v: 1, type: 'dispute', agreement, code, ...(text === undefined ? {} : { text }) }),
    files,
    completion,
  } as const;
}

/** A deal with inputs; what the buyer forges is delivered at once, and what the provider makes is as good as delivered. */
function begin(stage: Stage) {
  stage.open();
  stage.exchange();
  const agreement = strike(stage, 'provider', 700, { terms: { scope: { summary: 'Translate it.', inputs: INPUTS } } });
  const buyer = (...moves: readonly MoveBody[]): void => {
    for (const move of moves) stage.forge('buyer', move);
    stage.deliver('buyer');
  };
  const provider = (...moves: readonly SettlementMove[]): void => {
    for (const body of moves) stage.make('provider', { type: 'settle', body });
  };
  return { ...movesOf(stage, agreement), buyer, provider };
}

/** The scenes. */
export const SETTLEMENT_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'settlement: what is wrong is told in one order, up to a dispute',
    play: (stage) => {
      const { input, payterms, funded, deliver, completion, dispute, files, buyer, provider } = begin(stage);
      buyer({ ...dispute('no'), agreement: draw('none') }, payterms, deliver, funded, files('input', OTHER), completion('buyer', { files: OTHER }));
      provider(payterms, deliver, input, funded, completion('provider'));
      buyer({ ...input, files: INPUTS.toReversed() } as MoveBody, input, files('input', OTHER));
      provider(payterms, payterms, { ...payterms, request: 'lnbcrt2' });
      buyer(payterms, funded, funded, { ...funded, proof: draw('another') }, completion('buyer'));
      provider(deliver, { ...deliver, files: OUTPUT.toReversed(), text: 'Again.' } as SettlementMove, files('deliver', OTHER));
      buyer(completion('buyer', { files: OTHER }), completion('provider', { by: 'buyer' }), completion('buyer', { by: 'stranger' as Role }));
      buyer(completion('buyer', { agreement: draw('none') }), completion('buyer', { by: 'provider' }));
      provider(completion('provider', { files: OTHER }), completion('provider'));
      buyer(completion('buyer'), completion('buyer'), completion('buyer', { later: 1 }), dispute('mine'));
      provider(completion('provider', { files: OTHER }), dispute('theirs', 'First.'), dispute('theirs', 'Second.'), dispute('other'), completion('provider'));
      buyer(dispute('theirs'), input, files('input', OTHER), deliver, completion('buyer', { later: 2 }), funded);
      provider(deliver, files('deliver', OTHER), funded, completion('provider', { files: OTHER }));
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: {
      provider: [
        ...['too-early', 'wrong-role', 'wrong-role', 'too-early', 'invalid', 'too-early'],
        ...['conflict', 'wrong-role', 'conflict', 'too-early'],
        ...['invalid', 'invalid', 'invalid', 'invalid', 'invalid'],
        ...['conflict', 'completed'],
        ...['completed', 'disputed', 'wrong-role', 'disputed'],
      ],
    },
  },
  {
    ...buyerLies,
    name: 'settlement: what is wrong is told in one order, when both have signed that all is well',
    play: (stage) => {
      const { input, payterms, funded, deliver, completion, dispute, files, buyer, provider } = begin(stage);
      buyer(input);
      provider(payterms, deliver);
      buyer(completion('buyer'));
      provider(completion('provider'));
      buyer(input, files('input', OTHER), funded, deliver, completion('buyer'), completion('buyer', { later: 1 }), dispute('mine'));
      provider(payterms, files('deliver', OTHER), funded, completion('provider'), completion('provider', { later: 1 }), dispute('theirs'));
    },
    phases: honest('provider', 'agreed'),
    bundles: { provider: ['closed'] },
    codes: { provider: ['completed', 'completed', 'wrong-role', 'completed', 'completed'] },
  },
  {
    name: 'settlement of a deal and of its amendment, each by its own hash',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const deal = strike(stage, 'provider', 700);
      const make = (by: Role, body: SettlementMove): void => {
        stage.make(by, { type: 'settle', body });
        stage.exchange();
      };
      make('provider', movesOf(stage, deal).deliver);
      const amendment = strike(stage, 'buyer', 800, { amends: deal });
      for (const agreement of [amendment, deal]) {
        const { completion, deliver } = movesOf(stage, agreement);
        make('buyer', completion('buyer'));
        make('provider', deliver);
        make('buyer', completion('buyer'));
      }
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed', 'closed'],
  },
  {
    name: 'settlement is too early while a deal is closed for one side only',
    play: (stage) => {
      stage.open();
      stage.exchange();
      const id = stage.offer('provider', 700);
      stage.exchange();
      stage.accept('buyer', id);
      stage.deliver('buyer');
      stage.confirm('provider');
      stage.deliver('provider');
      const { agreement = '' } = stage.stateOf('buyer').commitments[0] ?? {};
      for (const role of ['buyer', 'provider'] as const) {
        stage.make(role, { type: 'settle', body: movesOf(stage, agreement).dispute(`by-${otherOf(role)}`) });
      }
      stage.deliver('buyer');
      const [acknowledgement] = stage.take('provider');
      stage.make('provider', { type: 'settle', body: movesOf(stage, agreement).deliver });
      stage.deliver('provider');
      if (acknowledgement !== undefined) stage.receive('buyer', acknowledgement);
      stage.exchange();
    },
    phases: ['agreed', 'agreed'],
    bundles: ['closed'],
    codes: { buyer: [], provider: [] },
  },
];
