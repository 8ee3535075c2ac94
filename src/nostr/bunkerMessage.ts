// What travels between us and a remote signer inside the encrypted content of kind 24133 (NIP-46).

/** Kind of requests to a remote signer and of its answers. */
export const BUNKER_KIND = 24_133;

/** The methods that we call. */
export type BunkerMethod = 'connect' | 'get_public_key' | 'sign_event' | 'nip44_encrypt' | 'nip44_decrypt' | 'ping';

/**
 * An answer to the request with this id. `approve`: the owner is to approve at `url` first, then comes another answer with the same id.
 * What a bunker says about an error stays here: it may hold anything.
 */
export type BunkerAnswer = { readonly id: string } & (
  { readonly kind: 'result'; readonly result: string } | { readonly kind: 'approve'; readonly url: string } | { readonly kind: 'refused' }
);

const MAX_ID_CHARS = 200;
const MAX_URL_CHARS = 2_000;
const APPROVE = 'auth_url';

/** Writes a request. */
export function encodeRequest(id: string, method: BunkerMethod, params: readonly string[]): string {
  return JSON.stringify({ id, method, params });
}

/** Reads an answer; undefined for what is none. Never throws. */
export function readBunkerAnswer(text: string): BunkerAnswer | undefined {
  const value = parseObject(text);
  const id = value?.['id'];
  if (value === undefined || typeof id !== 'string' || id.length > MAX_ID_CHARS) return undefined;
  const { result, error } = value;
  if (result === APPROVE) {
    const url = readApprovalUrl(error);
    return url === undefined ? { id, kind: 'refused' } : { id, kind: 'approve', url };
  }
  if (error !== undefined && error !== null && error !== '') return { id, kind: 'refused' };
  return typeof result === 'string' ? { id, kind: 'result', result } : undefined;
}

/** A page that may be shown to the owner: https, or on this machine; escaped, so that it holds no control character. */
function readApprovalUrl(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_URL_CHARS) return undefined;
  const url = URL.parse(text);
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url?.protocol === 'https:' || isLocal ? url?.href : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
