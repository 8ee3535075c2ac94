// Answers one websocket message of a client, whatever it holds.

import { encodeNotice } from './answer.ts';
import { answerAuth, answerEvent } from './answerEvent.ts';
import { answerReq } from './answerReq.ts';
import { parseClientMessage } from './clientMessage.ts';
import { isOpen, send, type Connection, type RelayContext } from './connection.ts';

const POLICY_VIOLATION = 1008;

/** Answers one message; binary ones and such that are not the Nostr protocol get a NOTICE, and too many of them end the connection. */
export function answerFrame(context: RelayContext, connection: Connection, data: Buffer, isBinary: boolean): void {
  if (!isOpen(connection)) return;
  if (isBinary) return objectTo(connection, 'a message must be a text frame');
  const message = parseClientMessage(data.toString(), context.limits);
  switch (message.type) {
    case 'event':
      return answerEvent(context, connection, message.id, message.event);
    case 'auth':
      return answerAuth(context, connection, message.id, message.event);
    case 'req':
      return answerReq(context, connection, message.subscriptionId, message.filters);
    case 'close':
      connection.subscriptions.delete(message.subscriptionId);
      return undefined;
    case 'malformed':
      return objectTo(connection, message.reason);
    default:
      return message satisfies never;
  }
}

function objectTo(connection: Connection, words: string): void {
  connection.malformedFrames += 1;
  send(connection, encodeNotice(`invalid: ${words}`));
  if (connection.malformedFrames >= connection.limits.maxMalformedFrames)
    connection.socket.close(POLICY_VIOLATION, 'too many malformed messages');
}
