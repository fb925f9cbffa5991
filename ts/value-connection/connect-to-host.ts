import type { ConnectedRequester, Outcomes } from '../connection/connection.js';
import { debuggerCheck } from '../util/debugger.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import type { ServeSetup } from '../connection/serve-setup.js';
import type { Handshake } from './handshake.js';
import { ValueRequester } from './requester.js';
import type { Wire } from './wires/wire.js';

/** A worker's connection for calls to its host. */
export interface HostEnd {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  readonly setup: ServeSetup;
  readonly handshake: Handshake;
  onWarning(text: string): void;
}

/** Connects the worker for calls to its host. */
export function connectToHost(
  { wire, codec, setup, handshake, onWarning }: HostEnd,
  outcomes: Outcomes,
): ConnectedRequester & { readonly connection: ValueRequester } {
  const connection = new ValueRequester({
    wire,
    codec,
    options: setup.options,
    outcomes,
    peer: 'the host',
    maxMessageSize: handshake.maxMessageSize ?? Infinity,
    idBase: handshake.idBase,
    onChange: () => {},
    onWarning,
    isDebugged: debuggerCheck([]),
  });
  connection.transactions.onHandshake(handshake);
  return { connection, scheduleFlush: () => {}, flush: () => wire.flush() };
}
