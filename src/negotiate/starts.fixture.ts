// Where schedules begin: worlds in which something has been said already, so that few events lead far.

import {
  act,
  copyWorld,
  draftAccept,
  draftConfirm,
  draftOfferMove,
  makeWorld,
  readMessage,
  type OfferShape,
  type Side,
  type World,
} from './model.fixture.ts';

/** The worlds: just met; a plain offer of each side; a presigned one of each; a deal; a framework with one call-off. */
export const STARTS = ['met', 'offers', 'quotes', 'deal', 'framework'] as const;
/** One of {@link STARTS}. */
export type StartName = (typeof STARTS)[number];

const made = new Map<StartName, World>();

/** A fresh copy of a start. */
export function copyStart(name: StartName): World {
  const known = made.get(name) ?? makeStart(name);
  made.set(name, known);
  return copyWorld(known);
}

function makeStart(name: StartName): World {
  const world = makeWorld();
  const [buyer, provider] = world.sides;
  switch (name) {
    case 'met':
      break;
    case 'offers':
      offer(world, provider, { sats: 500, lifeS: 3_600 });
      offer(world, buyer, { sats: 400, lifeS: 3_600 });
      break;
    case 'quotes':
      offer(world, provider, { sats: 500, lifeS: 3_600, isPresigned: true });
      offer(world, buyer, { sats: 400, lifeS: 3_600, isPresigned: true });
      break;
    case 'deal':
      strike(world, provider, { sats: 500, lifeS: 3_600 });
      break;
    case 'framework':
      strike(world, provider, { sats: 500, lifeS: 3_600, isFramework: true });
      strike(world, provider, { sats: 100, lifeS: 3_600, under: provider.state.commitments[0]?.agreement ?? '' });
      break;
    default:
      name satisfies never;
  }
  exchange(world);
  return world;
}

function offer(world: World, side: Side, shape: OfferShape): void {
  act(side, { kind: 'issue', draft: draftOfferMove(world, side, shape), now: world.now });
}

function strike(world: World, by: Side, shape: OfferShape): void {
  const to = world.sides[1 - by.place] as Side;
  offer(world, by, shape);
  exchange(world);
  const open = to.state.offers.at(-1);
  const accept = open === undefined ? undefined : draftAccept(world, to, open, 0);
  if (accept !== undefined) act(to, { kind: 'issue', draft: accept, now: world.now });
  exchange(world);
  const confirm = draftConfirm(world, by);
  if (confirm !== undefined) act(by, { kind: 'issue', draft: confirm, now: world.now });
  exchange(world);
}

/** Delivers everything until both are silent. */
function exchange(world: World): void {
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const side of world.sides) {
      const to = world.sides[1 - side.place] as Side;
      const messages = [...side.outbox.values()];
      side.outbox.clear();
      isMoving ||= messages.length > 0;
      for (const rumor of messages) act(to, { kind: 'received', arrival: readMessage(rumor), now: world.now });
      act(to, { kind: 'tick', now: world.now });
    }
    isMoving ||= world.sides.some(({ outbox }) => outbox.size > 0);
  }
}
