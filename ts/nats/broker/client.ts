import type * as Client from '@nats-io/transport-node';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';

import { WorkerError } from '../../index.js';
import { notConnected } from './errors.js';

const PACKAGE = '@nats-io/transport-node';

/** Connects to the broker. */
export async function connect(options: NodeConnectionOptions, addresses: string): Promise<NatsConnection> {
  const client = await loadClient();
  try {
    return await client.connect(options);
  } catch (cause) {
    throw notConnected(addresses, cause);
  }
}

/** Loads the client library, which is an optional peer dependency. */
export async function loadClient(): Promise<typeof Client> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new WorkerError(
      'ERR_PACKAGE_MISSING',
      `isolated-workers/drivers/nats needs the package ${PACKAGE}, which is not installed. Run \`npm install ${PACKAGE}\`.`,
      { cause },
    );
  }
}
