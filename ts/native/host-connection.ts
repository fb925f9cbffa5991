import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { fromNative } from '../errors.js';
import type { Encoded } from '../payload-codec.js';
import { NativeAnswerer } from './answerer.js';
import { block, readJson } from './block.js';
import type { NativePair } from './binding.js';
import { getNative } from './environment.js';
import { Control } from './records.js';
import { handOn } from './batches.js';
import { requesterOf } from './requester.js';

/** How long a worker that does not read may hold up its host, in milliseconds. */
const FLUSH_TIMEOUT = 100;
/** What begins so, the library tells itself. */
const OWN = 'isolated-workers:';

/** Connects to a worker process through the addon. */
export function connectNative(pair: NativePair, setup: ConnectionSetup): ConnectedHost {
  const { addon, environment, scheduleFlush, flush } = getNative();
  const { outcomes, codec, startupData, names } = setup;

  const onControl = (what: number, number: number, payload: unknown, detail: string) => {
    const { dispatcher } = answerer;
    switch (what) {
      case Control.Room:
        dispatcher.onRoom();
        return outcomes.onRoom();
      case Control.Due:
        if (setup.isDebugged()) connection.hold();
        return;
      case Control.Refused:
        return outcomes.refuse(number, fromNative(detail));
      case Control.UnknownRequest:
        return answerer.onUnknownRequest(number, payload as Encoded, detail);
      case Control.InputRefused:
        return answerer.onInputRefused(number, detail);
      case Control.UnknownNotification:
        if (detail.startsWith(OWN)) break;
        return answerer.onUnknownNotification(payload as Encoded, detail);
      case Control.Fatal:
        return setup.onControl(what, number, readJson(payload as Encoded), detail);
      case Control.End:
        dispatcher.abandon();
    }
    setup.onControl(what, number, payload, detail);
  };

  const options = { ...setup.options, handlers: [...names] };
  const onMessages = (count: number, payloads: unknown) => handOn(takers, count, payloads);
  const native = addon.NativeConnection.host(environment, pair, options, startupData, onMessages, onControl);
  const connection = Object.assign(requesterOf(native), {
    block: (slot: number) => block(native, codec, slot),
    beginNow: native.requestCommand,
  });
  const { createDispatcher } = setup;
  const answerer = new NativeAnswerer({ connection, codec, names, createDispatcher });
  const takers = { codec, outcomes, answerer };
  return {
    connection,
    scheduleFlush,
    flush() {
      flush();
      connection.flushBlocking(FLUSH_TIMEOUT);
    },
    close() {
      answerer.dispatcher.abandon();
      connection.close();
    },
  };
}
