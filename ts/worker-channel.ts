import type { NativeConnection } from './native/binding.js';

import { getNative } from './native/environment.js';

/** Names the connection to the host: `fd:` and the number of an inherited descriptor. */
export const CHANNEL_VARIABLE = 'ISOLATED_WORKERS_CHANNEL';

/** How long `getStartupData` waits for the host, in milliseconds: it has sent them before the worker could ask. */
const STARTUP_DATA_TIMEOUT = 30_000;

/** The connection of a process that was started as a worker. */
export interface WorkerChannel {
  readonly connection: NativeConnection;
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
  // Processes that this worker starts are not workers of the same host.
  delete process.env[CHANNEL_VARIABLE];
  const { addon, environment } = getNative();
  const connection = addon.NativeConnection.worker(environment, Number(descriptor));
  let data: { readonly value: unknown } | undefined;
  return {
    connection,
    startupData() {
      data ??= { value: parse(connection.readStartupData(STARTUP_DATA_TIMEOUT)) };
      return data.value;
    },
  };
}

function parse(text: string | null): unknown {
  return text === null ? undefined : JSON.parse(text);
}
