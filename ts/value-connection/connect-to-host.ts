import type { ConnectedRequester, Outcomes } from '../connection/connection.js';
import { debuggerCheck } from '../util/debugger.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import type { ServeSetup } from '../connection/serve-setup.js';
import type { Hello } from './handshake.js';
import { ValueRequester } from './requester.js';
import type { Wire } from './wires/wire.js';

/** A worker's connection for calls to its host. */
export interface HostEnd {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  readonly setup: ServeSetup;
  readonly hello: Hello;
  onTrouble(text: string): void;
}

/** Connects the worker for calls to its host. */
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
    maxMessageSize: hello.maxMessageSize ?? Infinity,
    idBase: hello.idBase,
    onChange: () => {},
    onTrouble,
    isDebugged: debuggerCheck([]),
  });
  connection.transactions.onHello(hello);
  return { connection, scheduleFlush: () => {}, flush: () => wire.flush() };
}
