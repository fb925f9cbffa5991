import type * as Client from '@nats-io/transport-node';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';

import { WorkerError } from '../index.js';

const PACKAGE = '@nats-io/transport-node';

/** Loads the client library, which is an optional peer dependency, and connects to the broker. */
export async function connect(options: NodeConnectionOptions): Promise<NatsConnection> {
  const client = await load();
  try {
    return await client.connect(options);
  } catch (cause) {
    const { servers = '127.0.0.1:4222' } = options;
    const text = `cannot connect to the NATS server at ${addresses(servers)}: ${String(cause)}. Check that it runs there.`;
    throw new WorkerError('ERR_DRIVER_FAILED', text, { cause });
  }
}

async function load(): Promise<typeof Client> {
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

/** Without the passwords that an address may have. */
function addresses(servers: string | string[]): string {
  return [servers]
    .flat()
    .map((server) => server.replace(/\/\/[^/@]*@/, '//'))
    .join(', ');
}
