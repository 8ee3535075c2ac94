// Takes websocket connections up to the limit, watches that they live, and ends them all.

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerFrame } from './answerFrame.ts';
import { createConnection, isOpen, sendChallenge, type RelayContext } from './connection.ts';

const GOING_AWAY = 1001;
// How long a client may take to say goodbye when the relay closes.
const GOODBYE_MS = 500;

/** Takes websockets of `server` from now on; the function it returns stops that, ends all and resolves once they are down. */
export function acceptSockets(server: Server, context: RelayContext): () => Promise<void> {
  const { limits, connections } = context;
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxFrameBytes, perMessageDeflate: false });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (connections.size >= limits.maxConnections) return refuse(socket);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => openConnection(webSocket, context));
  };
  server.on('upgrade', onUpgrade);
  const heartbeat = setInterval(checkLife, limits.heartbeatMs, context);
  return async () => {
    clearInterval(heartbeat);
    server.off('upgrade', onUpgrade);
    server.on('upgrade', (_request, socket: Duplex) => socket.destroy());
    await endAll(context);
  };
}

function refuse(socket: Duplex): void {
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
}

function openConnection(socket: WebSocket, context: RelayContext): void {
  const connection = createConnection(socket, context);
  context.connections.add(connection);
  socket.on('message', (data: Buffer, isBinary) => answerFrame(context, connection, data, isBinary));
  socket.on('pong', () => (connection.isAlive = true));
  socket.on('close', () => context.connections.delete(connection));
  // A client that breaks the websocket protocol or the frame limit; `ws` closes the socket with the fitting status.
  socket.on('error', () => undefined);
  if (context.requireAuthForGiftWraps) sendChallenge(connection);
}

function checkLife({ connections, store, clock }: RelayContext): void {
  for (const connection of connections) {
    if (!connection.isAlive) connection.socket.terminate();
    else if (isOpen(connection)) connection.socket.ping(undefined, undefined, () => undefined);
    connection.isAlive = false;
  }
  try {
    store.sweep(clock.now());
  } catch {
    // Expired events are not served anyway; the next event or beat sweeps again.
  }
}

async function endAll({ connections }: RelayContext): Promise<void> {
  const ends = [...connections].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)));
  for (const { socket } of connections) socket.close(GOING_AWAY, 'the relay is closing');
  const timer = setTimeout(() => connections.forEach(({ socket }) => socket.terminate()), GOODBYE_MS);
  await Promise.all(ends);
  clearTimeout(timer);
}
