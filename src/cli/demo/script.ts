// What the demo's agents have to say and to trade: the kind of thing that nobody else should read.

/** What the buyer looks for and the seller announces. */
export const CAPABILITY = 'translation';
/** Sats: the announced price, and what the buyer bids first. */
export const LIST_PRICE = 900n;
/** Sats. */
export const OPENING_BID = 600n;
/** Sats of test money that the buyer's wallet begins with. */
export const GRANT = 10_000n;

/** What the buyer wants done; it becomes part of the agreement. */
export const ABOUT = 'A confidential settlement agreement, German to English. It must not leave your machine.';
/** What the seller asks back. */
export const QUESTION = 'Happy to. Which variety of English, and may I keep the text for my translation memory?';
/** What the buyer answers. */
export const ANSWER = 'British English, and no: delete it after delivery.';

/** The file that is handed over once the deal is made. */
export const CONTRACT = [
  'Vergleich',
  'Zwischen der Nordlicht Werft GmbH und Frau Dr. Amalia Brandt wird vereinbart:',
  '1. Die Werft zahlt an Frau Brandt 48.000 Euro als Abfindung.',
  '2. Beide Seiten schweigen über den Inhalt dieser Vereinbarung.',
  '3. Mit der Zahlung sind alle Ansprüche erledigt.',
  '',
].join('\n');

/** A seller's part. Prices are in whole sats; without a strategy it bargains by a few fixed rules, and asks a question first. */
export interface SellerPart {
  readonly name: string;
  readonly list: bigint;
  readonly least: bigint;
  readonly strategy?: string;
}

// Of several the second is the one that can go lowest: who is found first is not who wins.
const RIVALS = [
  { name: 'seller A', list: 900n, above: 60n, strategy: 'boulware' },
  { name: 'seller B', list: 950n, above: 0n, strategy: 'linear' },
  { name: 'seller C', list: 880n, above: 120n, strategy: 'tit-for-tat' },
] as const;

/** The most that the buyer can ask at once. */
export const MOST_SELLERS = RIVALS.length;
/** How the buyer bargains with several: its strategy, the offers it has, what it begins with (sats). */
export const BUYER_TACTICS = { strategy: 'linear', rounds: 6, bid: 450n } as const;

/** The parts of one seller, or of several, of which none takes less than `least` sats. */
export function castSellers(count: number, least: bigint): readonly SellerPart[] {
  if (count === 1) return [{ name: 'seller', list: max(LIST_PRICE, least), least }];
  return RIVALS.slice(0, count).map(({ name, list, above, strategy }) => ({
    name,
    list: max(list, least + above),
    least: least + above,
    strategy,
  }));
}

/** The policy of an agent of the demo, as its owner would write it. `limit`: the buyer's most, a seller's least, in whole sats. */
export function writePolicy(role: 'buyer' | 'seller', limit: bigint): string {
  const msat = Number(limit * 1_000n);
  return JSON.stringify({
    version: 1,
    name: `demo-${role}`,
    role,
    services: { capabilities: [CAPABILITY] },
    peers: { allow: ['*'] },
    ...(role === 'buyer' ? { limits: { per_deal_msat: msat, per_day_msat: msat, open_msat: msat } } : {}),
    issues: [{ term: '/price', reserve: msat }],
    disclosure: { terms: ['*'], free_text: true, max_text_chars: 1_000 },
  });
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
