// What the demo's two agents have to say and to trade: the kind of thing that nobody else should read.

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
