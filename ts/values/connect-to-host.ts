import type { ConnectedRequester, Outcomes } from '../connection.js';
import { debuggerCheck } from '../debugging.js';
import type { PayloadCodec } from '../payload-codec.js';
import type { ServeSetup } from '../worker-channel.js';
import type { Hello } from './hello.js';
import { ValueRequester } from './requester.js';
import type { Wire } from './wire.js';

/** What a worker's connection has of its host. */
export interface HostEnd {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  readonly setup: ServeSetup;
  readonly hello: Hello;
  onTrouble(text: string): void;
}

/** What a worker asks its host with. */
export function connectToHost(
  { wire, codec, setup, hello, onTrouble }: HostEnd,
  outcomes: Outcomes,
): ConnectedRequester & { readonly connection: ValueRequester } {
  const connection = new ValueRequester({
    wire,
    codec,
    options: setup.options,
    outcomes,
    peer: 'the host',
    maxMessageSize: codec.serializer === undefined ? Infinity : (hello.maxMessageSize ?? Infinity),
    idBase: hello.idBase,
    onChange: () => {},
    onTrouble,
    isDebugged: debuggerCheck([]),
  });
  connection.onHello(hello);
  return { connection, scheduleFlush: () => {}, flush: () => wire.flush() };
}
