// Writes the test vectors of the protocol into vectors/: `npm run vectors`. Their content is in scripts/vectors/.

import { mkdirSync, writeFileSync } from 'node:fs';
import { makeVectorFiles } from './vectors/vectorFiles.ts';

mkdirSync('vectors', { recursive: true });
for (const [name, text] of makeVectorFiles()) {
  writeFileSync(`vectors/${name}`, text);
  console.log(`vectors/${name}: ${Buffer.byteLength(text)} bytes`);
}
