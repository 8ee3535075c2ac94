// Refused moves after a deal: by the wrong side, too early, in a second version, about other files, after a dispute or the end.

import { sha256Hex } from '../core/bytes.ts';
import { issue } from './parties.fixture.ts';
import { after, error, row, said, set, type Change, type Refused } from './refused.fixture.ts';
import { complete, lastBody, NOTHING, setScene, type SceneName } from './scenes.fixture.ts';
import type { Scene } from './stage.fixture.ts';
import type { SettlementMove } from './settlement.ts';

type Step = Extract<SceneName, 'input' | 'payterms' | 'funded' | 'deliver' | 'accepted' | 'countersigned' | 'dispute'>;

const STEPS: readonly Step[] = ['input', 'payterms', 'funded', 'deliver', 'accepted', 'countersigned', 'dispute'];
const OTHER_FILES = [{ name: 'other.txt', sha256: sha256Hex('other'), size: 5 }];

/** The move of another scene, about the agreement of this one. */
const moveOf = (name: Step): Change => ({
  body: (body) => ({ ...setScene(name).body, agreement: (body as SettlementMove).agreement }),
});

/** The peer does its step as it should before it does it in another way. */
const done = after(said(({ body }: Scene) => body));

const disputed = after(({ me, body }: Scene) => {
  issue(me, { type: 'settle', body: { v: 1, type: 'dispute', agreement: (body as SettlementMove).agreement, code: 'stop' } });
});

const resigned = (files: 'same' | 'other', role: 'own' | 'other', agreement: 'same' | 'other'): Change => ({
  body: (body, { peer }) => {
    const named = (body as SettlementMove).agreement;
    const other = peer.state.role === 'buyer' ? 'provider' : 'buyer';
    const made = complete(
      peer,
      agreement === 'same' ? named : NOTHING,
      role === 'own' ? peer.state.role : other,
      files === 'same' ? undefined : OTHER_FILES,
    );
    return { ...body, signature: made };
  },
});

/** Refused after the deal. */
export const REFUSED_SETTLEMENT: readonly Refused[] = [
  ...STEPS.map((step) => row(step, 'an agreement that nobody holds', set('/agreement', NOTHING), error('too-early'))),
  row('input', 'payment terms by the buyer', moveOf('payterms'), error('wrong-role')),
  row('input', 'a delivery by the buyer', moveOf('deliver'), error('wrong-role')),
  row('payterms', 'inputs by the provider', moveOf('input'), error('wrong-role')),
  row('payterms', 'word of payment by the provider', moveOf('funded'), error('wrong-role')),
  row('payterms', 'payment terms before the inputs', rewound('payterms', 'input'), error('too-early')),
  row('deliver', 'a delivery before the inputs', rewound('deliver', 'input'), error('too-early')),
  row('funded', 'word of payment before its terms', rewound('funded', 'payterms'), error('too-early')),
  row('accepted', 'a completion before the delivery', rewound('accepted', 'deliver'), error('too-early')),
  row('countersigned', 'the answer before the completion', rewound('countersigned', 'accepted'), error('too-early')),
  row('input', 'other inputs than agreed', set('/files', OTHER_FILES), error('invalid')),
  row('input', 'an input of another digest', set('/files/0/sha256', NOTHING), error('invalid')),
  row('input', 'an input of another size', set('/files/0/size', 9), error('invalid')),
  row('payterms', 'a second version', { ...done, ...set('/request', 'lnbcrt2') }, error('conflict')),
  row('funded', 'a second version', { ...done, ...set('/proof', 'ff00') }, error('conflict')),
  row('deliver', 'a second version', { ...done, ...set('/files', OTHER_FILES) }, error('conflict')),
  row('accepted', 'a second version', { ...done, ...resigned('other', 'own', 'same') }, error('conflict')),
  row('accepted', 'a completion over other files', resigned('other', 'own', 'same'), error('invalid')),
  row('accepted', 'a completion in the role of the other', resigned('same', 'other', 'same'), error('invalid')),
  row('accepted', 'a completion about another agreement', resigned('same', 'own', 'other'), error('invalid')),
  row(
    'accepted',
    'the completion of the other',
    { body: (body, { me }) => ({ ...body, signature: complete(me, (body as SettlementMove).agreement) }) },
    error('invalid'),
  ),
  row(
    'countersigned',
    'the completion that it answers',
    { body: (body, { me }) => ({ ...body, signature: lastBody(me, 'completion').signature }) },
    error('invalid'),
  ),
  ...STEPS.filter((step) => step !== 'dispute').map((step) => row(step, 'a step after a dispute', disputedAt(step), error('disputed'))),
  row('dispute', 'a second dispute, for another reason', { ...done, ...set('/code', 'quality') }, error('disputed')),
  row('dispute', 'a dispute against the other\u2019s', disputed, error('disputed')),
  row('accepted', 'a dispute after its own completion', { ...done, ...moveOf('dispute') }, error('completed')),
  row('countersigned', 'a dispute after both have signed', { ...done, ...moveOf('dispute') }, error('completed')),
  row(
    'countersigned',
    'another delivery after both have signed',
    { ...done, ...moveOf('deliver'), ...filesOf(OTHER_FILES) },
    error('completed'),
  ),
];

function filesOf(files: readonly object[]): Change {
  return { body: (body) => ({ ...setScene('deliver').body, agreement: (body as SettlementMove).agreement, files }) };
}

/** The steps from this one on have not come about yet. */
function rewound(scene: Step, from: Step): Change {
  const earlier = setScene(from);
  const names = scene === from;
  if (names) throw new Error('a step is not rewound to itself');
  return after(({ me }: Scene) => {
    const agreement = (earlier.body as SettlementMove).agreement;
    const settlements = (earlier.me.state.settlements ?? earlier.peer.state.settlements ?? []).filter(
      (each) => each.agreement === agreement,
    );
    me.state = { ...me.state, settlements };
  });
}

function disputedAt(step: Step): Change {
  // Once it has signed that all is well a side cannot dispute; the peer can.
  return step === 'countersigned'
    ? after(said(({ body }: Scene) => ({ v: 1, type: 'dispute', agreement: (body as SettlementMove).agreement, code: 'stop' })))
    : disputed;
}
