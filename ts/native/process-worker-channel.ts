import { isMainThread } from 'node:worker_threads';

import type { Answers, Dispatcher } from '../dispatcher.js';
import { connectTimeout as connectTimedOut, fromNative } from '../errors.js';
import { createCodec, type Encoded, type PayloadCodec } from '../payload-codec.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import type { NativeConnection } from './binding.js';
import { Control, getNative, HEAD, RECORD, RecordKind } from './environment.js';

/** Names the connection to the host: `fd:` and the number of an inherited descriptor. */
export const CHANNEL_VARIABLE = 'ISOLATED_WORKERS_CHANNEL';

/** What the host configured as `timeout.serverConnect`, in milliseconds: too late to be told over the connection. */
export const CONNECT_TIMEOUT_VARIABLE = 'ISOLATED_WORKERS_CONNECT_TIMEOUT';
const DEFAULT_CONNECT_TIMEOUT = 30_000;

/** How long a process that exits may take to write its last answers, in milliseconds. */
const FLUSH_TIMEOUT = 1000;

/** The connection of a process that was started as a worker; `undefined` in another. */
export function openProcessChannel(): WorkerChannel | undefined {
  const descriptor = /^fd:(\d+)$/.exec(process.env[CHANNEL_VARIABLE] ?? '')?.[1];
  if (descriptor === undefined || !isMainThread) return undefined;
  const timeout = Number(process.env[CONNECT_TIMEOUT_VARIABLE] ?? DEFAULT_CONNECT_TIMEOUT);
  // Processes that this worker starts are not workers of the same host.
  delete process.env[CHANNEL_VARIABLE];
  delete process.env[CONNECT_TIMEOUT_VARIABLE];
  return new ProcessWorkerChannel(Number(descriptor), timeout);
}

class ProcessWorkerChannel implements WorkerChannel, Answers<number> {
  readonly driver = 'child_process';
  readonly isAlone = true;
  private readonly native = getNative();
  private readonly connection: NativeConnection;
  private codec!: PayloadCodec;
  private data: { readonly value: unknown } | undefined;

  constructor(
    descriptor: number,
    readonly connectTimeout: number,
  ) {
    const { addon, environment } = this.native;
    this.connection = addon.NativeConnection.worker(environment, descriptor);
  }

  startupData(): unknown {
    this.data ??= { value: this.readStartupData() };
    return this.data.value;
  }

  private readStartupData(): unknown {
    try {
      const text = this.connection.readStartupData(this.connectTimeout);
      return text === null ? undefined : JSON.parse(text);
    } catch (error) {
      throw fromNative(error);
    }
  }

  serve(setup: ServeSetup): Promise<void> {
    const { options, names, log } = setup;
    const { connection } = this;
    this.codec = createCodec(setup.serializer);
    const dispatcher = setup.createDispatcher(this);
    const onMessages = this.deliverTo(dispatcher, names);
    return new Promise((resolve, reject) => {
      const onControl = (what: number, number: number, payload: Encoded, detail: string) => {
        switch (what) {
          case Control.Ready:
            return resolve();
          case Control.Mismatch:
            return reject(fromNative(detail));
          case Control.HandshakeTimedOut:
            return reject(connectTimedOut(options.serverConnectTimeout));
          case Control.UnknownRequest:
            return dispatcher.receive(number, detail, undefined, this.codec.decode(payload));
          case Control.UnknownNotification:
            return dispatcher.receive(undefined, detail, undefined, this.codec.decode(payload));
          case Control.Dropped:
            return log('warn', `a message from the host was dropped: ${detail}`);
          case Control.Close:
            return setup.onCloseAsked();
          case Control.End:
            return setup.onHostGone();
        }
      };
      try {
        connection.serve(options, [...names], onMessages, onControl);
      } catch (error) {
        throw fromNative(error);
      }
      // What came before is handled when the caller is done with this tick.
      queueMicrotask(() => {
        connection.drain();
        this.native.environment.flush();
      });
    });
  }

  private deliverTo(dispatcher: Dispatcher<number>, names: readonly string[]) {
    const { records } = this.native;
    const { codec } = this;
    const handlers = names.map((name) => dispatcher.find(name));
    return (count: number, payloads: Encoded) => {
      const values = codec.decodeBatch(records, count, payloads);
      for (let index = 0; index < count; index++) {
        const at = HEAD + index * RECORD;
        const call = records[at] === RecordKind.Request ? records[at + 1] : undefined;
        const handler = records[at + 2] as number;
        dispatcher.receive(call, names[handler] as string, handlers[handler], values[index]);
      }
    };
  }

  respond(call: number, type: string, result: unknown): void {
    this.connection.respond(call, this.codec.encode(result, `the result of "${type}"`));
    this.native.scheduleFlush();
  }

  fail(call: number, _type: string, error: RemoteErrorPayload): void {
    this.connection.fail(call, JSON.stringify(error));
    this.native.scheduleFlush();
  }

  transactionId(call: number): string | undefined {
    return this.connection.callTransactionId(call) ?? undefined;
  }

  flush(): void {
    this.connection.flushBlocking(FLUSH_TIMEOUT);
  }

  close(): void {
    this.connection.close();
  }

  exit(): void {
    process.exit();
  }
}
