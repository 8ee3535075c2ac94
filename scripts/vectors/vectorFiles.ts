// All vector files by name, with their content as text.

import type { MoveRumor } from '../../src/negotiate/move.ts';
import { ANSWER_SCENES } from './answerScenes.ts';
import { makeBundleVectors } from './bundleVectors.ts';
import { makeCanonicalVectors } from './canonicalVectors.ts';
import { CHAIN_SCENES } from './chainScenes.ts';
import { CHEAT_SCENES } from './cheatScenes.ts';
import { DEAL_SCENES } from './dealScenes.ts';
import { playDrawn } from './drawnScenes.ts';
import { EARLY_SCENES } from './earlyScenes.ts';
import { FRAMEWORK_SCENES } from './frameworkScenes.ts';
import { FROZEN_SCENES } from './frozenScenes.ts';
import { LIMIT_SCENES } from './limitScenes.ts';
import { LOCK_SCENES } from './lockScenes.ts';
import { makeMoveVectors } from './moveVectors.ts';
import { makeOwedVectors } from './owedVectors.ts';
import { MISFIT_SCENES } from './misfitScenes.ts';
import { RACE_SCENES } from './raceScenes.ts';
import { REFUSAL_SCENES } from './refusalScenes.ts';
import { playScene, type Scene } from './scenes.ts';
import { SETTLEMENT_SCENES } from './settlementScenes.ts';
import { SIGNING_SCENES } from './signingScenes.ts';
import { makeSignatureVectors } from './signatureVectors.ts';
import { SLOT_SCENES } from './slotScenes.ts';
import { makeTermsVectors } from './termsVectors.ts';
import { PUBLIC, T0 } from './testKeys.ts';
import { TIME_SCENES } from './timeScenes.ts';

/** All scenes with an author. */
const SCENES: readonly Scene[] = [
  ...[DEAL_SCENES, RACE_SCENES, TIME_SCENES, CHEAT_SCENES, MISFIT_SCENES, CHAIN_SCENES, SIGNING_SCENES, SETTLEMENT_SCENES, SLOT_SCENES, REFUSAL_SCENES],
  ...[FROZEN_SCENES, ANSWER_SCENES, FRAMEWORK_SCENES, LOCK_SCENES, EARLY_SCENES, LIMIT_SCENES],
].flat();
/** Drawn conversations that are worth keeping, by number. */
const DRAWN = [16, 23, 26, 62, 71, 81, 99, 131, 156, 177, 207, 249, 274, 338, 366, 419, 450, 506];

const ABOUT =
  'Sections 6 and 13 to 17 of docs/protocol.md. Each step is one input of one side at a time (`at`, unix seconds), with the moves it sends, ' +
  'those it sends again, and the phases of both sides after it; null is a side that knows nothing yet, or a dishonest one.';

/** Every file of vectors/ by name. Always the same. */
export function makeVectorFiles(): ReadonlyMap<string, string> {
  const all = [...SCENES.map(playScene), ...DRAWN.map(playDrawn)] as readonly { events: readonly MoveRumor[] }[];
  const files: readonly (readonly [string, unknown])[] = [
    ['canonical.json', makeCanonicalVectors()],
    ['terms.json', makeTermsVectors()],
    ['signatures.json', makeSignatureVectors()],
    ['owed.json', makeOwedVectors()],
    ['moves.json', makeMoveVectors(findSigned(all.flatMap(({ events }) => events)))],
    ['conversations.json', { about: ABOUT, starts_at: T0, buyer: PUBLIC.buyer, provider: PUBLIC.provider, conversations: all }],
    ['bundles.json', makeBundleVectors()],
  ];
  return new Map(files.map(([name, content]) => [name, `${name === 'conversations.json' ? writeLines(content, 4) : JSON.stringify(content, null, 1)}\n`]));
}

/** JSON with a line for each item down to this depth: an event or a step of a conversation has one. */
function writeLines(value: unknown, depth: number): string {
  if (depth === 0 || typeof value !== 'object' || value === null || Object.keys(value).length === 0) return JSON.stringify(value);
  const items = Array.isArray(value) ? value.map((item) => writeLines(item, depth - 1)) : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${writeLines(item, depth - 1)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${items.join(',\n')}\n${close}`;
}

/** One move of each kind that carries a signature. */
function findSigned(events: readonly MoveRumor[]): readonly MoveRumor[] {
  const marks = ['"type":"accept"', '"type":"confirm"', '"presigned":', '"type":"completion"'];
  return marks.flatMap((mark) => events.find(({ content }) => content.includes(mark)) ?? []);
}
