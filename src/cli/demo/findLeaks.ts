// Looks for secrets in bytes that others can see: as they are, in hex, and in base64 at each of its three alignments.

// Shorter ones turn up in random text by chance.
const MIN_CHARS = 6;

/** The secrets (text) that can be found in `haystack`, in any of the three forms. */
export function findLeaks(haystack: string, secrets: readonly string[]): readonly string[] {
  const lower = haystack.toLowerCase();
  return [...new Set(secrets)].filter((secret) => secret.length >= MIN_CHARS && isIn(haystack, lower, secret));
}

/** Every text in a JSON value, and every amount with its name, which makes the digits unmistakable. */
export function listSecrets(value: unknown, name = ''): readonly string[] {
  if (typeof value === 'string') return /^\d+$/.test(value) ? [`"${name}":"${value}"`] : [value];
  if (typeof value === 'number') return [`"${name}":${value}`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => listSecrets(child, Array.isArray(value) ? name : key));
}

function isIn(haystack: string, lower: string, secret: string): boolean {
  // As text in JSON a quotation mark has a backslash before it.
  const escaped = JSON.stringify(secret).slice(1, -1);
  if (haystack.includes(secret) || haystack.includes(escaped)) return true;
  const bytes = Buffer.from(secret);
  if (lower.includes(bytes.toString('hex'))) return true;
  return [0, 1, 2].some((offset) => {
    const { standard, url } = alignedBase64(bytes, offset);
    return haystack.includes(standard) || haystack.includes(url);
  });
}

/** The characters of base64 that these bytes alone determine when `offset` bytes of something else come before them. */
function alignedBase64(bytes: Buffer, offset: number): { readonly standard: string; readonly url: string } {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const from = offset === 0 ? 0 : offset + 1;
  const to = Math.floor((padded.length * 8) / 6);
  return { standard: padded.toString('base64').slice(from, to), url: padded.toString('base64url').slice(from, to) };
}
