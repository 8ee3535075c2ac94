// Is the home whole, private, and on a disk with room?

import type { AgentContext } from '../context.ts';
import { fail, pass, warn, type Check } from './check.ts';

const ID = 'store';
const MIB = 1_048_576;
const LITTLE_BYTES = 200 * MIB;
const TOO_LITTLE_BYTES = 20 * MIB;
const ADVICE = 'Make room: without it nothing can be saved, and what cannot be saved is not sent. What was saved is not lost.';

/** Looks at the database, the modes of the files and the room on the disk, without changing any. */
export function checkStore({ inspectHome }: Pick<AgentContext, 'inspectHome'>): Check {
  const seen = inspectHome?.();
  if (seen === undefined) return pass(ID, 'This agent keeps everything in memory.');
  const { integrity, isExposed, sizeBytes, freeBytes } = seen;
  if (integrity === 'damaged')
    return fail(
      ID,
      'The database is damaged.',
      'Stop the agent, keep the folder as it is, and restore a backup (agent-negotiate restore FILE).',
    );
  const isFull = freeBytes !== undefined && freeBytes < TOO_LITTLE_BYTES;
  if (integrity === 'unreadable' && isFull)
    return fail(ID, `The disk is full: there is room for ${sizeOf(freeBytes)} more, too little to look into the database.`, ADVICE);
  if (integrity === 'unreadable')
    return fail(ID, 'The database could not be checked.', 'Check that the folder and its disk can be read, then try again.');
  if (isExposed)
    return fail(ID, 'Others can read or write this home.', 'Make it yours alone: chmod -R go-rwx, with the folder that whoami shows.');
  const room = freeBytes === undefined ? 'how much room the disk has is not known' : `the disk has room for ${sizeOf(freeBytes)} more`;
  const finding = `The database is whole (${sizeOf(sizeBytes)}), its files are yours alone, and ${room}.`;
  if (freeBytes === undefined || freeBytes >= LITTLE_BYTES) return pass(ID, finding);
  return isFull ? fail(ID, finding, ADVICE) : warn(ID, finding, ADVICE);
}

function sizeOf(bytes: number): string {
  return bytes < 1_024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / MIB / 1_024).toFixed(1)} GiB`;
}
