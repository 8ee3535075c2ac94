// Valid moves, each before a side that takes it: what the corpus of refused moves and the fuzzing start from.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { signEvent } from '../nostr/event.ts';
import { EVERY_SECTION } from './agreementVectors.fixture.ts';
import { START_BY_S } from './agreement.ts';
import { makeCompletionTemplate, type CompletionEvent } from './completion.ts';
import { hashFiles, type FileRef } from './files.ts';
import type { BodyOf, MoveBody, MoveType } from './moveBody.ts';
import { CANCEL_GRACE_S } from './negotiation.ts';
import {
  accept,
  act,
  confirm,
  exchange,
  issue,
  meet,
  offer,
  receive,
  T0,
  termsAt,
  type OfferOptions,
  type Party,
} from './parties.fixture.ts';
import { EXAMPLES, type Model } from './price.fixture.ts';
import type { SettlementMove } from './settlement.ts';
import type { Scene } from './stage.fixture.ts';
import type { Terms } from './terms.ts';

/** Terms in which every section and nearly every leaf is there. */
export const WHOLE_TERMS: Terms = EVERY_SECTION.terms;
/** Any 32 bytes that stand for nothing. */
export const NOTHING: Hex = 'ab'.repeat(32);

const INPUTS: FileRef[] = [{ name: 'contract.txt', sha256: sha256Hex('contract'), size: 8 }];
const RESULTS: FileRef[] = [{ name: 'contract.en.txt', sha256: sha256Hex('result'), size: 6 }];
const FRAMEWORK = { framework: { ends_at: T0 + 50_000, max_calls: 2, cap_msat: '1000000' } } as const;
const ATTACHMENTS = [{ name: 'sketch.png', sha256: sha256Hex('sketch'), size: 6 }];

type Table = ReturnType<typeof meet>;

/** The content that a party sent last of this type. */
export function lastBody<T extends MoveType>(party: Party, type: T): BodyOf<T> {
  const contents = [...party.log.values()]
    .filter(({ pubkey }) => pubkey === party.pubkey)
    .map(({ content }) => JSON.parse(content) as MoveBody);
  const body = contents.findLast((each) => each.type === type);
  if (body === undefined) throw new Error(`no ${type} was sent`);
  return body as BodyOf<T>;
}

function scene(me: Party, peer: Party, body: MoveBody, now = T0): Scene {
  return { me, peer, body, now };
}

/** Hands over what lies in the outbox of one side. */
function hand(from: Party, to: Party, now = T0): void {
  for (const rumor of from.outbox.splice(0)) receive(to, rumor, now);
}

function plainOffer(changes: Partial<BodyOf<'offer'>> = {}): BodyOf<'offer'> {
  return { v: 1, type: 'offer', terms: WHOLE_TERMS, salt_seed: sha256Hex('seed'), expires_at: T0 + 3_600, ...changes };
}

function offered(options: OfferOptions = {}): Table & { readonly id: Hex } {
  const table = meet();
  const id = offer(table.provider, 700n, options);
  exchange(table.buyer, table.provider);
  return { ...table, id };
}

function accepted(alternative = 0): Table & { readonly id: Hex } {
  const table = offered(alternative === 0 ? {} : { alternatives: [600n, 500n] });
  accept(table.buyer, table.id, T0, alternative);
  return table;
}

function sealed(): Table & { readonly id: Hex } {
  const table = accepted();
  hand(table.buyer, table.provider);
  confirm(table.provider);
  return table;
}

function struck(options: OfferOptions | { readonly terms: Terms } = {}): Table & { readonly deal: Hex } {
  const table = meet();
  const { buyer, provider } = table;
  if ('terms' in options) issue(provider, { type: 'offer', body: plainOffer({ terms: options.terms }) });
  else offer(provider, 700n, options);
  exchange(buyer, provider);
  accept(buyer, provider.state.offers[0]?.id ?? '');
  exchange(buyer, provider);
  confirm(provider);
  exchange(buyer, provider);
  return { ...table, deal: buyer.state.commitments[0]?.agreement ?? '' };
}

/** Signs a completion of these files. */
export function complete(party: Party, agreement: Hex, role = party.state.role, files = RESULTS): CompletionEvent {
  const template = makeCompletionTemplate({ agreement, role, files: hashFiles(files) }, T0);
  return signEvent(party.secretKey, party.pubkey, template, new Uint8Array(32)) as unknown as CompletionEvent;
}

