// A bunker (NIP-46) in a process of its own. The backend is applesauce's and shares no code with ours; it misbehaves when it is told to.

import { EventEmitter, on, once } from 'node:events';
import { NostrConnectProvider, PrivateKeySigner } from 'applesauce-signers/signers';
import { WebSocket } from 'ws';
import type { BunkerBehaviour, BunkerReport, BunkerStart } from './bunker.fixture.ts';

type Message = Parameters<NostrConnectProvider['handleEvent']>[0];
type Template = Parameters<PrivateKeySigner['signEvent']>[0];
type Subscribe = NonNullable<ConstructorParameters<typeof NostrConnectProvider>[0]['subscriptionMethod']>;

interface Request {
  readonly id: string;
  readonly method: string;
  readonly params: readonly string[];
}

const tell = (report: BunkerReport): void => void process.send?.(report);
const inbox = new EventEmitter();
process.on('message', (message: { readonly type: string }) => inbox.emit(message.type, message));

let behaviour: BunkerBehaviour = { name: 'honest' };
inbox.on('behave', (message: { readonly behaviour: BunkerBehaviour }) => {
  behaviour = message.behaviour;
  tell({ type: 'behaves' });
});

const kindOf = ({ method, params }: Request): number | undefined =>
  method === 'sign_event' ? (JSON.parse(params[0] ?? '{}') as Template).kind : undefined;

function isMeant(request: Request | undefined): boolean {
  const { method = 'sign_event', kind } = behaviour;
  if (method === 'any') return true;
  return request?.method === method && (kind === undefined || kindOf(request) === kind);
}

class Bunker extends NostrConnectProvider {
  readonly requests = new Map<string, Request>();
  readonly lost = new Set<string>();

  override async handleEvent(event: Message): Promise<void> {
    const request = JSON.parse((await this.signer.nip44?.decrypt(event.pubkey, event.content)) ?? '') as Request;
    this.requests.set(request.id, request);
    const { id, method } = request;
    tell({
      type: 'request',
      id,
      method,
      kind: kindOf(request),
      client: event.pubkey,
      perms: method === 'connect' ? request.params[2] : '',
    });
    await super.handleEvent(event);
  }

  protected override async sendMessage(to: string | Message, message: Parameters<NostrConnectProvider['sendMessage']>[1]): Promise<void> {
    const send = (id: string, result: string, error?: string): Promise<void> =>
      super.sendMessage(to, { id, result, ...(error === undefined ? {} : { error }) } as typeof message);
    if (!isMeant(this.requests.get(message.id))) return super.sendMessage(to, message);
    switch (behaviour.name) {
      case 'mute':
        return;
      case 'garbage':
        return send(message.id, 'neither an event nor a key');
      case 'junk':
        await this.publishMethod(
          [],
          await this.signer.signEvent({ kind: 24133, created_at: now(), tags: [['p', clientOf(to)]], content: '?' }),
        );
        return;
      case 'other-id':
        return send(`${message.id}0`, message.result as string);
      case 'twice':
        await send(message.id, message.result as string);
        return send(message.id, 'something else');
      case 'refuse':
        return send(message.id, '', behaviour.text);
      case 'lose-first':
        if (!this.lost.has(message.id)) return void this.lost.add(message.id);
        return super.sendMessage(to, message);
      case 'approve':
        await send(message.id, 'auth_url', behaviour.text);
        await once(inbox, 'go');
        return super.sendMessage(to, message);
      case 'hold':
        await once(inbox, 'go');
        return super.sendMessage(to, message);
      // These sign strangely, and hand that over as they should.
      case 'honest':
      case 'client-tag':
      case 'other-time':
      case 'other-key':
        return super.sendMessage(to, message);
      default:
        return behaviour.name satisfies never;
    }
  }
}

function signStrangely(honest: PrivateKeySigner, template: Template): ReturnType<PrivateKeySigner['signEvent']> {
  const isHere = isMeant({ id: '', method: 'sign_event', params: [JSON.stringify(template)] });
  const { kind, created_at, tags, content } = template;
  if (isHere && behaviour.name === 'client-tag')
    return honest.signEvent({ kind, created_at, content, tags: [...tags, ['client', 'Bunker']] });
  if (isHere && behaviour.name === 'other-time') return honest.signEvent({ kind, created_at: created_at + 1, content, tags });
  if (isHere && behaviour.name === 'other-key') return new PrivateKeySigner().signEvent(template);
  return honest.signEvent(template);
}

const now = (): number => Math.floor(Date.now() / 1_000);
const clientOf = (to: string | Message): string => (typeof to === 'string' ? to : to.pubkey);

const [{ relay, identityKey, signerKey, secret, client }] = (await once(inbox, 'start')) as [BunkerStart];
const socket = new WebSocket(relay);
await once(socket, 'open');
const arrivals = new EventEmitter();
socket.on('message', (data: Buffer) => {
  const [type, id, body] = JSON.parse(data.toString()) as [string, string, unknown];
  if (type === 'EVENT') arrivals.emit(id, body);
});
let subscriptions = 0;
async function* follow(filters: readonly unknown[]): AsyncGenerator<Message> {
  const id = `bunker-${(subscriptions += 1)}`;
  socket.send(JSON.stringify(['REQ', id, ...filters]));
  for await (const [event] of on(arrivals, id)) yield event as Message;
}

const upstream = PrivateKeySigner.fromKey(identityKey);
const bunker = new Bunker({
  relays: [relay],
  signer: PrivateKeySigner.fromKey(signerKey),
  upstream: {
    getPublicKey: () => upstream.getPublicKey(),
    signEvent: (template) => signStrangely(upstream, template),
    nip44: upstream.nip44,
  },
  bunkerSecret: secret,
  subscriptionMethod: (_, filters) => follow(filters) as ReturnType<Subscribe>,
  publishMethod: async (_, event) => socket.send(JSON.stringify(['EVENT', event])),
});
// A bunker remembers whom it has let in.
if (client !== undefined) bunker.client = client;
await bunker.start();
tell({ type: 'ready', url: await bunker.getBunkerURI() });
