import type { NativeConnection } from './native/binding.js';

import { fromNative } from './errors.js';
import { getNative } from './native/environment.js';

/** Names the connection to the host: `fd:` and the number of an inherited descriptor. */
export const CHANNEL_VARIABLE = 'ISOLATED_WORKERS_CHANNEL';

/** What the host configured as `timeout.serverConnect`, in milliseconds: too late to be told over the connection. */
export const CONNECT_TIMEOUT_VARIABLE = 'ISOLATED_WORKERS_CONNECT_TIMEOUT';
const DEFAULT_CONNECT_TIMEOUT = 30_000;

/** The connection of a process that was started as a worker. */
export interface WorkerChannel {
  readonly connection: NativeConnection;
  /** How long to wait for the host's handshake, in milliseconds, unless the worker says otherwise. */
  readonly connectTimeout: number;
  /** Blocks until they are there; they are decoded once. */
  startupData(): unknown;
}

const channel = openChannel();

/** The connection to the host; `undefined` in a process that is no worker. */
export function getWorkerChannel(): WorkerChannel | undefined {
  return channel;
}

function openChannel(): WorkerChannel | undefined {
  const descriptor = /^fd:(\d+)$/.exec(process.env[CHANNEL_VARIABLE] ?? '')?.[1];
  if (descriptor === undefined) return undefined;
  const connectTimeout = Number(process.env[CONNECT_TIMEOUT_VARIABLE] ?? DEFAULT_CONNECT_TIMEOUT);
  // Processes that this worker starts are not workers of the same host.
  delete process.env[CHANNEL_VARIABLE];
  delete process.env[CONNECT_TIMEOUT_VARIABLE];
  const { addon, environment } = getNative();
  const connection = addon.NativeConnection.worker(environment, Number(descriptor));
  let data: { readonly value: unknown } | undefined;
  return {
    connection,
    connectTimeout,
    startupData() {
      data ??= { value: parse(readStartupData(connection, connectTimeout)) };
      return data.value;
    },
  };
}

function readStartupData(connection: NativeConnection, timeout: number): string | null {
  try {
    return connection.readStartupData(timeout);
  } catch (error) {
    throw fromNative(error);
  }
}

function parse(text: string | null): unknown {
  return text === null ? undefined : JSON.parse(text);
}
