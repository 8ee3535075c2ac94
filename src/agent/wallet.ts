// The wallet of an agent: connect one, see what it is and what it holds.

import { z } from 'zod';
import { formatSats } from '../core/money.ts';
import type { AgentContext } from './context.ts';

/** A wallet's URL (NIP-47, `nostr+walletconnect:`), which takes the place of the one before. */
export const connectWalletInput = z.strictObject({ url: z.string() });

/** A wallet. */
export interface WalletView {
  readonly rail: 'sandbox' | 'nwc';
  readonly isTestMoney: boolean;
  readonly balanceMsat: bigint;
  /** For people; says so when it is test money. */
  readonly balance: string;
}

/** Connects a wallet and shows it. Throws `input/invalid`, `home/unreadable`, and what {@link wallet} throws: it stays connected then. */
export async function connectWallet(context: AgentContext, { url }: z.infer<typeof connectWalletInput>): Promise<WalletView> {
  await context.connectWallet(url);
  return wallet(context);
}

/** Shows the wallet. Throws `wallet/missing`, `wallet/unreachable`, `wallet/refused`. */
export async function wallet(context: AgentContext): Promise<WalletView> {
  const rail = await context.rail();
  const { id, isTestMoney } = await rail.describe();
  const balanceMsat = await rail.balance();
  return { rail: id, isTestMoney, balanceMsat, balance: `${formatSats(balanceMsat)}${isTestMoney ? ' (test money, worthless)' : ''}` };
}
