// Is the identity's key at hand: in this home, or in a bunker that answers?

import { isNegotiateError } from '../../core/errors.ts';
import type { Signer } from '../../nostr/signer.ts';
import type { AgentContext } from '../context.ts';
import { fail, pass, splitMessage, type Check } from './check.ts';

const ID = 'identity';
const SAMPLE = 'doctor';

/** The check, and the signer when it works. A bunker is asked to encrypt a word to ourselves. */
export async function checkIdentity(context: AgentContext): Promise<{ readonly check: Check; readonly signer?: Signer }> {
  try {
    const signer = await context.signer();
    if (signer.pubkey !== context.pubkey)
      return { check: fail(ID, 'The key in this home is not that of its identity.', 'Restore the home from a backup.') };
    if (context.bunker === undefined) return { check: pass(ID, 'The key is in this home and is the identity’s.'), signer };
    await signer.encrypt(context.pubkey, SAMPLE);
    return { check: pass(ID, 'The bunker holds the key, and answers.'), signer };
  } catch (error) {
    if (!isNegotiateError(error)) throw error;
    const { finding, advice } = splitMessage(error.message);
    return { check: fail(ID, finding, advice) };
  }
}
