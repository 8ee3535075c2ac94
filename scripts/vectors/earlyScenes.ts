// Conversations in which moves come before the open of their negotiation: section 5.

import { encodeMove, type MoveRumor } from '../../src/negotiate/move.ts';
import type { BodyOf, MoveBody } from '../../src/negotiate/moveBody.ts';
import { buyerLies, honest } from './lies.ts';
import type { Scene } from './scenes.ts';
import { termsAt, type Stage } from './stage.ts';
import { draw, PUBLIC, T0 } from './testKeys.ts';

const NONE = draw('none');
/** A move that is answered: whoever applies it says so. */
const telling = (name: string): MoveBody => ({ v: 1, type: 'reject', offer: draw(name), final: false, code: 'no' });
const notice: MoveBody = { v: 1, type: 'error', re: NONE, code: 'any' };

/** The open, which is held back, and then so many moves by the same side, each given by its place. */
function holdOpen(stage: Stage, bodies: readonly MoveBody[], options: Partial<BodyOf<'open'>> = {}): { open: MoveRumor; early: MoveRumor[] } {
  stage.open(options);
  for (const body of bodies) stage.forge('buyer', body);
  const [open, ...early] = stage.take('buyer');
  if (open === undefined) throw new Error('the open is sent');
  return { open, early };
}

const receiveAll = (stage: Stage, rumors: readonly MoveRumor[]): void => {
  for (const rumor of rumors) stage.receive('provider', rumor);
};

/** Another open like this one, in its own negotiation. */
function openLike(stage: Stage, { content }: MoveRumor, change: Partial<BodyOf<'open'>>, place: { seq?: number; prev?: string; seen?: string } = {}): MoveRumor {
  const body = { ...(JSON.parse(content) as BodyOf<'open'>), ...change };
  const header = { seq: 1, prev: '', seen: '', ...place };
  const rumor = encodeMove({ author: PUBLIC.buyer, ...header, alt: 'I would like to negotiate.', body, createdAt: T0 });
  return stage.forgeRaw(stage.sides.buyer, rumor, 'open', false);
}

/** The scenes. */
export const EARLY_SCENES: readonly Scene[] = [
  {
    ...buyerLies,
    name: 'what came before the open is received with it, in order of seq',
    play: (stage) => {
      const { open, early } = holdOpen(stage, [telling('one'), notice, telling('two')]);
      receiveAll(stage, early.toReversed());
      receiveAll(stage, [open]);
    },
    phases: honest('provider', 'open'),
    bundles: [],
    codes: { provider: ['unknown-offer', 'unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'of two moves with one seq before the open the one that came first stands, and the other is an equivocation',
    play: (stage) => {
      const { open, early } = holdOpen(stage, [telling('one')]);
      const other = stage.forge('buyer', notice, { seq: 2, prev: open.id, record: false });
      receiveAll(stage, [...early, other, open]);
    },
    phases: honest('provider', 'frozen'),
    bundles: [],
    codes: { provider: ['unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'no more than 64 moves are kept before the open: one that comes again counts once, one whose open was dropped too',
    play: (stage) => {
      const { open, early } = holdOpen(stage, [telling('two'), ...Array.from({ length: 62 }, () => notice), telling('65')]);
      const other = openLike(stage, open, { to: PUBLIC.stranger });
      const stray = stage.forge('buyer', notice, { nid: other.id, record: false });
      const [second, third, ...others] = early;
      if (second === undefined || third === undefined) throw new Error('moves are forged');
      receiveAll(stage, [stray, other, third, third, ...others, second, open, second]);
    },
    phases: honest('provider', 'open'),
    bundles: [],
    codes: { provider: ['unknown-offer', 'unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'what came before an open with a critical feature is received after the end',
    play: (stage) => {
      const offer: MoveBody = { v: 1, type: 'offer', terms: termsAt(500), salt_seed: draw('early'), expires_at: T0 + 60 };
      const { open, early } = holdOpen(stage, [offer, telling('one')], { features: ['needed!'] });
      receiveAll(stage, [...early, open]);
    },
    phases: honest('provider', 'failed'),
    bundles: [],
    codes: { provider: ['feature', 'closed', 'unknown-offer'] },
  },
  {
    ...buyerLies,
    name: 'what came before an open that is out of time finds it expired',
    play: (stage) => {
      const offer: MoveBody = { v: 1, type: 'offer', terms: termsAt(500), salt_seed: draw('early'), expires_at: T0 + 60 };
      const { open, early } = holdOpen(stage, [offer], { expires_at: T0 - 1 });
      receiveAll(stage, [...early, open]);
    },
    phases: honest('provider', 'expired'),
    bundles: [],
    codes: { provider: ['closed'] },
  },
  {
    ...buyerLies,
    name: 'opens that begin nothing, before one that does',
    play: (stage) => {
      const { open } = holdOpen(stage, []);
      receiveAll(stage, [
        openLike(stage, open, { to: PUBLIC.buyer }),
        openLike(stage, open, { to: PUBLIC.stranger }),
        openLike(stage, open, {}, { seq: 2 }),
        openLike(stage, open, {}, { prev: NONE }),
        openLike(stage, open, {}, { seen: NONE }),
        open,
      ]);
    },
    phases: honest('provider', 'open'),
    bundles: [],
  },
];
