// Runs the conformance suite on workers that are served over a real NATS server.
import { after, before, describe, test } from 'node:test';

import { conformanceCases } from 'isolated-workers/conformance';
import { NatsDriver, serve, type Serving } from 'isolated-workers/drivers/nats';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { fixture } from '../fixtures/support.mjs';

describe('NatsDriver:', { concurrency: 2, skip: noBroker }, () => {
  let broker: Broker;
  let serving: Serving;
  let servers: string;
  before(async () => {
    broker = await Broker.start();
    servers = broker.url;
    serving = await serve({ script: fixture('nats/conformance.mjs'), name: 'conformance', servers, workers: 6 });
  });
  after(async () => {
    await serving.close();
    await broker.stop();
  });

  const late = {
    name: 'nats',
    capabilities: { reconnect: false, detach: false, sharedMemory: false },
    /** The broker's port is known when the tests run. */
    spawn: (script: string, options: object) =>
      new NatsDriver({ servers, waitForWorker: 10_000 }).spawn(script, options),
  } as const;
  for (const { name, run } of conformanceCases({ driver: late, script: 'conformance' })) test(name, run);
});
