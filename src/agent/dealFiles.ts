// Files of a deal on their way: pieces out, pieces in, and what is missing asked for again.

import type { Hex } from '../core/bytes.ts';
import type { FileRef } from '../negotiate/files.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import {
  decodeParcel,
  decodeWant,
  encodeParcel,
  encodeWant,
  fitsFile,
  joinParcels,
  listMissing,
  splitFile,
  type Parcel,
  type Want,
} from '../negotiate/parcel.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { readDeal } from '../negotiate/settleHeld.ts';
import { subjectOf } from './mandate/facts.ts';
import { consider } from './mandate/permit.ts';
import { readState } from './negotiationState.ts';
import { sealMoves } from './sealMoves.ts';
import type { Work } from './work.ts';

// A wish for more is answered in several rounds.
const MAX_PARTS_AT_ONCE = 64;

/** Takes in a piece of a file, or a wish for pieces; anything else is passed over, and so is a file that no deal names. */
export async function receiveFileEvent(work: Work, peer: Hex, rumor: MoveRumor): Promise<void> {
  const parcel = decodeParcel(rumor);
  if (parcel !== undefined) return receiveParcel(work, peer, parcel);
  const want = decodeWant(rumor);
  if (want !== undefined) await answerWant(work, peer, want);
}

/** Hands files over, piece by piece. Those that are not kept here are left out: `keepFile` them first. */
export async function sendFiles(work: Work, peer: Hex, files: readonly FileRef[]): Promise<void> {
  for (const { sha256 } of files) {
    const bytes = findFile(work, sha256);
    const parcels = bytes === undefined ? [] : splitFile(bytes);
    await sealMoves(
      work,
      peer,
      parcels.map((parcel) => encodeParcel(work.context.pubkey, parcel, work.now)),
    );
  }
}

/** Asks the peer for what is missing of these files. */
export async function askForFiles(work: Work, peer: Hex, files: readonly FileRef[]): Promise<void> {
  for (const file of files) {
    const parts = listMissing(file, partsOf(work, peer, file)).slice(0, MAX_PARTS_AT_ONCE);
    if (findFile(work, file.sha256) !== undefined || parts.length === 0) continue;
    await sealMoves(work, peer, [encodeWant(work.context.pubkey, { sha256: file.sha256, parts }, work.now)]);
  }
}

/** Keeps a file of ours. */
export function keepFile(work: Work, sha256: Hex, data: Uint8Array): void {
  work.changes.push({ kind: 'file', sha256, data });
}

/** A file kept here, also one of this step. */
export function findFile(work: Work, sha256: Hex): Uint8Array | undefined {
  const fresh = work.changes.find((change) => change.kind === 'file' && change.sha256 === sha256);
  return fresh?.kind === 'file' ? fresh.data : work.context.store.findFile(sha256);
}

/** `whole`: every file is kept here. `wrong`: all pieces of one have come, and they are not what its digest says. */
export function checkFiles(work: Work, peer: Hex, files: readonly FileRef[]): 'whole' | 'missing' | 'wrong' {
  const absent = files.filter(({ sha256 }) => findFile(work, sha256) === undefined);
  const hasAllPieces = (file: FileRef): boolean => listMissing(file, partsOf(work, peer, file)).length === 0;
  if (absent.length === 0) return 'whole';
  return absent.some(hasAllPieces) ? 'wrong' : 'missing';
}

function partsOf(work: Work, peer: Hex, { sha256 }: FileRef): readonly number[] {
  return listParcels(work, peer, sha256).map(({ part }) => part);
}

function receiveParcel(work: Work, peer: Hex, parcel: Parcel): void {
  const file = listDeals(work, peer)
    .flatMap(expectedFiles)
    .find(({ sha256 }) => sha256 === parcel.sha256);
  if (file === undefined || !fitsFile(parcel, file) || findFile(work, file.sha256) !== undefined) return;
  work.changes.push({ kind: 'parcel', record: { peer, ...parcel } });
  if (listMissing(file, partsOf(work, peer, file)).length > 0) return;
  const bytes = joinParcels(file, listParcels(work, peer, file.sha256));
  // Pieces that do not make up the file stay: they show that what was handed over is not what was named.
  if (bytes === undefined) return;
  keepFile(work, file.sha256, bytes);
  work.changes.push({ kind: 'drop-parcels', peer, sha256: file.sha256 });
}

async function answerWant(work: Work, peer: Hex, { sha256, parts }: Want): Promise<void> {
  const deal = listDeals(work, peer).find((state) => handedOver(state).some((file) => file.sha256 === sha256));
  const bytes = deal === undefined ? undefined : findFile(work, sha256);
  if (deal === undefined || bytes === undefined) return;
  // Whom the owner has shut out since gets no piece more.
  const { verdict } = await consider(work, subjectOf(deal), { kind: 'perform', type: 'files' });
  if (verdict !== 'allow') return;
  const parcels = splitFile(bytes).filter(({ part }) => parts.includes(part));
  const rumors = parcels.slice(0, MAX_PARTS_AT_ONCE).map((parcel) => encodeParcel(work.context.pubkey, parcel, work.now));
  await sealMoves(work, peer, rumors);
}

/** The pieces of a file that are here by now, each once. */
function listParcels(work: Work, peer: Hex, sha256: Hex): readonly Parcel[] {
  const fresh = work.changes.flatMap((change) =>
    change.kind === 'parcel' && change.record.peer === peer && change.record.sha256 === sha256 ? [change.record] : [],
  );
  return [...new Map([...work.context.store.listParcels(peer, sha256), ...fresh].map((parcel) => [parcel.part, parcel])).values()];
}

function listDeals({ context, negotiations }: Work, peer: Hex): readonly Negotiation[] {
  const saved = context.store.listNegotiations().filter((record) => record.peer === peer && !negotiations.has(record.nid));
  const open = [...negotiations.values()].map(({ state }) => state).filter((state) => state.peer === peer);
  return [...open, ...saved.map(readState)];
}

/** What the peer hands over in this deal. */
function expectedFiles(state: Negotiation): readonly FileRef[] {
  const deal = readDeal(state);
  return (state.role === 'provider' ? deal?.terms.scope.inputs : deal?.settlement.delivered) ?? [];
}

/** What we have handed over in this deal. */
function handedOver(state: Negotiation): readonly FileRef[] {
  const deal = readDeal(state);
  return (state.role === 'buyer' ? deal?.settlement.inputs : deal?.settlement.delivered) ?? [];
}
