import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { fromNative } from '../errors.js';
import { type Encoded, parseText } from '../payload-codec.js';
import type { NativePair } from './binding.js';
import { getNative } from './environment.js';
import { Control, HEAD, RECORD } from './records.js';

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
    else if (what === Control.Due) void (setup.isDebugged() && connection.hold());
    else if (what === Control.Refused) outcomes.refuse(number, fromNative(detail));
    else setup.onControl(what, number, what === Control.Fatal ? readFatal(payload) : payload, detail);
  };

  const connection = addon.NativeConnection.host(environment, pair, options, startupData, onMessages, onControl);
  return {
    connection,
    scheduleFlush,
    flush() {
      environment.flush();
      connection.flushBlocking(FLUSH_TIMEOUT);
    },
    close: () => connection.close(),
  };
}

/** A peer may say anything. */
function readFatal(payload: unknown): unknown {
  try {
    return parseText(payload as Encoded);
  } catch {
    return undefined;
  }
}
