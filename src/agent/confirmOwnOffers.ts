// The second signature: an accept of our own open offer is confirmed without asking, because the offer was the consent.

import { bytesToHex } from '../core/bytes.ts';
import { hashLock, makeSignatureTemplate } from '../negotiate/signature.ts';
import { issueIfAllowed } from './applyTransition.ts';
import { signAgreement } from './signAgreement.ts';
import type { OpenNegotiation, Work } from './work.ts';

/** Confirms what waits for it among the negotiations this step has touched; the rules of the state machine decide what may. */
export async function confirmOwnOffers(work: Work): Promise<void> {
  for (const open of [...work.negotiations.values()]) await confirmPending(work, open);
}

/** Confirms a pending accept of one negotiation, if there is one. Throws `signer/altered`. */
export async function confirmPending(work: Work, open: OpenNegotiation): Promise<void> {
  const { pending } = open.state;
  if (pending === undefined || work.now > pending.confirmBy) return;
  const { rng } = work.context;
  const secrets = { a: bytesToHex(rng.bytes(32)), l: bytesToHex(rng.bytes(32)) };
  const template = makeSignatureTemplate(
    {
      order: 'second',
      role: 'offeror',
      agreement: pending.agreement,
      first: pending.first.id,
      ack: hashLock(secrets.a),
      late: hashLock(secrets.l),
    },
    work.now,
  );
  const signature = await signAgreement(work.context, template);
  const { id: accept, agreement } = pending;
  await issueIfAllowed(work, open, { type: 'confirm', body: { v: 1, type: 'confirm', accept, agreement, signature }, signature, secrets });
}
