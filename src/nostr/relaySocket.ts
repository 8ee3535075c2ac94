// One websocket to a relay: text frames in and out, bounded in size, and surely dead once closed.
// `ws` instead of Node's own WebSocket, which buffers a message of a relay's choosing before we see its size, cannot ping, and cannot
// be ended without the relay's consent.

import { WebSocket } from 'ws';
import { openTunnel, type ProxyRoute } from './proxy.ts';

/** What happens on a socket. `onDown` comes once and nothing comes after it. */
export interface SocketHandlers {
  onOpen(): void;
  /** A text frame and its size. */
  onText(text: string, bytes: number): void;
  /** A binary frame, which no relay has reason to send. */
  onBinary(): void;
  onPong(): void;
  /** The socket is gone; `isViolation` when the relay broke the websocket protocol or the frame limit. */
  onDown(isViolation: boolean): void;
}

/** A websocket that is opening, open or down. */
export interface RelaySocket {
  /** Sends a text frame; does nothing unless the socket is open. */
  send(text: string): void;
  ping(): void;
  /** Bytes that wait to be sent. */
  bufferedBytes(): number;
  /** Ends the socket at once, whatever the relay does; `onDown` has been called when this returns. */
  close(): void;
}

/**
 * Opens a socket to a normalised relay URL, through a proxy when there is a route. Redirects are not followed and compression is not
 * offered. Never throws.
 */
export function openSocket(
  url: string,
  limits: { connectTimeoutMs: number; maxFrameBytes: number },
  handlers: SocketHandlers,
  route?: ProxyRoute,
): RelaySocket {
  const tunnel = route === undefined ? undefined : openTunnel(url, route);
  const through = tunnel === undefined ? {} : { createConnection: tunnel.createConnection };
  const socket = new WebSocket(url, { maxPayload: limits.maxFrameBytes, perMessageDeflate: false, followRedirects: false, ...through });
  let isDown = false;
  const goDown = (isViolation = false): void => {
    if (isDown) return;
    isDown = true;
    clearTimeout(timer);
    // The close frame is courtesy; a relay that does not read it must not keep the socket.
    socket.close();
    socket.terminate();
    tunnel?.destroy();
    handlers.onDown(isViolation);
  };
  const timer = setTimeout(() => goDown(), limits.connectTimeoutMs);
  const whileUp = (act: () => void) => (): void => (isDown ? undefined : act());
  const open = (): void => {
    clearTimeout(timer);
    handlers.onOpen();
  };
  socket.on('open', whileUp(open));
  socket.on('pong', whileUp(handlers.onPong));
  socket.on('message', (data: Buffer, isBinary) => {
    whileUp(() => (isBinary ? handlers.onBinary() : handlers.onText(data.toString(), data.length)))();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => goDown(error.code?.startsWith('WS_ERR_') === true));
  socket.on('close', () => goDown());
  const isOpen = (): boolean => socket.readyState === WebSocket.OPEN;
  return {
    // Failures to send show as 'error' or 'close'.
    send: (text) => (isOpen() ? socket.send(text, () => undefined) : undefined),
    ping: () => (isOpen() ? socket.ping(undefined, undefined, () => undefined) : undefined),
    bufferedBytes: () => socket.bufferedAmount,
    close: () => goDown(),
  };
}
