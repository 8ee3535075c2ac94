// What the relay says of itself over HTTP (NIP-11).

import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { RelayLimits } from './limits.ts';

const SUPPORTED_NIPS = [1, 9, 11, 40, 42, 70] as const;
const MEDIA_TYPE = 'application/nostr+json';
const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  vary: 'accept',
};

/** What the information document is made of. */
export interface RelayInformation {
  readonly name: string;
  readonly limits: RelayLimits;
  readonly requireAuthForGiftWraps: boolean;
}

/** Answers plain HTTP requests: the information document to who accepts it, a hint to browsers, CORS preflights. */
export function createInformationListener(information: RelayInformation): RequestListener {
  const body = JSON.stringify(describeRelay(information));
  return (request, response) => {
    // Nothing here reads a body; ending the connection spares us whoever keeps sending one.
    response.setHeader('connection', 'close');
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(request, response, body);
  };
}

/** The information document (NIP-11); `limitation` holds what clients can act on. */
export function describeRelay({ name, limits, requireAuthForGiftWraps }: RelayInformation): object {
  return {
    name,
    description: requireAuthForGiftWraps
      ? 'A relay embedded in agent-negotiate. Gift wraps are served to their recipient only.'
      : 'A relay embedded in agent-negotiate.',
    supported_nips: SUPPORTED_NIPS,
    software: 'pkg:npm/agent-negotiate',
    version: readVersion(),
    limitation: {
      max_message_length: limits.maxFrameBytes,
      max_subscriptions: limits.maxSubscriptions,
      max_filters: limits.maxFilters,
      max_limit: limits.maxLimit,
      default_limit: limits.maxLimit,
      max_subid_length: limits.maxSubscriptionIdLength,
      max_event_tags: limits.maxTags,
      max_content_length: limits.maxEventBytes,
      created_at_upper_limit: limits.maxFutureSeconds,
      auth_required: false,
      payment_required: false,
      restricted_writes: false,
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  const { method = '', headers } = request;
  if (method === 'OPTIONS') return reply(response, 204);
  if (method !== 'GET' && method !== 'HEAD') return reply(response, 405, 'text/plain', 'Only GET works here.\n');
  if (headers.accept?.toLowerCase().includes(MEDIA_TYPE) === true) return reply(response, 200, MEDIA_TYPE, body);
  return reply(response, 200, 'text/plain', 'This is a Nostr relay. Connect to it with a Nostr client, over a websocket.\n');
}

function reply(response: ServerResponse, status: number, type?: string, body = ''): void {
  if (type !== undefined) response.setHeader('content-type', type);
  response.writeHead(status).end(body);
}

function readVersion(): string {
  // The same path from src/relay and dist/relay.
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