/** The steps after a deal, in order; each is a move by the side that has to make it. */
const STEPS = ['input', 'payterms', 'funded', 'deliver', 'accepted', 'countersigned', 'dispute'] as const;

function stepOf(name: (typeof STEPS)[number], { buyer, provider, deal }: ReturnType<typeof struck>): readonly [Party, SettlementMove] {
  const payment = {
    id: NOTHING,
    pubkey: provider.pubkey,
    created_at: T0,
    kind: 4_394,
    tags: [['-']],
    content: '' as const,
    sig: 'cd'.repeat(64),
  };
  const base = { v: 1, agreement: deal } as const;
  switch (name) {
    case 'input':
      return [buyer, { ...base, type: 'input', files: INPUTS }];
    case 'payterms':
      return [provider, { ...base, type: 'payterms', terms: payment, request: 'lnbcrt1', salt: NOTHING }];
    case 'funded':
      return [buyer, { ...base, type: 'funded', funded: { ...payment, kind: 4_395 }, proof: '00ff' }];
    case 'deliver':
      return [provider, { ...base, type: 'deliver', files: RESULTS, text: 'Here it is.' }];
    case 'accepted':
      return [buyer, { ...base, type: 'completion', signature: complete(buyer, deal) }];
    case 'countersigned':
      return [provider, { ...base, type: 'completion', signature: complete(provider, deal) }];
    case 'dispute':
      return [buyer, { ...base, type: 'dispute', code: 'late', text: 'Too late.' }];
    default:
      return name satisfies never;
  }
}

/** A deal that has come up to, but not including, this step. A dispute comes when everything is delivered. */
function settling(name: (typeof STEPS)[number]): Scene {
  const deal = struck({ terms: { ...termsAt(700n), scope: { summary: 'Translate it.', inputs: INPUTS } } });
  const { buyer, provider } = deal;
  const count = name === 'dispute' ? STEPS.indexOf('accepted') : STEPS.indexOf(name);
  for (const step of STEPS.slice(0, count)) {
    const [by, body] = stepOf(step, deal);
    if (issue(by, { type: 'settle', body }).kind !== 'moved') throw new Error(`the step ${step} must be allowed`);
    exchange(buyer, provider);
  }
  const [peer, body] = stepOf(name, deal);
  return scene(peer === buyer ? provider : buyer, peer, body);
}

function priced(model: Model): Scene {
  const { buyer, provider } = meet();
  return scene(buyer, provider, plainOffer({ terms: { ...termsAt(1n), price: EXAMPLES[model] } }));
}

