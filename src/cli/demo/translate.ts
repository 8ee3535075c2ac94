// The work of the demo's seller: reads German on stdin, writes English on stdout, phrase by phrase from a small glossary. No network.

const GLOSSARY: readonly (readonly [german: string, english: string])[] = [
  ['sind alle Ansprüche erledigt', 'all claims are settled'],
  ['schweigen über den Inhalt', 'keep silent about the contents'],
  ['wird vereinbart', 'it is agreed'],
  ['als Abfindung', 'as a severance payment'],
  ['dieser Vereinbarung', 'of this agreement'],
  ['Mit der Zahlung', 'Upon payment'],
  ['Zwischen der', 'Between'],
  ['Beide Seiten', 'Both sides'],
  ['Die Werft', 'The shipyard'],
  ['Vergleich', 'Settlement'],
  ['zahlt an', 'pays'],
  ['48.000', '48,000'],
  ['Euro', 'euros'],
  ['Frau', 'Ms'],
  ['und', 'and'],
];

/** Translates a text; what the glossary does not know stays as it is. */
export function translate(german: string): string {
  return GLOSSARY.reduce(
    (text, [from, to]) => text.replaceAll(new RegExp(`(?<!\\p{L})${from.replace('.', '\\.')}(?!\\p{L})`, 'gu'), to),
    german,
  );
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  process.stdout.write(translate(Buffer.concat(chunks).toString('utf8')));
}

if (import.meta.main) await main();
