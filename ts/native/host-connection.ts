import { type ConnectedHost, type ConnectionSetup, type HostConnection, RequestKind } from '../connection.js';
import { fromNative, unsupportedByDriver } from '../errors.js';
import { type Encoded, parseText } from '../payload-codec.js';
import type { NativeConnection, NativePair } from './binding.js';
import { Control, getNative, HEAD, RECORD } from './environment.js';

/** How long a worker that does not read may hold up its host, in milliseconds. */
const FLUSH_TIMEOUT = 100;

/** Connects to a worker process through the addon. */
export function connectNative(pair: NativePair, setup: ConnectionSetup): ConnectedHost {
  const { addon, environment, records, scheduleFlush } = getNative();
  const { outcomes, codec, options, startupData } = setup;

  const onMessages = (count: number, payloads: Encoded) => {
    const values = codec.decodeBatch(records, count, payloads);
    for (let index = 0; index < count; index++) {
      const at = HEAD + index * RECORD;
      outcomes.settle(records[at + 1] as number, records[at] as number, values[index], records[at + 2] as number);
    }
    outcomes.batchEnd();
  };
  const onControl = (what: number, number: number, payload: unknown, detail: string) => {
    if (what === Control.Room) outcomes.onRoom();
    else if (what === Control.Refused) outcomes.refuse(number, fromNative(detail));
    else setup.onControl(what, number, what === Control.Fatal ? readFatal(payload) : payload, detail);
  };

  const native = addon.NativeConnection.host(environment, pair, options, startupData, onMessages, onControl);
  const connection = withPlaceholders(native);
  return {
    connection,
    scheduleFlush,
    flush() {
      environment.flush();
      native.flushBlocking(FLUSH_TIMEOUT);
    },
    close: () => connection.close(),
  };
}

/** PLACEHOLDER: byte connections cancel nothing and carry no streams yet. */
function withPlaceholders(native: NativeConnection): HostConnection {
  const refuse = (): never => {
    throw unsupportedByDriver('child_process', 'streams', 'worker_threads');
  };
  const reserve = native.reserve.bind(native);
  return Object.assign(native, {
    reserve: (type: string, tx: string | undefined, timeout: number, kind: RequestKind) =>
      kind === RequestKind.Request ? reserve(type, tx, timeout) : refuse(),
    abort: (slot: number) => native.cancel(slot),
    credit: () => {},
    input: refuse,
    endInput: () => {},
  }) as unknown as HostConnection;
}

/** A peer may say anything. */
function readFatal(payload: unknown): unknown {
  try {
    return parseText(payload as Encoded);
  } catch {
    return undefined;
  }
}