/** The scenes; each is made anew by each call. */
const MAKERS = {
  open: (): Scene => {
    const { buyer, provider } = meet();
    const body = { ...buyer.state.open, terms: WHOLE_TERMS, features: ['meso', 'tree.2'] };
    return { ...scene(provider, buyer, body), isOpening: true };
  },
  ask: (): Scene => {
    const { buyer, provider } = meet();
    return scene(provider, buyer, { v: 1, type: 'ask', re: NOTHING, text: 'Is it urgent?', attachments: ATTACHMENTS });
  },
  answer: (): Scene => {
    const { buyer, provider } = meet();
    return scene(buyer, provider, { v: 1, type: 'answer', re: NOTHING, text: 'It is.', attachments: ATTACHMENTS });
  },
  offer: (): Scene => {
    const { buyer, provider } = meet();
    return scene(buyer, provider, plainOffer({ re: NOTHING, alternatives: [termsAt(600n), termsAt(500n)] }));
  },
  presigned: (): Scene => {
    const { buyer, provider } = meet();
    offer(provider, 700n, { presigned: true });
    return scene(buyer, provider, lastBody(provider, 'offer'));
  },
  accept: (): Scene => {
    const { buyer, provider } = accepted();
    return scene(provider, buyer, lastBody(buyer, 'accept'));
  },
  acceptAlternative: (): Scene => {
    const { buyer, provider } = accepted(2);
    return scene(provider, buyer, lastBody(buyer, 'accept'));
  },
  acceptPresigned: (): Scene => {
    const { buyer, provider, id } = offered({ presigned: true });
    accept(buyer, id);
    return scene(provider, buyer, lastBody(buyer, 'accept'));
  },
  acceptOfBuyer: (): Scene => {
    const { buyer, provider } = offered();
    const id = offer(buyer, 600n);
    exchange(buyer, provider);
    accept(provider, id);
    return scene(buyer, provider, lastBody(provider, 'accept'));
  },
  confirm: (): Scene => {
    const { buyer, provider } = sealed();
    return scene(buyer, provider, lastBody(provider, 'confirm'));
  },
  close: (): Scene => {
    const { buyer, provider } = sealed();
    hand(provider, buyer);
    return scene(provider, buyer, lastBody(buyer, 'close'));
  },
  acknowledgement: (): Scene => {
    const { buyer, provider } = sealed();
    hand(provider, buyer);
    hand(buyer, provider);
    return scene(buyer, provider, lastBody(provider, 'receipt'));
  },
  late: (): Scene => {
    const { buyer, provider } = sealed();
    hand(provider, buyer);
    const now = T0 + 3_600 + START_BY_S;
    act(provider, { kind: 'tick', now });
    hand(buyer, provider, now);
    return scene(buyer, provider, lastBody(provider, 'error'), now);
  },
  cancel: (): Scene => {
    const { buyer, provider } = sealed();
    const now = T0 + 3_600 + CANCEL_GRACE_S + 1;
    act(buyer, { kind: 'tick', now });
    return scene(provider, buyer, lastBody(buyer, 'cancel'), now);
  },
  cancelPresigned: (): Scene => {
    const { buyer, provider, id } = offered({ presigned: true });
    issue(provider, { type: 'cancel', offer: id });
    return scene(buyer, provider, lastBody(provider, 'cancel'));
  },
  cancelAll: (): Scene => {
    const { buyer, provider } = meet();
    return scene(provider, buyer, { v: 1, type: 'cancel' });
  },
  reject: (): Scene => {
    const { buyer, provider, id } = offered();
    return scene(provider, buyer, { v: 1, type: 'reject', offer: id, final: false, code: 'price', text: 'Too dear.' });
  },
  withdraw: (): Scene => {
    const { buyer, provider, id } = offered();
    return scene(buyer, provider, { v: 1, type: 'withdraw', offer: id });
  },
  receipt: (): Scene => {
    const { buyer, provider } = offered();
    return scene(buyer, provider, { v: 1, type: 'receipt', upto: 1 });
  },
  error: (): Scene => {
    const { buyer, provider } = accepted();
    return scene(buyer, provider, { v: 1, type: 'error', re: buyer.state.commitments[0]?.firstMove ?? '', code: 'budget' });
  },
  amendment: (): Scene => {
    const { buyer, provider, deal } = struck();
    const id = offer(provider, 800n, { amends: deal });
    exchange(buyer, provider);
    accept(buyer, id);
    return scene(provider, buyer, lastBody(buyer, 'accept'));
  },
  callOff: (): Scene => {
    const { buyer, provider, deal } = struck(FRAMEWORK);
    const id = offer(provider, 400n, { under: deal });
    exchange(buyer, provider);
    accept(buyer, id);
    return scene(provider, buyer, lastBody(buyer, 'accept'));
  },
  fixed: () => priced('fixed'),
  perUnit: () => priced('per_unit'),
  subscription: () => priced('subscription'),
  prepaid: () => priced('prepaid'),
  milestones: () => priced('milestones'),
  input: () => settling('input'),
  payterms: () => settling('payterms'),
  funded: () => settling('funded'),
  deliver: () => settling('deliver'),
  accepted: () => settling('accepted'),
  countersigned: () => settling('countersigned'),
  dispute: () => settling('dispute'),
} satisfies Record<string, () => Scene>;

/** The name of a scene. */
export type SceneName = keyof typeof MAKERS;
/** Every scene by name. */
export const SCENES = Object.keys(MAKERS) as readonly SceneName[];

const made = new Map<SceneName, Scene>();

/** A scene in which nothing has happened yet; what is done to `me` stays with the caller. */
export function setScene(name: SceneName): Scene {
  const known = made.get(name) ?? MAKERS[name]();
  made.set(name, known);
  return { ...known, me: { ...known.me, outbox: [], log: new Map(known.me.log) } };
}
