// The plain front of an MLS message, read by ourselves: enough to sort messages that ts-mls could not even decode.

import { openCursor, readUint, readUint64, readVarint, readVector, type Cursor } from './cursor.ts';
import { MLS } from './profile.ts';

/** What the front of a private or public message says; for a public one also who claims to send it and whether it carries proposals. */
export type MlsHeader =
  | { readonly kind: 'private'; readonly groupId: Uint8Array; readonly epoch: bigint; readonly isApplication: boolean }
  | {
      readonly kind: 'public';
      readonly groupId: Uint8Array;
      readonly epoch: bigint;
      /** Undefined when the sender is no member. */
      readonly leafIndex: number | undefined;
      readonly content: 'application' | 'proposal' | 'commit-with-proposals' | 'bare-commit';
    };

const PUBLIC_MESSAGE = 1;
const PRIVATE_MESSAGE = 2;
const APPLICATION = 1;
const PROPOSAL = 2;
const COMMIT = 3;
const MEMBER = 1;
const EXTERNAL = 2;

/** Reads the front of an MLSMessage (RFC 9420 sections 6 and 12.4); undefined for welcomes, key packages and nonsense. Never throws. */
export function readMlsHeader(bytes: Uint8Array): MlsHeader | undefined {
  try {
    const cursor = openCursor(bytes);
    if (readUint(cursor, 2) !== MLS.version) return undefined;
    const wireFormat = readUint(cursor, 2);
    if (wireFormat !== PUBLIC_MESSAGE && wireFormat !== PRIVATE_MESSAGE) return undefined;
    const groupId = readVector(cursor);
    const epoch = readUint64(cursor);
    if (wireFormat === PRIVATE_MESSAGE) return { kind: 'private', groupId, epoch, isApplication: readUint(cursor, 1) === APPLICATION };
    const leafIndex = readSender(cursor);
    readVector(cursor); // authenticated data
    const content = readContent(cursor);
    return content === undefined ? undefined : { kind: 'public', groupId, epoch, leafIndex, content };
  } catch {
    return undefined;
  }
}

function readSender(cursor: Cursor): number | undefined {
  const type = readUint(cursor, 1);
  const index = type === MEMBER || type === EXTERNAL ? readUint(cursor, 4) : undefined;
  return type === MEMBER ? index : undefined;
}

function readContent(cursor: Cursor): 'application' | 'proposal' | 'commit-with-proposals' | 'bare-commit' | undefined {
  switch (readUint(cursor, 1)) {
    case APPLICATION:
      return 'application';
    case PROPOSAL:
      return 'proposal';
    case COMMIT:
      return readVarint(cursor) === 0 ? 'bare-commit' : 'commit-with-proposals';
    default:
      return undefined;
  }
}
