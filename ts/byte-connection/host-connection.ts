import type { ConnectedHost, ConnectionSetup } from '../connection/connection.js';
import { fromNative } from '../errors/from-native.js';
import { flushAtExit } from '../addon/exit-flush.js';
import type { Encoded } from '../codecs/payload-codec.js';
import { NativeAnswerer } from './answerer.js';
import { block, readJson } from './wait.js';
import type { RequestKind } from '../protocol/request-kind.js';
import type { NativePair } from '../addon/binding.js';
import { getNative } from '../addon/environment.js';
import { guard } from '../util/guard.js';
import { reasonOf } from '../util/safely.js';
import { dispatchBatch, REST_TIMEOUT } from './batches.js';
import { requesterOf } from './requester.js';
import { Control } from '../protocol/generated.js';

/** How long a worker that does not read may delay its host, in milliseconds. */
const FLUSH_TIMEOUT = 100;

/** Connects to a worker process through the addon. */
export function connectNative(pair: NativePair, setup: ConnectionSetup): ConnectedHost {
  const { addon, environment, scheduleFlush, flush } = getNative();
  const { outcomes, codec, startupData, names } = setup;

  const control = (what: Control, number: number, payload: unknown, detail: string, kind: RequestKind) => {
    switch (what) {
      case Control.Capacity:
        return outcomes.onDrain();
      case Control.Writable:
        answerer.onWritable();
        return outcomes.onWritable();
      case Control.Due:
        if (setup.isDebugged()) connection.hold();
        return;
      case Control.Refused:
        return outcomes.refuse(number, fromNative(payload));
      case Control.UnknownRequest:
        return answerer.onUnknownRequest(number, payload as Encoded, detail, kind);
      case Control.Ended:
        return answerer.dispatcher.onEndedAsked(number, detail);
      case Control.InputRefused:
        return answerer.onInputRefused(number, payload);
      case Control.UnknownNotification:
        return answerer.onUnknownNotification(payload as Encoded, detail);
      case Control.Fatal:
        return setup.onControl(what, number, readJson(payload as Encoded), detail);
      case Control.End:
      case Control.Broken:
        settled();
        answerer.dispatcher.abandon();
    }
    setup.onControl(what, number, payload, detail);
  };

  const options = { ...setup.options, handlers: [...names] };
  const { onWarning } = setup;
  const report = (error: unknown) => onWarning(`an event of the connection failed: ${reasonOf(error)}`);
  const onMessages = guard((count: number, payloads: unknown) => dispatchBatch(takers, count, payloads), report);
  const onControl = guard(control, report);
  const native = addon.NativeConnection.host(environment, pair, options, startupData, onMessages, onControl);
  const requester = requesterOf(native);
  const receiveNow = native.receiveNow.bind(native);
  const connection = Object.assign(requester, {
    block: (slot: number) => block(native, codec, slot),
    beginNow: requester.request,
    receiveNow: () => receiveNow(REST_TIMEOUT, !takers.wasCut),
    sendNow: (millis: number) => requester.flushBlocking(millis),
  });
  const { createDispatcher } = setup;
  const answerer = new NativeAnswerer({ connection, codec, names, createDispatcher });
  answerer.dispatcher.limiter.attach(answerer);
  const takers = { codec, outcomes, answerer, onWarning, wasCut: false };
  const settled = flushAtExit({
    flush(millis) {
      flush();
      if (connection.pendingBytes > 0) connection.flushBlocking(millis);
    },
  });
  return {
    connection,
    scheduleFlush,
    flush() {
      flush();
      connection.flushBlocking(FLUSH_TIMEOUT);
    },
    close() {
      settled();
      answerer.dispatcher.abandon();
      connection.close();
    },
  };
}
