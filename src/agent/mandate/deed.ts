// One thing that the agent is about to do, as the owner's mandate sees it: its name, how it is judged, what the ledger notes of it.

import type { Hex } from '../../core/bytes.ts';
import { judge, judgeInGroup, judgeInPublic } from '../../decide/judge.ts';
import { hashAction, type Action, type GroupAction, type PublicAction } from '../../decide/mandateAction.ts';
import { holdOf } from '../../decide/mandateAmounts.ts';
import type { Act, Ask, Ledger } from '../../decide/mandateLedger.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import { isPlainReject } from '../../decide/mandateSpeech.ts';
import type { Verdict } from '../../decide/mandateVerdict.ts';
import type { AgentContext } from '../context.ts';
import type { Work } from '../work.ts';
import { gatherFacts, gatherGroupFacts, gatherPublicFacts, type Subject } from './facts.ts';

/** A deed. */
export interface Deed {
  /** Names it: the owner's yes is for exactly this. */
  readonly digest: Hex;
  readonly assess: (mandate: Mandate, ledger: Ledger) => Promise<Verdict>;
  /** What counts as a move of the agent's own accord; undefined for what does not. */
  readonly act: Omit<Act, 'at'> | undefined;
  /** What the owner is asked. */
  readonly describe: (mandate: Mandate) => Omit<Ask, 'digest' | 'reasons' | 'at'>;
}

const COUNTED = new Set<Action['kind']>(['open', 'talk', 'offer', 'sign', 'attest']);

/** A deed in a negotiation, or the one that begins it. */
export function deedOf({ context, now }: Work, subject: Subject, action: Action): Deed {
  const { nid, peer, isFirstMove } = subject;
  return {
    digest: hashAction(action, { nid, peer }),
    assess: async (mandate, ledger) =>
      judge(mandate, action, await gatherFacts(context, mandate, ledger, subject, { now, ...agreementOf(action) })),
    act: isCounted(action) ? { peer, isNew: isFirstMove } : undefined,
    describe: (mandate) => {
      const most = action.kind === 'pay' ? action.amountMsat : action.kind === 'sign' ? holdOf(mandate, action.terms) : undefined;
      return { nid, peer, what: whatOf(action), msat: most };
    },
  };
}

/** A deed in a group. What is said there counts once, and with each of those who hear it. */
export function deedInGroup({ context, now }: Work, action: GroupAction): Deed {
  return {
    digest: hashAction(action, {}),
    assess: async (mandate, ledger) => judgeInGroup(mandate, action, gatherGroupFacts(ledger, action.members, now)),
    act: action.kind === 'say' ? actAmong(context, action.members) : undefined,
    describe: () => ({ what: whatOf(action), ...(action.kind === 'say' ? { group: action.group } : {}) }),
  };
}

/** A deed that everybody hears of. Of several in one step the first counts as a move. */
export function deedInPublic({ context: { pubkey }, now }: Work, action: PublicAction, isFirst: boolean): Deed {
  return {
    digest: hashAction(action, {}),
    assess: async (mandate, ledger) => judgeInPublic(mandate, action, gatherPublicFacts(ledger, now)),
    act: isFirst ? { peer: pubkey, isNew: false } : undefined,
    describe: () => ({ what: whatOf(action), service: action.service }),
  };
}

function isCounted(action: Action): boolean {
  return COUNTED.has(action.kind) || (action.kind === 'reject' && !isPlainReject(action));
}

// Where nobody else is left, the words are for ourselves.
function actAmong({ pubkey }: AgentContext, [first = pubkey, ...others]: readonly Hex[]): Omit<Act, 'at'> {
  return { peer: first, others, isNew: false };
}

function whatOf(action: Action): string {
  return 'type' in action ? action.type : action.kind;
}

/** Which agreements it is about. */
function agreementOf(action: Action): { readonly agreement?: Hex | undefined; readonly amends?: Hex | undefined } {
  if (action.kind === 'pay') return { agreement: action.agreement };
  return action.kind === 'sign' || action.kind === 'offer' ? { amends: action.amends } : {};
}
